"""Tables of sampling results to records: every kind of table in two or three forms. All names are invented."""

from __future__ import annotations

from crawler.items import Sample
from crawler.samples.grid import Grid
from crawler.samples.tables import read_table

HEADS = (
    *(
        "序号",
        "标称生产企业名称",
        "标称生产企业地址",
        "被抽样单位名称",
        "被抽样单位地址",
        "食品名称",
        "规格型号",
        "商标",
    ),
    *("生产日期/批号", "不合格项目║检验结果║标准值", "分类", "检验机构", "备注"),
)
ROW = (
    *(
        "1",
        "云州市东河食品有限公司",
        "云州市东河区新民路8号",
        "云州市南门好又来超市",
        "云州市南门街道广场路2号",
        "五香豆干",
        "120g/袋",
    ),
    *("东河", "2023-03-05", "苯甲酸║0.31g/kg║≤0.2g/kg", "豆制品", "云州市食品检验研究院", "/"),
)


def read(*rows: str | tuple[str, ...], title: str = "不合格产品信息", **more: object) -> list[Sample]:
    cells = [row.split(" | ") if isinstance(row, str) else list(row) for row in rows]
    return read_table(Grid([[cell.strip() for cell in row] for row in cells], (title,), **more)).samples  # type: ignore[arg-type]


def items(sample: Sample) -> list[tuple[str, str | None, str | None]]:
    return [(item.name, item.result, item.limit) for item in sample.items]


def test_every_field_of_the_usual_table() -> None:
    (sample,) = read(HEADS, ROW)
    assert sample.product == "五香豆干"
    assert sample.brand == "东河"
    assert sample.specification == "120g/袋"
    assert sample.category == "豆制品"
    assert sample.producer == "云州市东河食品有限公司"
    assert sample.producer_address == "云州市东河区新民路8号"
    assert sample.sampled_unit == "云州市南门好又来超市"
    assert sample.sampled_address == "云州市南门街道广场路2号"
    assert sample.laboratory == "云州市食品检验研究院"
    assert (sample.date, sample.date_kind, sample.date_text) == ("2023-03-05", None, "2023-03-05")
    assert sample.verdict == "fail"
    assert sample.remarks is None
    (item,) = sample.items
    assert (item.name, item.result, item.value, item.unit) == ("苯甲酸", "0.31g/kg", 0.31, "g/kg")
    assert (item.limit, item.operator, item.limit_value) == ("≤0.2g/kg", "≤", 0.2)
    assert sample.row == 1
    assert sample.cells["生产日期/批号"] == "2023-03-05"


def test_items_packed_into_a_cell_in_every_writing() -> None:
    head = "食品名称 | 被抽样单位名称 | 生产日期 | 不合格项目║检验结果║标准值"
    for cell in (
        "铅║0.9mg/kg║≤0.5mg/kg",
        "铅‖0.9mg/kg‖≤0.5mg/kg",
        "铅||0.9mg/kg||≤0.5mg/kg",
        "铅\n║0.9mg/kg\n║≤0.5mg/kg",
        "不合格项目 铅║检验结果 0.9mg/kg║标准值 ≤0.5mg/kg",
        "不合格项目：铅║检验结果：0.9mg/kg║标准值：≤0.5mg/kg",
        "铅║≤0.5mg/kg║0.9mg/kg",
        "铅/0.9mg/kg/≤0.5mg/kg",
        "铅，检验结果为0.9mg/kg，标准值为≤0.5mg/kg",
    ):
        (sample,) = read(head, ("米粉", "甲超市", "2023-1-2", cell))
        assert items(sample) == [("铅", "0.9mg/kg", "≤0.5mg/kg")], cell


def test_several_items_in_a_cell_apart_by_a_line_break_a_semicolon_a_blank_or_nothing() -> None:
    head = "食品名称 | 被抽样单位名称 | 不合格项目║检验结果║标准值"
    for mark in ("\n", "；", "; ", " ", ""):
        cell = f"铅║0.9mg/kg║≤0.5mg/kg{mark}氯霉素║3.1μg/kg║不得检出{mark}霉菌║800CFU/g║≤150CFU/g"
        (sample,) = read(head, ("米粉", "甲超市", cell))
        assert items(sample) == [
            ("铅", "0.9mg/kg", "≤0.5mg/kg"),
            ("氯霉素", "3.1μg/kg", "不得检出"),
            ("霉菌", "800CFU/g", "≤150CFU/g"),
        ], mark


def test_the_order_of_parts_is_that_of_the_head() -> None:
    (sample,) = read(
        "食品名称 | 被抽样单位名称 | 不合格项目║标准值║检验结果", "白酒 | 乙商店 | 酒精度║40.0%vol║38.1%vol"
    )
    assert items(sample) == [("酒精度", "38.1%vol", "40.0%vol")]


def test_the_results_of_five_parts_of_a_sample_are_one_result() -> None:
    cell = "菌落总数║①<10CFU/g,\n②20CFU/g,③5CFU/g,\n④10CFU/g,\n⑤1.5×10²CFU/g║n=5,\nc=2,m=10CFU/g,\nM=10²CFU/g"
    (sample,) = read("食品名称 | 被抽样单位名称 | 不合格项目\n检验结果\n标准值", ("锅巴", "甲超市", cell))
    (item,) = sample.items
    assert item.result == "①<10CFU/g,②20CFU/g,③5CFU/g,④10CFU/g,⑤1.5×10²CFU/g"
    assert item.limit == "n=5,c=2,m=10CFU/g,M=10²CFU/g"
    assert (item.value, item.operator, item.limit_value) == (None, None, None)


def test_names_in_one_column_results_and_limits_in_others() -> None:
    (one, two) = read(
        "序号 | 样品名称 | 受检单位 | 不合格项目 | 检测值(mg/kg) | 标准限量",
        ("1", "芹菜", "丙菜摊", "毒死蜱", "0.9", "≤0.05"),
        ("2", "韭菜", "丁菜摊", "毒死蜱、腐霉利", "0.4、1.1", "≤0.02、≤0.2"),
    )
    assert items(one) == [("毒死蜱", "0.9", "≤0.05")]
    assert (one.items[0].value, one.items[0].unit) == (0.9, "mg/kg")
    assert items(two) == [("毒死蜱", "0.4", "≤0.02"), ("腐霉利", "1.1", "≤0.2")]


def test_result_and_limit_in_one_column_beside_the_names() -> None:
    (sample,) = read(
        "样品名称 | 被抽检单位 | 不合格项目 | 检验结果/标准值", "芹菜 | 丙菜摊 | 毒死蜱 | 0.9mg/kg/≤0.05mg/kg"
    )
    assert items(sample) == [("毒死蜱", "0.9mg/kg", "≤0.05mg/kg")]


def test_other_numbers_of_results_than_of_names_are_left_out() -> None:
    reading = read_table(
        Grid(
            [
                ["样品名称", "被抽样单位", "不合格项目", "检验结果"],
                ["韭菜", "丁菜摊", "毒死蜱、腐霉利、敌敌畏", "0.4、1.1"],
            ]
        )
    )
    assert items(reading.samples[0]) == [("毒死蜱", None, None), ("腐霉利", None, None), ("敌敌畏", None, None)]
    assert reading.refused == {"unclear_items": 1}


def test_items_numbered_across_columns() -> None:
    (sample,) = read(
        "序号 | 食品名称 | 被抽样单位名称 | 项目1 | 结果1 | 标准1 | 项目2 | 结果2 | 标准2",
        "1 | 腐竹 | 甲超市 | 铅 | 0.9mg/kg | ≤0.5mg/kg | 硼砂 | 3mg/kg | 不得检出",
    )
    assert items(sample) == [("铅", "0.9mg/kg", "≤0.5mg/kg"), ("硼砂", "3mg/kg", "不得检出")]


def test_a_column_for_each_analyte() -> None:
    first, second = read(
        "序号 | 样品名称 | 被抽样单位 | 抽样日期 | 甲胺磷 | 氧乐果(mg/kg) | 铅，mg/kg | 判定",
        "1 | 白菜 | 河东市场 | 2022-5-6 | 未检出 | 0.08 | 0.02 | 不合格",
        "2 | 萝卜 | 河东市场 | 2022-5-6 | 未检出 | 未检出 | / | 合格",
        title="蔬菜农药残留检测结果",
    )
    assert items(first) == [("甲胺磷", "未检出", None), ("氧乐果", "0.08", None), ("铅", "0.02", None)]
    assert [(item.value, item.unit) for item in first.items] == [(None, None), (0.08, "mg/kg"), (0.02, "mg/kg")]
    assert (first.verdict, first.date) == ("fail", None)
    assert items(second) == [("甲胺磷", "未检出", None), ("氧乐果", "未检出", None)]
    assert second.verdict == "pass"


def test_a_head_of_two_rows_with_merged_cells() -> None:
    group = "检测结果（mg/kg）"
    (sample,) = read(
        ("序号", "样品名称", "被抽样单位", "被抽样单位", group, group, "结论"),
        ("序号", "样品名称", "名称", "地址", "甲胺磷", "氧乐果", "结论"),
        ("1", "白菜", "河东市场", "云州市河东街道东街1号", "0.3", "未检出", "不合格"),
    )
    assert (sample.sampled_unit, sample.sampled_address) == ("河东市场", "云州市河东街道东街1号")
    assert items(sample) == [("甲胺磷", "0.3", None), ("氧乐果", "未检出", None)]
    assert sample.items[0].unit == "mg/kg"


def test_a_head_of_two_rows_whose_merged_cells_are_blank_as_in_a_sheet() -> None:
    (sample,) = read(
        ("序号", "食品名称", "被抽样单位", "", "不合格信息", "", ""),
        ("", "", "名称", "地址", "不合格项目", "检验结果", "标准值"),
        ("1", "米粉", "甲超市", "云州市河东街道东街1号", "铅", "0.9mg/kg", "≤0.5mg/kg"),
    )
    assert (sample.sampled_unit, sample.sampled_address) == ("甲超市", "云州市河东街道东街1号")
    assert items(sample) == [("铅", "0.9mg/kg", "≤0.5mg/kg")]


def test_heads_in_the_first_column_of_one_sample() -> None:
    (sample,) = read(
        "食品名称 | 米粉",
        "被抽样单位名称 | 甲超市",
        "标称生产企业名称 | 云州市东河食品有限公司",
        "生产日期 | 2023-01-02",
        "不合格项目 | 铅",
        "检验结果 | 0.9mg/kg",
    )
    assert (sample.product, sample.producer, sample.date) == ("米粉", "云州市东河食品有限公司", "2023-01-02")
    assert items(sample) == [("铅", "0.9mg/kg", None)]


def test_heads_repeated_on_every_page_are_no_rows() -> None:
    second = ("2", *ROW[1:5], "香干", *ROW[6:])
    assert [sample.product for sample in read(HEADS, ROW, HEADS, second)] == ["五香豆干", "香干"]


def test_a_row_that_only_adds_items_belongs_to_the_sample_above() -> None:
    blank = ("",) * 9 + ("铅║0.9mg/kg║≤0.5mg/kg", "", "", "")
    merged = (*ROW[:9], "铅║0.9mg/kg║≤0.5mg/kg", *ROW[10:])
    for rest in (blank, merged):
        (sample,) = read(HEADS, ROW, rest)
        assert items(sample) == [("苯甲酸", "0.31g/kg", "≤0.2g/kg"), ("铅", "0.9mg/kg", "≤0.5mg/kg")]


def test_two_batches_of_one_product_stay_two_samples() -> None:
    assert len(read(HEADS, ROW, ("2", *ROW[1:8], "2023-03-06", *ROW[9:]))) == 2
    assert len(read(HEADS, ROW, ("2", *ROW[1:]))) == 2


def test_ditto_marks_take_what_stands_above() -> None:
    for mark in ("同上", "〃", '"', "″"):
        second = ("2", mark, mark, mark, mark, "香干", "90g/袋", mark, "2023-03-09", mark, mark, mark, "/")
        third = (
            "3",
            mark,
            mark,
            "河西超市",
            "云州市河西街道西街5号",
            "素鸡",
            mark,
            mark,
            mark,
            "铅║0.9mg/kg║≤0.5mg/kg",
            mark,
            mark,
            mark,
        )
        _, two, three = read(HEADS, ROW, second, third)
        assert (two.producer, two.sampled_unit, two.laboratory) == (ROW[1], ROW[3], ROW[11])
        assert items(two) == [("苯甲酸", "0.31g/kg", "≤0.2g/kg")]
        assert (three.producer, three.sampled_unit, three.specification, three.date) == (
            ROW[1],
            "河西超市",
            "90g/袋",
            "2023-03-09",
        )
        assert three.remarks is None


def test_pass_and_fail_in_one_table_by_a_column() -> None:
    for head, good, bad in (
        ("检验结论", "合格", "不合格"),
        ("判定结果", "符合", "不符合"),
        ("检验结果", "合格样品", "不合格样品"),
        ("是否合格", "所检项目合格", "不合格"),
    ):
        first, second = read(
            f"序号 | 食品名称 | 被抽样单位名称 | {head} | 不合格项目",
            f"1 | 米粉 | 甲超市 | {good} | /",
            f"2 | 面条 | 乙超市 | {bad} | 铅",
            title="抽检结果",
        )
        assert (first.verdict, first.items) == ("pass", [])
        assert (second.verdict, items(second)) == ("fail", [("铅", None, None)])


def test_pass_and_fail_in_one_sheet_under_headings_of_their_own() -> None:
    passing = ("序号", "食品名称", "被抽样单位名称", "生产日期", "")
    failing = ("序号", "食品名称", "被抽样单位名称", "生产日期", "不合格项目")
    samples = read(
        ("监督抽检不合格产品信息", "", "", "", ""),
        failing,
        ("1", "米粉", "甲超市", "2023-1-2", "铅"),
        ("监督抽检合格产品信息", "", "", "", ""),
        passing,
        ("1", "面条", "乙超市", "2023-1-3", ""),
        ("2", "挂面", "乙超市", "2023-1-4", ""),
        title="抽检结果",
    )
    assert [(sample.product, sample.verdict) for sample in samples] == [
        ("米粉", "fail"),
        ("面条", "pass"),
        ("挂面", "pass"),
    ]


def test_sections_within_a_table() -> None:
    samples = read(
        "序号 | 食品名称 | 被抽样单位名称 | 生产日期",
        ("一、不合格样品",) * 4,
        "1 | 米粉 | 甲超市 | 2023-1-2",
        ("二、合格样品",) * 4,
        "2 | 面条 | 乙超市 | 2023-1-3",
        title="抽检情况",
    )
    assert [sample.verdict for sample in samples] == ["fail", "pass"]


def test_nothing_says_whether_a_sample_passed() -> None:
    (sample,) = read(
        "序号 | 食品名称 | 被抽样单位名称 | 生产日期", "1 | 米粉 | 甲超市 | 2023-1-2", title="合格及不合格产品"
    )
    assert sample.verdict is None


def test_days_in_every_writing_and_what_is_said_of_them() -> None:
    for text, day, kind in (
        ("2023-03-05", "2023-03-05", None),
        ("2023/3/5", "2023-03-05", None),
        ("2023.03.05", "2023-03-05", None),
        ("2023年3月5日", "2023-03-05", None),
        ("20230305", "2023-03-05", None),
        ("2023-03-05/20230305A", "2023-03-05", None),
        ("2023-03-05 00:00:00", "2023-03-05", None),
        ("2023-03-05(购进日期)", "2023-03-05", "purchased"),
        ("购进日期：2023-03-05", "2023-03-05", "purchased"),
        ("2023-03-05（加工日期）", "2023-03-05", "processed"),
        ("2023-03-05生产", "2023-03-05", "produced"),
        ("购进日期:2023-03-09 生产日期:2023-03-05", "2023-03-05", "purchased"),
        ("2023-03-05至2023-03-09", None, None),
        ("2023年3月", None, None),
        ("2023-02-30", None, None),
        ("见包装", None, None),
        ("/", None, None),
    ):
        (sample,) = read("食品名称 | 被抽样单位名称 | 生产日期 | 不合格项目", ("米粉", "甲超市", text, "铅"))
        assert sample.date == day, text
        if day is None or "生产日期" not in text:
            assert sample.date_kind == kind, text


def test_heads_in_other_words() -> None:
    for head, field in (
        ("受检单位名称", "sampled_unit"),
        ("被抽检人（单位）", "sampled_unit"),
        ("抽样地点", "sampled_unit"),
        ("销售单位", "sampled_unit"),
        ("标示生产者", "producer"),
        ("生产厂家", "producer"),
        ("供货商名称", "producer"),
    ):
        (sample,) = read(f"样品名称 | {head} | 不合格项目", "米粉 | 云州市东河商行 | 铅")
        assert getattr(sample, field) == "云州市东河商行", head


def test_who_drew_the_sample_is_not_who_was_sampled() -> None:
    (sample,) = read("样品名称 | 抽样单位 | 被抽样单位 | 不合格项目", "米粉 | 云州市市场监督管理局 | 甲超市 | 铅")
    assert sample.sampled_unit == "甲超市"


def test_an_online_shop_and_its_platform() -> None:
    (sample,) = read("食品名称 | 网络店铺名称 | 网络平台名称 | 不合格项目", "米粉 | 甲的小店 | 某某商城 | 铅")
    assert (sample.shop, sample.platform) == ("甲的小店", "某某商城")


def test_a_line_break_in_a_pdf_is_a_wrap() -> None:
    (sample,) = read(
        ("食品\n名称", "被抽样单\n位名称", "生产日\n期", "不合格项\n目", "检验结果"),
        ("米\n粉", "甲超\n市", "2017/11/1\n5", "二氧化硫残\n留量", "0.4g/k\ng"),
        wrapped=True,
    )
    assert (sample.product, sample.sampled_unit, sample.date) == ("米粉", "甲超市", "2017-11-15")
    assert items(sample) == [("二氧化硫残留量", "0.4g/kg", None)]


def test_a_row_cut_by_the_end_of_a_page_is_one_row() -> None:
    start = (*ROW[:3], "云州市南门", *ROW[4:9], "苯甲酸║0.31", *ROW[10:])
    rest = ("", "", "", "好又来超市", "", "", "", "", "", "g/kg║≤0.2g/kg", "", "", "")
    (sample,) = read(HEADS, start, HEADS, rest, wrapped=True, page_starts=frozenset([3]))
    assert sample.sampled_unit == "云州市南门好又来超市"
    assert items(sample) == [("苯甲酸", "0.31g/kg", "≤0.2g/kg")]


def test_totals_and_notes_are_no_samples() -> None:
    samples = read(HEADS, ROW, ("合计", *("",) * 12), ("注：排名不分先后", *("",) * 12), ("合计", "1", *("",) * 11))
    assert len(samples) == 1
