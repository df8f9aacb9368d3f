"""The headline: what head and page agree on."""

from __future__ import annotations

import pytest

from crawler.parsing.body import find_body
from crawler.parsing.page import Page
from crawler.parsing.page_lines import build_lines
from crawler.parsing.rules import Rules
from crawler.parsing.titles import Headline, find_nearest_headline, find_stated_headline

TITLE = "溪口县开展校园食品安全检查"
BODY = "<div id='zoom'>" + "<p>今天上午，县市场监管局检查了三所学校的食堂，要求严格落实责任。</p>" * 4 + "</div>"


def headline(head: str, body: str, rules: Rules | None = None) -> Headline | None:
    page = Page(url="", text=f"<html><head>{head}</head><body>{body}{BODY}</body></html>")
    page_lines = build_lines(page.root)
    rule_stack = [("platform:x", rules)] if rules else []
    stated = find_stated_headline(page, page_lines, rule_stack)
    if stated is not None:
        return stated
    found = find_body(page, page_lines, rule_stack)
    return find_nearest_headline(page, page_lines, found.element) if found else None


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"<title>{TITLE}_溪口县人民政府</title>", f"<h1>{TITLE}</h1>"),
        (f"<title>溪口县人民政府 部门动态 {TITLE}</title>", f"<div>{TITLE}</div><h1>溪口县人民政府</h1>"),
        (f"<title>{TITLE}-溪口新闻网</title>", f"<div>首页 &gt; 要闻</div><div>{TITLE}</div><div>2024-01-02</div>"),
        (f"<title>溪口县人民政府</title><meta name='ArticleTitle' content='{TITLE}'>", "<h1>溪口县人民政府</h1>"),
        (f"<title>x</title><meta name='articletitle' content='&lt;font&gt;{TITLE}&lt;/font&gt;'>", ""),
        ("<title>溪口县人民政府网站</title>", f"<h1>溪口县人民政府网站</h1><h2>引题：守护校园</h2><h1>{TITLE}</h1>"),
        ("", f"<h3>部门动态</h3><h2>{TITLE}</h2><p>发布时间：2024-01-02 来源：县市场监管局</p>"),
        ("", f"<div>{TITLE}</div><p>发布时间：2024-01-02 来源：县市场监管局</p>"),
        (f"<title>{TITLE}…_溪口</title>", f"<h1>{TITLE}</h1><h1>另一篇不相干的文章</h1>"),
    ],
)
def test_the_headline_has_no_site_column_kicker_or_markup(head: str, body: str) -> None:
    found = headline(head, body)
    assert found is not None
    assert found.text == TITLE


def test_a_tag_that_is_cut_or_wrong_gives_way_to_the_visible_headline() -> None:
    cut = headline("<meta name='ArticleTitle' content='溪口县开展校园食品…'>", f"<h1>{TITLE}</h1>")
    wrong = headline(f"<title>{TITLE}_溪口</title><meta name='ArticleTitle' content='部门动态'>", f"<h1>{TITLE}</h1>")
    unseen = headline("<meta name='ArticleTitle' content='溪口县召开会议'>", "<h1>溪口县人民政府</h1>")
    assert [one.text for one in (cut, wrong, unseen) if one] == [TITLE, TITLE, "溪口县召开会议"]


def test_a_headline_may_hold_the_words_of_a_header() -> None:
    found = headline("", "<h1>省局发布食品抽检来源追溯办法</h1><p>发布时间：2024-01-02</p>")
    assert found is not None
    assert found.text == "省局发布食品抽检来源追溯办法"


@pytest.mark.parametrize(
    "line", [f"{TITLE} （ 2024-05-11）", f"{TITLE} 2024-05-11 来源：县日报", f"{TITLE}<br>发布时间：2024-05-11"]
)
def test_a_selected_headline_ends_where_the_header_begins(line: str) -> None:
    found = headline("", f"<h2 class='tit'>{line}</h2>", Rules(title=(".tit",)))
    assert found is not None
    assert (found.text, found.rule) == (TITLE, "platform:x")


def test_of_a_selected_element_the_line_that_the_head_repeats_is_the_headline() -> None:
    html = f"<div class='tit'><p>守护舌尖安全</p><p>{TITLE}</p></div>"
    found = headline(f"<title>{TITLE}</title>", html, Rules(title=(".tit",)))
    assert found is not None
    assert found.text == TITLE


def test_a_site_name_alone_is_no_headline() -> None:
    found = headline("<title>溪口县人民政府门户网站</title>", "<h1>溪口县人民政府门户网站</h1>")
    assert found is None or "门户网站" not in found.text


@pytest.mark.parametrize(
    "body",
    [
        "<h1>溪口县开展<br>校园食品安全检查</h1>",
        f"<h2><a href='/2024/1.html'>{TITLE}</a></h2><div>其它内容 2024年1月2日</div>",
    ],
)
def test_a_headline_broken_by_br_or_linked_to_its_own_page(body: str) -> None:
    found = headline(f"<title>{TITLE} _ 溪口志</title>", body)
    assert found is not None
    assert found.text == TITLE


LONGER = "溪口县开展校园食品安全检查：食堂后厨全部装上摄像头"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        # the <h1> that <title> begins with wins over a longer line that <title> repeats
        (f"<title>{TITLE} - 溪口新闻 - {LONGER}</title>", f"<h1>{TITLE}</h1><div>{LONGER}</div>", TITLE),
        (
            f"<title>{TITLE}_溪口县市场监督管理局官方网站首页欢迎您</title>",
            f"<div>溪口县市场监督管理局官方网站首页欢迎您</div><h1>{TITLE}</h1>",
            TITLE,
        ),
        # a banner is not the headline, although <title> begins with it
        (f"<title>溪口日报社{TITLE}</title>", f"<h1>溪口日报社</h1><div>溪口日报社{TITLE}</div>", f"溪口日报社{TITLE}"),
        # blocks inside one heading
        (f"<title>{TITLE}-溪口</title>", "<h1>溪口县开展<div>校园食品安全检查</div></h1>", TITLE),
        (f"<title>{TITLE}-溪口</title>", "<h2><p>溪口县开展</p><p>校园食品安全检查</p></h2>", TITLE),
        # subtitles
        (f"<title>{TITLE}-溪口</title>", f"<h1>{TITLE}<br>——春季学期第一周见闻</h1>", f"{TITLE}——春季学期第一周见闻"),
        (f"<title>{TITLE}-溪口</title>", f"<div><p>{TITLE}</p></div>", TITLE),
        # badges
        (f"<title>{TITLE}</title>", f"<h2><span>原创</span>{TITLE}</h2>", TITLE),
        ("<title>溪口号</title>", f"<h1><i>原创</i> {TITLE}</h1>", TITLE),
        ("<title>溪口号</title>", "<h1>原创音乐会在溪口县举行</h1>", "原创音乐会在溪口县举行"),
    ],
)
def test_headlines_by_kind(head: str, body: str, title: str) -> None:
    found = headline(head, body)
    assert found is not None
    assert found.text == title


def test_a_line_below_the_prose_is_not_the_headline() -> None:
    below = f"<div>{LONGER}</div>"
    page = Page(
        url="",
        text=f"<title>{LONGER} {TITLE}</title><body><div>{TITLE}</div>{BODY}{below}</body>",
    )
    found = find_stated_headline(page, build_lines(page.root), [])
    assert found is not None
    assert found.text == TITLE
