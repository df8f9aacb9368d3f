"""What must give no record: shifted and misread columns, and tables that list no samples. All names are invented."""

from __future__ import annotations

import pytest

from crawler.samples.grid import Grid
from crawler.samples.tables import Reading, read_table


def table(*rows: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.split("|")] for row in rows]


HEADS, *ROWS = table(
    "序号 | 标称生产企业名称 | 标称生产企业地址 | 被抽样单位名称 | 被抽样单位地址 | 食品名称 | 规格型号 | 商标 | "
    "生产日期 | 不合格项目║检验结果║标准值 | 分类 | 检验机构",
    "1 | 云州市东河食品有限公司 | 云州市东河区新民路8号 | 云州市好又来超市 | 云州市南门街道广场路2号 | 五香豆干 | "
    "120g/袋 | 东河 | 2023-03-05 | 苯甲酸║0.31g/kg║≤0.2g/kg | 豆制品 | 云州市食品检验研究院",
    "2 | / | / | 云州市老陈菜摊 | 云州市南门市场A区3号 | 芹菜 | / | / | 2023-03-07 | 毒死蜱║0.9mg/kg║≤0.05mg/kg | "
    "食用农产品 | 云州市食品检验研究院",
)


def read(rows: list[list[str]], title: str = "不合格产品信息") -> Reading:
    return read_table(Grid(rows, (title,)))


def test_the_table_itself_is_read() -> None:
    assert len(read([HEADS, *ROWS]).samples) == 2


@pytest.mark.parametrize("place", range(11))
def test_cells_shifted_from_a_column_on_are_refused(place: int) -> None:
    right = [[*row[:place], "", *row[place:-1]] for row in ROWS]
    left = [[*row[:place], *row[place + 1 :], ""] for row in ROWS]
    for rows in (right, left):
        reading = read([HEADS, *rows])
        # What stands left of the gap is right where all that follows is blank or left out.
        assert not reading.samples, [sample.cells for sample in reading.samples]
        assert reading.refused["shifted"] == 2


def test_one_shifted_row_is_refused_and_the_others_stay() -> None:
    more = [[str(number), *ROWS[0][1:]] for number in range(3, 8)]
    reading = read([HEADS, *ROWS, ["8", "", *ROWS[0][1:-1]], *more])
    assert len(reading.samples) == 7
    assert reading.refused == {"shifted": 1}


def test_a_cell_that_does_not_fit_is_left_out_and_its_row_kept() -> None:
    row = [*ROWS[0]]
    row[7] = "云州市东河食品有限公司"
    reading = read([HEADS, row])
    assert reading.samples[0].brand is None
    assert reading.samples[0].product == "五香豆干"
    assert reading.refused == {"misfit_cell": 1}


def test_a_row_without_a_product_is_refused() -> None:
    row = [*ROWS[0]]
    row[5] = "/"
    assert read([HEADS, ROWS[1], row]).refused == {"no_product": 1}


PLAN = table(
    "序号 | 食品大类 | 食品亚类 | 食品品种 | 抽检项目 | 抽检批次",
    "1 | 粮食加工品 | 大米 | 大米 | 铅、镉、黄曲霉毒素B1 | 20",
    "2 | 肉制品 | 熟肉制品 | 酱卤肉 | 亚硝酸盐、菌落总数 | 35",
)
PLAN_BY_PLACE = table(
    "食品名称 | 检验项目 | 抽样地点 | 计划批次",
    "大米 | 铅、镉 | 超市、农贸市场 | 20",
    "猪肉 | 克伦特罗 | 农贸市场 | 15",
)
PLAN_WITH_LABORATORY = table(
    "序号 | 样品名称 | 检测项目 | 承检机构 | 抽样数量",
    "1 | 大米 | 镉 | 云州市检验中心 | 30",
    "2 | 茶叶 | 铅 | 云州市检验中心 | 20",
)
SUMMARY = table(
    "序号 | 食品类别 | 抽检批次 | 合格批次 | 不合格批次 | 合格率",
    "1 | 饮料 | 16 | 15 | 1 | 93.8%",
    "2 | 糕点 | 7 | 7 | 0 | 100%",
)
SUMMARY_BY_PRODUCT = table("食品名称 | 抽检批次 | 不合格批次", "大米 | 16 | 1", "面粉 | 7 | 0")
SHOPS = table(
    "序号 | 单位名称 | 地址 | 联系电话",
    "1 | 甲超市 | 云州市南门街道广场路2号 | 0570-1234567",
    "2 | 乙饭店 | 云州市北街3号 | /",
)
LICENCES = table(
    "序号 | 企业名称 | 产品名称 | 许可证编号 | 发证日期",
    "1 | 云州市东河食品有限公司 | 豆制品 | SC12345678901234 | 2023-01-02",
)
PRICES = table("品名 | 规格 | 产地 | 单价（元/斤）", "芹菜 | 一级 | 本地 | 3.5", "猪肉 | 后腿 | 云州 | 14.0")
PRICES_OF_MAKERS = table("产品名称 | 规格 | 生产厂家 | 零售价", "五香豆干 | 120g/袋 | 云州市东河食品有限公司 | 4.5")
PENALTIES = table("序号 | 当事人 | 案由 | 产品名称 | 处罚内容", "1 | 甲超市 | 经营标签不合规的食品 | 米粉 | 罚款5000元")
TIMETABLE = table("日期 | 内容 | 地点", "2023-03-05 | 食品安全宣传 | 人民广场")


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (PLAN, "2023年食品安全监督抽检计划"),
        (PLAN, "附件1"),
        (PLAN_BY_PLACE, "抽检任务分配表"),
        (PLAN_BY_PLACE, ""),
        (PLAN_WITH_LABORATORY, "抽检方案"),
        (PLAN_WITH_LABORATORY, "附件"),
        (SUMMARY, "监督抽检情况"),
        (SUMMARY_BY_PRODUCT, "监督抽检情况"),
        (SHOPS, "抽检单位名单"),
        (LICENCES, "获证企业"),
        (PRICES, "今日菜价"),
        (PRICES_OF_MAKERS, "价格监测"),
        (PENALTIES, "行政处罚"),
        (TIMETABLE, "活动安排"),
    ],
)
def test_a_table_that_lists_no_samples_gives_none(rows: list[list[str]], title: str) -> None:
    assert read(rows, title).samples == []


def test_tables_of_any_shape_raise_nothing() -> None:
    for rows in (
        [],
        [[]],
        [[""]],
        [["序号"]],
        [["序号", "食品名称"]],
        [["食品名称", "检验结果"], []],
        [["a"], ["b", "c"], []],
    ):
        assert read(rows).samples == []
