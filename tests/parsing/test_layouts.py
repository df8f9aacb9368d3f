"""Headers and tails as county sites and newsrooms print them, around one invented article: nothing of them is text,
and each name ends up in its own field."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.items import Article
from crawler.parsing.article import extract
from crawler.parsing.dates import CST
from crawler.parsing.page import Page

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
TITLE = "溪口县市场监管局开展校园食品安全专项检查"
TEXT = [
    "为加强校园及周边食品安全监管，连日来，溪口县市场监督管理局对全县学校食堂开展专项检查。",
    "检查中，执法人员重点查看了食品经营许可证、从业人员健康证明和进货查验记录，并抽样检验。",
    "针对发现的问题，执法人员当场下达责令整改通知书，对不合格产品依法召回，追究法律责任。",
    "下一步，该局将畅通举报电话12315，鼓励群众参与监督，切实守护师生舌尖上的安全。",
]
MINUTE = datetime(2020, 5, 6, 16, 8, tzinfo=CST)
DAY = datetime(2020, 5, 6, tzinfo=CST)
HEADER = "2020-05-06 16:08 来源：溪口日报"
MENU = "<ul><li><a href='/'>首页</a></li><li><a href='/n/'>新闻中心</a></li></ul>"
FOOT = "<div><p>主办：溪口县人民政府办公室</p><p>网站标识码：0000000001</p></div>"


def read(header: str, tail: str = "", text: list[str] = TEXT) -> Article:
    paragraphs = "".join(f"<p>{line}</p>" for line in text)
    html = (
        f"<html><head><title>{TITLE}-溪口县人民政府</title></head><body>{MENU}<div class='m'><h2>{TITLE}</h2>{header}"
        f"<div class='w'>{paragraphs}{tail}</div></div>{FOOT}</body></html>"
    )
    article = extract(Page(url="", text=html), (), NOW)
    assert isinstance(article, Article), article
    return article


@pytest.mark.parametrize(
    ("header", "moment", "source", "author", "editor"),
    [
        (
            "<div><span>文章来源：溪口日报</span><span>文章作者：苏一鸣</span>2020年5月6日</div>",
            DAY,
            "溪口日报",
            "苏一鸣",
            None,
        ),
        (
            "<div>索引号：0001/2016-1 来源：溪口日报 发布时间：2020/5/6 16:08 作者：方文 娄孝 点击：119</div>",
            MINUTE,
            "溪口日报",
            "方文 娄孝",
            None,
        ),
        (
            "<table><tr><td>来源：</td><td>溪口日报</td><td>日期：</td><td>2020-05-06</td><td>编辑：</td><td>苏一鸣</td></tr></table>",
            DAY,
            "溪口日报",
            None,
            "苏一鸣",
        ),
        (
            "<div><span>县融媒体中心</span><span>2020-05-06 16:08</span><span>浏览量 3.2万</span></div>",
            MINUTE,
            "县融媒体中心",
            None,
            None,
        ),
        (
            "<div>创建时间：2020-05-06 16:08 更新时间：2020-06-01 10:00 来源：溪口日报</div>",
            MINUTE,
            "溪口日报",
            None,
            None,
        ),
        ("<div>来源：  作者：  发布时间：2020-05-06 16:08  点击数：</div>", MINUTE, None, None, None),
    ],
)
def test_headers(header: str, moment: datetime, source: str | None, author: str | None, editor: str | None) -> None:
    article = read(header)
    assert (article.published_at, article.source) == (moment, source)
    assert (article.author, article.editor) == (author, editor)
    assert article.body == "\n".join(TEXT)


@pytest.mark.parametrize(
    ("tail", "author", "editor"),
    [
        ("<p>编辑丨苏一鸣</p><p>审核丨李海</p><p>监制丨王武林</p>", None, "苏一鸣"),
        ("<p>责编|苏一鸣</p>", None, "苏一鸣"),
        ("<p>撰稿：苏一鸣 审核：李海</p>", "苏一鸣", None),
        ("<p>记者/苏一鸣 编辑/李海</p>", "苏一鸣", "李海"),
        ("<p>初审：苏一鸣</p><p>复审：李海</p><p>终审：王武林</p>", None, None),
        ("<p>一审：苏一鸣 二审：李海 三审：王武林</p>", None, None),
        ("<p>值班总编：王武林 编辑：苏一鸣 校对：李海</p>", None, "苏一鸣"),
        ("<p>【纠错】 【责任编辑：苏一鸣】</p>", None, "苏一鸣"),
        ("<div>浏览次数：<b>12</b>　编辑：苏一鸣</div>", None, "苏一鸣"),
        ("<p>作者：苏一鸣（溪口县市场监督管理局）</p>", "苏一鸣", None),
        ("<p>本文来源：华夏晨报 作者：杨仕省 责任编辑：XK042</p>", "杨仕省", None),
        ("<p>您是第 <b>12345</b> 位访客</p>", None, None),
    ],
)
def test_credits_and_counters_below_the_text(tail: str, author: str | None, editor: str | None) -> None:
    article = read(f"<div>{HEADER}</div>", tail)
    assert (article.author, article.editor) == (author, editor)
    assert article.body == "\n".join(TEXT)


def test_a_date_and_source_below_the_text() -> None:
    article = read("", "<div>发布日期：2020-05-06  来源：溪口县教育局  下载  收藏</div>")
    assert (article.published_at, article.source) == (DAY, "溪口县教育局")


def test_links_to_other_articles_between_text_and_credits() -> None:
    """A short report with a long block of links is still an article, and the links are none of its text."""
    links = "".join(f"<p><a href='/{n}.html'>另一篇报道的标题写在这里，第{n}条消息也不短</a></p>" for n in range(9))
    article = read(
        f"<div>{HEADER}</div>", f"<h3>重点推荐</h3>{links}<p>公司新闻</p>{links}<p>本文来源：溪口日报</p>", TEXT[:2]
    )
    assert article.body == "\n".join(TEXT[:2])


@pytest.mark.parametrize(
    "line",
    [
        "责任编辑制度是新闻单位的重要制度，该局责任编辑李明表示，将严把审核关。",
        "举报电话：12315",
        "来源：抽检样品来自流通环节，标称生产企业名称为溪口食品厂。",
        "审核：经专家组审核，认定该批次产品不合格，责令企业召回。",
    ],
)
@pytest.mark.parametrize("place", [1, 3])
def test_a_label_in_the_middle_of_the_text_cuts_nothing(line: str, place: int) -> None:
    text = [*TEXT[:place], line, *TEXT[place:]]
    assert read(f"<div>{HEADER}</div>", "", text).body == "\n".join(text)


@pytest.mark.parametrize(
    "line",
    [
        "相关报道显示，该企业已停产整改。",
        "扫一扫包装上的二维码，即可查询产品追溯信息。",
        "打印的生产日期与实际不符，责令改正。",
        "审核：经专家组审核，认定该批次产品不合格，责令召回。",
        "记者：感谢您接受我们的采访，再见。",
        "来源：抽检样品来自流通环节，标称生产企业名称为溪口食品厂。",
    ],
)
def test_a_last_sentence_that_begins_like_a_credit_is_text(line: str) -> None:
    assert read(f"<div>{HEADER}</div>", "", [*TEXT, line]).body == "\n".join([*TEXT, line])


def test_a_link_to_another_report_between_paragraphs_is_no_text() -> None:
    tail = f"<div><a href='/3.html'>相关阅读：我县开展夜市食品安全检查</a></div><p>{TEXT[3]}</p>"
    assert read(f"<div>{HEADER}</div>", tail, TEXT[:3]).body == "\n".join(TEXT)


def test_the_former_title_and_the_hotline_are_no_text() -> None:
    article = read(
        f"<div>{HEADER}</div><p>原标题：溪口严查校园食堂</p>", "<p>新闻热线：0000-1234　投稿邮箱：a@b.example</p>"
    )
    assert article.body == "\n".join(TEXT)


def test_a_notice_keeps_its_signature_date_and_attachments() -> None:
    text = [*TEXT, "附件：1.不合格食品名单", "2.抽检项目说明", "溪口县市场监督管理局", "2020年5月1日"]
    article = read(f"<div>{HEADER}</div>", "", text)
    assert article.body == "\n".join(text)
    assert article.published_at == MINUTE


def test_pictures_alone_are_an_article_whatever_holds_them() -> None:
    icons = "<div><img src='/share.png'><a href='/'><img src='/logo.png'></a></div>"
    foot = (
        "<p>版权所有：溪口县人民政府，未经许可，不得转载。</p><p>地址：溪口县县府路1号，邮编：000000，传真：0000-1234。</p>"
        * 2
    )
    html = (
        f"<html><head><title>{TITLE}-溪口县人民政府</title></head><body>{MENU}<div><h2>{TITLE}</h2></div><div>{HEADER}</div>"
        f"{icons}<div class='k'><p><img src='/1.jpg'></p><p><img src='/2.jpg'></p></div><div>{foot}</div></body></html>"
    )
    article = extract(Page(url="http://www.example.gov.cn/a.html", text=html), (), NOW)
    assert isinstance(article, Article), article
    assert (article.published_at, article.body) == (MINUTE, None)
    assert [image.url for image in article.images] == [f"http://www.example.gov.cn/{n}.jpg" for n in (1, 2)]
