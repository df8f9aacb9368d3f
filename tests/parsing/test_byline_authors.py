"""Authors by their labels, in the header, the tail and the first paragraph."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import CST

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)


def read(header: str = "", tail: str = "", lead: str = "") -> Byline:
    return read_byline(header, tail, now=NOW, lead=lead)


@pytest.mark.parametrize(
    ("header", "author"),
    [
        ("作者：郭小弘 我来说两句(0)", "郭小弘"),
        ("2024-06-12 08:47　来源：洛平日报　作者：秦望舒　字体：【大 中 小】", "秦望舒"),
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
    "role",
    [
        *("特约记者", "特邀评论员", "见习记者", "实习记者", "首席记者", "记者", "通讯员", "评论员", "观察员", "研究员"),
        *(
            "撰稿",
            "作者",
            "撰文",
            "供稿",
            "执笔",
            "采写",
            "实习生",
            "图文",
            "文图",
            "文/图",
            "图/文",
            "文并图",
            "摄影报道",
        ),
    ],
)
def test_every_role_names_a_writer(role: str) -> None:
    assert read(tail=f"县里开展检查。（{role} 王小明）").author == "王小明"
