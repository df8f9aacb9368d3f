"""Bylines: date, source, author and editor by label. Names and texts are invented; markup debris is real."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import CST, label_rank
from crawler.parsing.people import is_person, is_unit

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)


def read(header: str = "", tail: str = "", opening: str = "") -> Byline:
    return read_byline(header, tail, now=NOW, opening=opening)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CST)


@pytest.mark.parametrize(
    "header",
    [
        "2019-07-05 08:29来源:青田县政府 编辑:李玉堂",
        "2019-07-05 08:29来源:青田县政府编辑:李玉堂",
        "2019-07-05 08:29來源:青田县政府 編輯:李玉堂",
        "2019-07-05 08:29 来源：青田县政府　　编辑：李玉堂　　点击：12",
        "编辑：李玉堂 | 来源：青田县政府 | 2019年7月5日 08时29分",
        "发布时间：2019-07-05 08:29\n来源：青田县政府\n编辑：（李玉堂）\n字体：[大 中 小]",
        "时间 : 2019-07-05 08:29:00 来 源 : 青田县政府【责任编辑：李玉堂】【打印】",
    ],
)
def test_glued_and_spaced_headers_split_alike(header: str) -> None:
    found = read(header)
    assert found.published is not None
    assert (found.published.value, found.published.precision) == (at("2019-07-05 08:29"), "minute")
    assert (found.source, found.editor, found.author) == ("青田县政府", "李玉堂", None)


def test_traditional_header() -> None:
    found = read("2019-07-05 08:29來源:青田縣政府 編輯:李玉堂")
    assert (found.source, found.editor) == ("青田縣政府", "李玉堂")


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("信息来源：县农业农村局", "县农业农村局"),
        ("文章来源：县市场监管局 浏览次数：", "县市场监管局"),
        ("稿件来源： 某某日报 ", "某某日报"),
        ("新闻来源:县融媒体中心|作者：", "县融媒体中心"),
        ("来　源：某某日报·新客户端 责任编辑：甲", "某某日报·新客户端"),
        ("稿源：某某晚报", "某某晚报"),
        ("出处：某某周刊", "某某周刊"),
        ("转自：某某新闻网", "某某新闻网"),
        ("摘自：某某杂志", "某某杂志"),
        ("来自：某某客户端", "某某客户端"),
        ("本文来源于某某统计局　2024-05-11 09:36:26", "某某统计局"),
        ("发表于2014-08-24 21:30| 1164次阅读| 来源CSDN| 0 条评论", "CSDN"),
        ("来源：[ 某某网 ] 页面功能", "某某网"),
        ("来源：新华社 某某新闻网", "新华社"),
        ("来源：县委办 县政府", "县委办 县政府"),
        ("来源：China Daily", "China Daily"),
        ("信息来源：某市文化和旅游局（原市文广新局） 浏览次数：3", "某市文化和旅游局（原市文广新局）"),
        ("来源：\n县商务局\n字号", "县商务局"),
        ("2023-05-11 来源：县卫健局 2 次", "县卫健局"),
        ("信息来源：某某日报\n信息来源：某市政府门户网站", "某某日报"),
        ("来源：某某网-某某青年报 北京 举报", "某某网-某某青年报"),
        ("来源：《某某法治报》 作者：", "《某某法治报》"),
        ("来源：新华网发布时间：2024-01-02", "新华网"),
        ("发布机构：县统计局 成文日期：2023-05-11", "县统计局"),
        ("来源：本网", "本网"),
        ("来源：某县发布 发布时间：2024-01-02", "某县发布"),
        ("来源：某县发布发布时间：2024-01-02", "某县发布"),
        ("来源：某某手机报 手机版", "某某手机报"),
        ("来源丨某县发布  编辑丨陈小美", "某县发布"),
        ("来源：某某评论 评论：0", "某某评论"),
        ("Source: Xinhua 2024-03-02 10:11 Editor: huaxia", "Xinhua"),
        ("来源：某某日报 记者 蓝小俊", "某某日报"),
        ("2024-05-13 13:48 某某日报", "某某日报"),
        ("某某新闻网 2024-05-13 13:48", "某某新闻网"),
        ("某某晚报\n2024-05-13 13:48\n分享", "某某晚报"),
        # none, or no name
        ("来源： 访问量：12", None),
        ("来源：\n访问量：12", None),
        ("来源： 作者：甲小乙", None),
        ("来源：转载", None),
        ("资料来源：统计年鉴", None),
        ("图片来源：某某图库", None),
        ("2024-05-13 13:48 分享到", None),
        ("2024-01-25 18:03:35 来自某某自治区", None),
        ("", None),
    ],
)
def test_source(header: str, source: str | None) -> None:
    found = read(header)
    assert found.source == source
    assert ("source" in found.found_by) == (source is not None)


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("来源：溪口县卫生健康局 溪口县疾控中心 2024-01-02", "溪口县卫生健康局 溪口县疾控中心"),
        ("来源：溪口大学 溪口医院 浏览：3", "溪口大学 溪口医院"),
        ("来源：某某社 溪口县人民政府网", "某某社"),
        # a label is not a value
        ("来源：初审：张小三 复审：李小四", None),
        ("来源：\n初审：张小三", None),
        # the city of an edition
        ("来源：东湖晨报（武汉）", "东湖晨报"),
        ("来源：新东报(北京)", "新东报"),
        ("来源：溪口县文化和旅游局（体育局）", "溪口县文化和旅游局（体育局）"),
        # a placeholder stands only if no office is named
        ("来源：本网 发文机关：溪口县粮食局", "溪口县粮食局"),
        ("发布机关：溪口县粮食局\n来源：本站", "溪口县粮食局"),
        ("来源：网络\n发布机构：溪口县粮食局", "溪口县粮食局"),
        ("来源：本站 2024-01-02", "本站"),
    ],
)
def test_source_by_kind(header: str, source: str | None) -> None:
    assert read(header).source == source


def test_source_in_the_tail_only_where_the_header_has_none() -> None:
    tail = "正文最后一段。\n来源：某某新闻网\n责任编辑：周小舟"
    assert read("2024-01-02", tail).source == "某某新闻网"
    assert read("来源：县政府办", tail).source == "县政府办"
    assert read("", "据介绍，该县收入来源：茶叶和毛竹。").source is None
    assert read("", "（资料来源：某某年鉴）").source is None
    assert read("某某日报\n2024-01-02", "（来源：综合某某社、某某网）").source == "某某日报"


def test_cut_source_is_flagged() -> None:
    found = read("来源： 综合自某某媒体... 发布时间：2024-01-02")
    assert (found.source, found.source_cut) == ("综合自某某媒体", True)
    assert read("来源：县政府办").source_cut is False


@pytest.mark.parametrize(
    ("text", "editor"),
    [
        ("责任编辑：周小舟", "周小舟"),
        ("编辑：倪大舟  责任编辑：杨小格", "杨小格"),
        ("责任编辑：杨小格  编辑：倪大舟", "杨小格"),
        ("[ 责编：孙小鹤 ]", "孙小鹤"),
        ("(责编：萧小潇、张妍)", "萧小潇、张妍"),
        ("【责任编辑:常小宁】", "常小宁"),
        ("【编辑：姚昊天】", "姚昊天"),
        ("（某某网编辑 孙桂花）", "孙桂花"),
        ("编辑：熊 武", "熊武"),
        ("责任编辑：王乐天 方 敏", "王乐天、方敏"),
        ("值班编辑：吴小敏", "吴小敏"),
        ("编辑/倪家安\n责任编辑：李小曦_NN0001", "李小曦"),
        ("[责任编辑：杜小智 PX001]", "杜小智"),
        ("责任编辑：欧阳小予", "欧阳小予"),
        ("责任编辑：买买提·艾力", "买买提·艾力"),
        ("责任编辑：县融媒体中心", "县融媒体中心"),
        ("责编：Demi Xia", "Demi Xia"),
        ("责 任 编 辑：周小舟", "周小舟"),
        ("責任編輯：周小舟", "周小舟"),
        ("编辑：周小舟 审核：吴大山 校对：郑一川", "周小舟"),
        ("编辑：周小舟审核：吴大山", "周小舟"),
        ("责任编辑：\n周小舟\n打印", "周小舟"),
        # none
        ("责任编辑：", None),
        ("责任编辑： 审核：吴大山", None),
        ("责任编辑：\n某地警方：发布情况通报", None),
        ("总编辑：吴大山", None),
        ("主编：吴大山", None),
        ("图片编辑：吴大山", None),
        ("编辑部地址：人民路1号", None),
        ("编审：吴大山", None),
    ],
)
def test_editor(text: str, editor: str | None) -> None:
    assert read(text).editor == editor
    assert read("2024-01-02", f"最后一段正文。\n{text}").editor == editor


@pytest.mark.parametrize(
    ("header", "moment", "label", "rank"),
    [
        ("更新时间：2020-01-02 发布时间：2019-07-05 08:29", "2019-07-05 08:29", "发布时间", 0),
        ("2019-07-05 更新时间：2020-01-02", "2019-07-05", "", 1),
        ("更新时间：2020-01-02", "2020-01-02", "更新时间", 2),
        ("成文日期：2019-07-01 发布日期：2019-07-05", "2019-07-05", "发布日期", 0),
        ("成文日期：2019-07-01", "2019-07-01", "成文日期", 3),
        ("开始时间：\n2024-05-08\n结束时间：\n2024-05-10\n", "2024-05-08", "开始时间", 3),
        ("2019-07-05\n来源：县政府\n2019-07-05 08:29", "2019-07-05 08:29", "", 1),
        ("今天是2026年11月23日 星期一\n2019-07-05", "2019-07-05", "", 1),
        ("今天：2026年11月23日\n时间：2019-07-05", "2019-07-05", "时间", 0),
        ("发布时间：3小时前", "2026-11-23 09:00", "", 1),
        ("发布时间：2029-01-01 更新时间：2020-01-02", "2020-01-02", "更新时间", 2),
    ],
)
def test_published(header: str, moment: str, label: str, rank: int) -> None:
    found = read(header)
    assert found.published is not None
    assert found.published.value == at(moment)
    assert found.found_by["published"] == label
    assert label_rank(label or None) == rank


def test_published_in_the_tail_needs_a_label() -> None:
    assert read("", "2019-07-01我县召开会议。\n发布日期：2019-07-05").published is not None
    assert read("", "县农业农村局\n2019年7月5日").published is None
    assert read("", "正文。\n2022.01.20 16:31 来源：某某客户端").published is not None


def test_found_by_names_the_labels() -> None:
    found = read("发布时间：2019-07-05 信息来源：县政府办 责任编辑：周小舟", "正文。（潘小媛）")
    assert found.found_by == {"published": "发布时间", "source": "信息来源", "editor": "责任编辑", "author": "()"}


def test_names_keep_their_spelling() -> None:
    found = read("來源：後來新聞網 作者：李時雨", "正文。\n责任编辑：来一零")
    assert (found.source, found.author, found.editor) == ("後來新聞網", "李時雨", "来一零")


def test_nothing_found_is_none() -> None:
    assert read("", "") == Byline()


@pytest.mark.parametrize(
    "name", ["潘媛", "李玉堂", "欧阳予慧", "木胜玉", "亓小明", "格桑边觉", "买买提·艾力", "覃小禤"]
)
def test_person(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize(
    "text",
    ["办公室", "县委办", "农业局", "某某日报", "记者", "金华", "项目", "X", "", "一二三四五", "李玉堂的", "党支部"],
)
def test_no_person(text: str) -> None:
    assert not is_person(text)


def test_unit() -> None:
    assert is_unit("县融媒体中心")
    assert not is_unit("潘小媛")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["来源：", "编辑", "作者：", "（", "）", "记者", " ", "\n", "张三", "文/图", "2019-07-05", "|", "…", "x"]
        ),
        max_size=20,
    ).map("".join)
    | st.text()
)
def test_any_text_gives_a_byline(text: str) -> None:
    found = read(text, text, text)
    for value in (found.source, found.author, found.editor):
        assert value is None or value.strip() == value != ""


@pytest.mark.parametrize(
    "unit", ["来源：", "编辑：", "作者：", "（", "（记者", " ", "\n", "张", "张三 ", "文/", "2019-07-05 ", "来源"]
)
def test_of_a_megabyte_of_labels_no_more_than_a_line_is_read(unit: str) -> None:
    text = unit * (300_000 // len(unit.encode()))
    found = read(text, text, text)
    assert len(found.source or "") <= 80
    assert found.editor is None
