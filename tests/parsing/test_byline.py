"""Bylines: date, source, author and editor by label. Names and texts are invented; markup debris is real."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import CST, label_rank
from crawler.parsing.person_names import is_person, is_unit

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)


def read(header: str = "", tail: str = "", lead: str = "") -> Byline:
    return read_byline(header, tail, now=NOW, lead=lead)


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
    assert (found.published.moment, found.published.precision) == (at("2019-07-05 08:29"), "minute")
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
    ("header", "author"),
    [
        ("作者：郭小弘 我来说两句(0)", "郭小弘"),
        ("发布日期：2025-04-30 作者：马小琳 李小亭 来源：某处", "马小琳 李小亭"),
        ("作者：马小琳、李小亭", "马小琳 李小亭"),
        ("作　者：马小琳", "马小琳"),
        ("本报记者 王乐天 方 敏\n2024年05月10日06:58 | 来源：某某日报", "王乐天 方敏"),
        ("来源：某某网 记者：木小玉", "木小玉"),
        ("来源：某某网 | 作者魏小星", "魏小星"),
        ("记者 马小琳 通讯员 李小亭", "马小琳 李小亭"),
        ("作者：John Smith", "John Smith"),
        ("作者：叨叨姐", "叨叨姐"),
        ("作者：记者 叶小军 通讯员 王小玲 浏览次数：3", "叶小军 王小玲"),
        ("记者：蓝小俊 通讯员：雷小梅 编辑：项小燕", "蓝小俊 雷小梅"),
        ("文/张小三 图/李小四", "张小三"),
        ("文 | 张小三", "张小三"),
        ("撰稿：张小三 审核：李小四", "张小三"),
        # a unit stands in only where nobody else is named
        ("作者：县党史研究室", "县党史研究室"),
        ("作者：", None),
        ("作者： 来源：某某网", None),
        ("作者：佚名", None),
        ("作者：系统管理员", None),
        ("发布者：张小三", None),
        ("发布人：张小三 审核：李小四 校对：王小五", None),
        ("供稿：县农业农村局", None),
        ("编辑：张小三", None),
    ],
)
def test_author_in_header(header: str, author: str | None) -> None:
    assert read(header).author == author


@pytest.mark.parametrize(
    ("tail", "author"),
    [
        ("全县粮食喜获丰收。（潘小媛）", "潘小媛"),
        ("全县粮食喜获丰收。\n（潘媛）\n责任编辑：周小舟", "潘媛"),
        ("大家过了一个节。（常小香 马小阳 ）", "常小香 马小阳"),
        ("大家过了一个节。（李小晟\u2002韦小鑫）", "李小晟 韦小鑫"),
        ("正文。（记者 胡小蓉）", "胡小蓉"),
        ("正文。（记者：魏小伟）", "魏小伟"),
        ("正文。（记者胡小蓉）", "胡小蓉"),
        ("正文。（总台央视记者 奚小霓 张小赛）", "奚小霓 张小赛"),
        ("正文。（记者 张小三 通讯员 李小四）", "张小三 李小四"),
        ("正文。（全媒体记者 张小三 文/图）", "张小三"),
        ("正文。（记者 张小三 文 李小四 图）", "张小三"),
        ("正文。（特约通讯员：林小勇）", "林小勇"),
        ("正文。（作者：林小勇）", "林小勇"),
        ("正文。(图书馆 魏小禹）", "魏小禹"),
        ("正文。\n□ 本报记者 张小三", "张小三"),
        ("正文。\n记者 刘小涛\n最新动态", "刘小涛"),
        ("正文。\n某某晚报记者 张小楠", "张小楠"),
        ("正文。\n采写：某某报见习记者 林小沛", "林小沛"),
        ("正文。\n供稿：张小三", "张小三"),
        ("正文。\n文/张小三", "张小三"),
        ("正文。\n张小三/文 李小四/图", "张小三"),
        ("正文。\n作者： 记者王小照 编辑： 王小军", "王小照"),
        ("正文。\n[作者: 刘小仓 　责任编辑: 杨小宇 ]", "刘小仓"),
        ("正文。（买买提·艾力）", "买买提·艾力"),
        ("正文。（欧阳小予）", "欧阳小予"),
        ("正文。\n采写：某某报记者 余小菁 向小妮\n作者：余小菁 向小妮返回首页", "余小菁 向小妮"),
        ("正文。\n文字丨张小三\n图片丨李小四\n编辑丨王小五", "张小三"),
        ("正文。\n记者：张小三\n通讯员：李小四\n编辑：王小五", "张小三 李小四"),
        ("正文。（张小三 李小四 文/图）", "张小三 李小四"),
        ("正文。\n【记者】张小三\n【通讯员】王小五", "张小三 王小五"),
        # not people, or not the author
        ("正文。\n编辑：（胡小山）", None),
        ("正文。（办公室）", None),
        ("正文。（县农业农村局）", None),
        ("正文。（县委办）", None),
        ("正文。（完）", None),
        ("正文。（金华）", None),
        ("正文。（组图）", None),
        ("游客在拍照。通讯员刘小娟 摄", None),
        ("游客在拍照。（记者 刘小娟 摄）", None),
        ("记者从县农业农村局获悉，今年早稻丰收。", None),
        ("本文仅代表作者本人观点。", None),
        ("审核：张小三 校对：李小四", None),
        ("展开全文\n举报文章问题", None),
        ("摄影/张小艳 编辑/苏小芳", None),
    ],
)
def test_author_in_tail(tail: str, author: str | None) -> None:
    assert read("2024-01-02 来源：县政府办", tail).author == author


@pytest.mark.parametrize(
    ("lead", "author"),
    [
        ("某地5月12日电（记者戴小河、印小朋）由我国自主设计建造的设备投产。", "戴小河 印小朋"),
        ("某地5月19日电（刘小艺、杨小吉）专家介绍。", "刘小艺 杨小吉"),
        ("本报讯（记者 裴小飞）今日有网友反映。", "裴小飞"),
        ("某网10月4日讯（记者陈小智 整合） 假期过半。", "陈小智"),
        ("见习记者 王小凡\n以高质量发展为主题。", "王小凡"),
        ("执笔/叨叨姐、胡一刀", "叨叨姐 胡一刀"),
        ("某地5月12日电（完）由我国设计。", None),
        ("记者近日从某县获悉。", None),
    ],
)
def test_author_in_lead(lead: str, author: str | None) -> None:
    assert read("", "", lead).author == author


def test_author_order_header_then_tail_then_lead() -> None:
    tail, lead = "正文。（李小四）", "本报讯（记者 王小五）今日。"
    assert read("作者：张小三", tail, lead).author == "张小三"
    assert read("作者：某某新闻网", "正文。（记者 李小四）").author == "李小四"
    assert read("", tail, lead).author == "王小五"
    assert read("", tail).author == "李小四"


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
    assert found.published.moment == at(moment)
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
def test_a_megabyte_takes_less_than_a_second(unit: str) -> None:
    text = unit * (300_000 // len(unit.encode()))
    started = time.process_time()
    read(text, text, text)
    assert time.process_time() - started < 1
