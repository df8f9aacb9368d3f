"""Authors by their labels, in the header, the tail and the first paragraph."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import CST

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)


def read(header: str = "", tail: str = "", opening: str = "") -> Byline:
    return read_byline(header, tail, now=NOW, opening=opening)


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
    ("opening", "author"),
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
def test_author_in_lead(opening: str, author: str | None) -> None:
    assert read("", "", opening).author == author


@pytest.mark.parametrize(
    ("opening", "author"),
    [
        # a caption or a summary may come before the credit
        ("据通报，此次抽检是近年规模最大的一次。\n东湖网·东湖晨报记者 李小亭\n随着气温上升，县里加强抽检。", "李小亭"),
        ("划重点：\n《风向标》作者 王小岚\n一位接近监管的人士表示，整顿还会继续。", "王小岚"),
        (
            "抽检增多。\n合格率上升。\n问题在流通。\n处罚加重。\n文 | 沈小鱼\n今年以来，抽检增多。",
            "沈小鱼",
        ),
        # a place behind the name
        ("（本报记者陆小川江州21日电）县里今天公布抽检结果。", "陆小川"),
        ("（东湖社记者高小宁台北21日电）卫生局公布抽检结果。", "高小宁"),
        ("（东湖社记者高宁东京9日综合外电报导）卫生局公布抽检结果。", "高宁"),
        ("【记者林小芸／台北报导】卫生局公布抽检结果。", "林小芸"),
        ("记者 陈小雨 杭州报道\n今年以来，全市抽检食品两万批次。", "陈小雨"),
        ("陈小雨 杭州报道\n今年以来，全市抽检食品两万批次。", "陈小雨"),
        ("■ 陈小雨 高小朋 广州报道\n今年以来，全市抽检食品两万批次。", "陈小雨 高小朋"),
        ("本报评论员 郑小波\n食品安全无小事。", "郑小波"),
        (
            "东湖观察网 记者 高小歌 今年以来，全市抽检食品两万批次，合格率上升，消费者满意度提高，监管将加强。",
            "高小歌",
        ),
        ("原创： 路小卓编译 江州研究院\n今年以来，抽检增多。", "路小卓"),
        # after 记者 a surname may be one that no list has
        ("东湖晨报记者 笃小行\n食品安全无小事。", "笃小行"),
        ("本报评论员\n食品安全无小事。", None),
        ("本报记者 报道\n食品安全无小事。", None),
        ("记者 观察\n食品安全无小事。", None),
        ("记者从县市场监管局获悉，抽检合格率上升。", None),
        ("图为抽检现场。 记者 王小二 摄\n今年以来，抽检增多。", None),
    ],
)
def test_author_in_the_first_lines(opening: str, author: str | None) -> None:
    assert read("", "", opening).author == author


@pytest.mark.parametrize("header", ["2024-03-02 文/素材 季度", "记者 季度", "文：单机版"])
def test_common_words_are_no_names(header: str) -> None:
    assert read(header).author is None


def test_author_order_header_then_tail_then_lead() -> None:
    tail, opening = "正文。（李小四）", "本报讯（记者 王小五）今日。"
    assert read("作者：张小三", tail, opening).author == "张小三"
    assert read("作者：某某新闻网", "正文。（记者 李小四）").author == "李小四"
    assert read("", tail, opening).author == "王小五"
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
