"""Names without a label beside the date: media, accounts and people. All names and texts are invented."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.items import Article
from crawler.parsing.article import extract
from crawler.parsing.dates import CST
from crawler.parsing.page import Page

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
TITLE = "溪口县集中抽检米粉作坊"
TEXT = "".join(
    f"<p>第{n}批抽检在{place}进行，执法人员查看了原料台账，抽取了样品，结果将在网站公布。</p>"
    for n, place in enumerate(("东河镇", "西山乡", "南岭街道", "北渡村"), 1)
)


def read(header: str, *, head: str = "", text: str = TEXT, title: str = f"{TITLE}_东湖在线") -> Article:
    html = (
        f"<html><head><title>{title}</title>{head}</head><body><div><a href='/'>首页</a></div>"
        f"<div><h1>{TITLE}</h1>{header}<div>{text}</div></div></body></html>"
    )
    found = extract(Page.from_bytes(html.encode(), "http://www.donghu.example/a/1.html"), (), NOW)
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("<p>东湖晨报 2024-03-02 10:20</p>", "东湖晨报"),
        ("<p>2024-03-02 10:20 &nbsp;&nbsp; 东湖观察网</p>", "东湖观察网"),
        # inline elements separate what no space does
        (
            "<p><a href='/news'>要闻</a><a href='http://dhcb.example/'>东湖晨报</a><span>2024-03-02 10:20</span></p>",
            "东湖晨报",
        ),
        ("<p><span>2024-03-02 10:20</span><span>江湖财经</span></p>", "江湖财经"),
        # a name alone on the line above or below the date
        ("<div>东湖晨报</div><div>2024-03-02 10:20</div>", "东湖晨报"),
        ("<div>2024-03-02 10:20</div><div>江湖财经</div>", "江湖财经"),
        # the site's own name in <title>
        ("<p>2024-03-02 10:20 &nbsp;&nbsp; 东湖在线</p>", "东湖在线"),
        # an account is known by the address of its page
        (
            "<div><a href='/c/user/62944/'><img src='a.png'><span>爱吃米粉</span></a></div><div>2024-03-02</div>",
            "爱吃米粉",
        ),
        ("<div><a href='//news.example/omn/author/1086'><div>米粉研究</div></a></div><p>2024-03-02</p>", "米粉研究"),
        ("<p>[整理] 东湖晨报 2024-03-02 10:20</p>", "东湖晨报"),
    ],
)
def test_source(header: str, source: str) -> None:
    article = read(header)
    assert (article.source, article.author) == (source, None)


@pytest.mark.parametrize(
    ("header", "author", "source"),
    [
        ("<p>陈小雨 &nbsp;&nbsp; 2024-03-02 10:20</p>", "陈小雨", None),
        ("<p><span>陈小雨</span><span>2024-03-02</span></p>", "陈小雨", None),
        ("<p>2024-03-02 10:20 &nbsp; <span>[ 黄小宇 ]</span> 来源：[ 东湖财经报 ]</p>", "黄小宇", "东湖财经报"),
        ("<p>DONGHU.EXAMPLE　2024年3月2日10:20 [ 黄小宇 ]\ue5c2 来源：[ 东湖财经报 ]</p>", "黄小宇", "东湖财经报"),
        ("<p>2024-03-02 10:20 <a href='/author/7'>陈小雨</a></p>", "陈小雨", None),
        ("<p>陈小雨/东湖晨报 2024-03-02 10:20</p>", "陈小雨", "东湖晨报"),
        ("<p>2024-03-02 10:20 <span>东湖晨报／陈小雨</span></p>", "陈小雨", "东湖晨报"),
        ("<p>原创：陈小雨 2024-03-02 10:20</p>", "陈小雨", None),
    ],
)
def test_author(header: str, author: str, source: str | None) -> None:
    article = read(header)
    assert (article.author, article.source) == (author, source)


@pytest.mark.parametrize(
    "header",
    [
        "<p>2024-03-02 10:20 &nbsp;&nbsp; 打印 &nbsp;&nbsp; 收藏本页</p>",
        "<p><a href='/user/login'>登录</a></p><p>2024-03-02</p>",
        "<p>2024-03-02 &nbsp; 北京</p>",
        "<p>2024-03-02 &nbsp;&nbsp; 点击阅读更多财经新闻</p>",
        "<p><a href='/list'>要闻</a> &gt; <a href='/list/2'>高清图片</a></p><p>2024-03-02</p>",
    ],
)
def test_buttons_places_and_menus_are_no_names(header: str) -> None:
    article = read(header)
    assert (article.author, article.source) == (None, None)


def test_labelled_names_win() -> None:
    article = read("<p>江湖财经 2024-03-02 10:20 来源：东湖晨报 作者：王小岚</p>")
    assert (article.source, article.author) == ("东湖晨报", "王小岚")
    assert article.provenance["source"] == "label"


def test_a_meta_tag_wins_over_an_unlabelled_account() -> None:
    head = '<meta name="source" content="东湖晨报">'
    article = read("<div><a href='/c/user/1/'>爱吃米粉</a></div><p>2024-03-02</p>", head=head)
    assert (article.source, article.provenance["source"]) == ("东湖晨报", "meta")


@pytest.mark.parametrize(
    ("meta", "shown", "source"),
    [
        (
            "溪口县市场监管局 溪口县公安局",
            "来源：溪口县市场监管局<span></span> 溪口县公安局",
            "溪口县市场监管局 溪口县公安局",
        ),
        ("东湖晨报 溪口新闻", "来源：东湖晨报 | 溪口新闻 | 字体", "东湖晨报 溪口新闻"),
        # what the page does not show is not added
        ("东湖晨报 溪口新闻", "来源：东湖晨报", "东湖晨报"),
    ],
)
def test_a_meta_source_that_goes_on(meta: str, shown: str, source: str) -> None:
    head = f'<meta name="ContentSource" content="{meta}">'
    assert read(f"<p>2024-03-02 {shown}</p>", head=head).source == source


@pytest.mark.parametrize(
    "table",
    [
        "<ul><li>统一编号： XK2024001</li><li>文　号： 溪市监规〔2024〕2号</li><li>实施日期： 2024年3月1日</li>"
        "<li>发布机关： 溪口县市场监管局</li></ul>",
        "<table><tr><td>标题：</td><td>抽检通告</td></tr><tr><td>发文机关：</td><td>溪口县市场监管局</td></tr>"
        "<tr><td>成文日期：</td><td>2024年3月1日</td></tr></table>",
    ],
)
def test_a_labelled_office_wins_over_a_placeholder(table: str) -> None:
    head = '<meta name="ContentSource" content="本网">'
    article = read(f"{table}<p>2024-03-02 10:20</p>", head=head)
    assert article.source == "溪口县市场监管局"
    assert read("<p>2024-03-02 10:20</p>", head=head).source == "本网"
