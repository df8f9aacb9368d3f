"""Which element is the body, which of its lines are the article's text."""

from __future__ import annotations

import pytest

from crawler.parsing.body import Body, find_body
from crawler.parsing.content import find_text_range, join_body_text
from crawler.parsing.page import Page
from crawler.parsing.page_lines import PageLines, build_lines
from crawler.parsing.rules import Rules

TITLE = "溪口县开展校园食品安全检查"
TEXT = [f"第{n}所学校的食堂已经检查完毕，发现问题{n}个，要求限期整改。" for n in range(1, 7)]
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in TEXT)
MENU = "<ul>" + "".join(f"<li><a href='/c{n}/'>栏目名称之{n}</a></li>" for n in range(20)) + "</ul>"
FOOT = "<div>版权所有：溪口县人民政府，未经许可，不得转载。联系电话：0000，地址：县府路1号，邮编：000000。</div>"


def found_in(html: str, rule_stack: tuple[tuple[str, Rules], ...] = ()) -> tuple[PageLines, Body]:
    page = Page(url="", text=f"<html><body>{html}</body></html>")
    page_lines = build_lines(page.root)
    body = find_body(page, page_lines, rule_stack)
    assert body is not None
    return page_lines, body


def text_of(html: str, rule_stack: tuple[tuple[str, Rules], ...] = ()) -> list[str]:
    page_lines, body = found_in(html, rule_stack)
    return (join_body_text(page_lines, *find_text_range(page_lines, body.element, TITLE)) or "").split("\n")


@pytest.mark.parametrize(
    "html",
    [
        f"{MENU}<h1>{TITLE}</h1><div class='x'>{PARAGRAPHS}</div>{FOOT}",
        f"{MENU}<h1>{TITLE}</h1><div class='x'>{'<br>'.join(TEXT)}</div>{FOOT}",
        f"{MENU}<h1>{TITLE}</h1><table><tr><td>{MENU}</td><td>{PARAGRAPHS}</td></tr></table>{FOOT}",
        f"{MENU}<h1>{TITLE}</h1><div>"
        + "".join(f"<section><p>{text}</p></section>" for text in TEXT)
        + f"</div>{FOOT}",
        f"<div class='pc'><h1>{TITLE}</h1><div>{PARAGRAPHS}</div></div><div class='m'><h1>{TITLE}</h1><div>{PARAGRAPHS}"
        f"</div></div>{FOOT}",
        f"<div id='con'><h1>{TITLE}</h1><p>发布时间：2024-01-02 来源：县日报</p>{PARAGRAPHS}"
        "<p>责任编辑：苏一鸣</p></div>",
        f"<h1>{TITLE}</h1><div>{PARAGRAPHS}<p>[1] [2] [3] 下一页</p><p>【打印本页】 【关闭窗口】</p></div>",
        f"<h1>{TITLE}</h1><div>{PARAGRAPHS}<p>扫一扫在手机打开当前页</p><p>相关新闻</p>{MENU}</div>",
        f"<h1>{TITLE}</h1><div>{PARAGRAPHS}<p>关键字：食品 学校</p><p>分享到：</p></div>{FOOT}",
    ],
)
def test_the_text_is_the_paragraphs_and_nothing_else(html: str) -> None:
    assert text_of(html) == TEXT


def test_a_selector_of_the_platform_is_believed_and_named() -> None:
    more = "<p>本站推荐阅读，请勿错过，谢谢。</p>"
    html = f"<h1>{TITLE}</h1><div class='box'><div class='own'>{PARAGRAPHS}</div>{more}</div>"
    page_lines, body = found_in(html, (("platform:x", Rules(body=(".gone", ".own"))),))
    assert body.rule == "platform:x"
    assert body.confidence > 0.9
    assert page_lines.text(body.element).split("\n") == TEXT


def test_a_selector_that_hits_something_else_is_passed_over() -> None:
    html = f"<div class='own'><p>网站公告，本站改版，请收藏。</p></div><h1>{TITLE}</h1><div>{PARAGRAPHS}</div>"
    assert text_of(html, (("platform:x", Rules(body=(".own",))),)) == TEXT


def test_the_sites_own_selector_is_obeyed() -> None:
    html = f"<div class='own'><p>短讯一则，仅此一句。</p></div><h1>{TITLE}</h1><div>{PARAGRAPHS}</div>"
    _, body = found_in(html, (("override", Rules(body=(".own",))),))
    assert (body.rule, body.element.get("class")) == ("override", "own")


def test_a_headline_repeated_below_the_header_is_text() -> None:
    html = f"<h1>{TITLE}</h1><p>时间：2024-01-02</p><div><p>{TITLE}</p>{PARAGRAPHS}</div>"
    assert text_of(html) == [TITLE, *TEXT]


def test_the_name_of_a_file_to_download_is_text() -> None:
    html = f"<h1>{TITLE}</h1><div>{PARAGRAPHS}<p><a href='a.pdf'>抽检结果.pdf</a></p></div>"
    assert text_of(html) == [*TEXT, "抽检结果.pdf"]


def test_rows_of_numbers_are_no_pager() -> None:
    html = f"<h1>{TITLE}</h1><div>{PARAGRAPHS}<p>29</p><p>本次检查共出动执法人员29人，检查完毕。</p></div>"
    assert text_of(html)[-2:] == ["29", "本次检查共出动执法人员29人，检查完毕。"]


def test_a_short_article_is_preferred_to_a_longer_text_about_the_site_beside_it() -> None:
    side = "<h3>网站简介</h3><p>溪口县人民政府网站是县政府发布信息、提供服务、与公众交流的平台，欢迎访问。</p>"
    side += "<p>如有意见、建议，请联系我们，我们将及时处理，感谢支持，欢迎再来，祝您生活愉快。</p>"
    text = "今天，县市场监管局检查了三所学校的食堂，查看了台账，发现问题两个，要求限期整改到位。"
    page = Page(
        url="",
        text=f"<html><head><title>{TITLE}</title></head><body>{MENU}<div><h2>{TITLE}</h2>"
        f"<div>2024-01-02 来源：溪口日报</div><div><p>{text}</p></div></div><div>{side}</div>{FOOT}</body></html>",
    )
    page_lines = build_lines(page.root)
    headline = next(index for index, line in enumerate(page_lines.lines) if line.text == TITLE)
    body = find_body(page, page_lines, (), headline)
    assert body is not None
    assert join_body_text(page_lines, *find_text_range(page_lines, body.element, TITLE)) == text


STRANGER = [
    f"沿江大桥第{n}段昨日合龙，工程历时三年，施工方克服了汛期困难，两岸居民十分期待通车。" for n in range(1, 13)
]


def below_headline(article: str, stranger: str) -> list[str]:
    """The text of a page whose headline is known; `stranger` follows the article."""
    page = Page(url="", text=f"<html><body>{MENU}{article}{stranger}{FOOT}</body></html>")
    page_lines = build_lines(page.root)
    headline = next(index for index, line in enumerate(page_lines.lines) if line.text == TITLE)
    body = find_body(page, page_lines, (), headline)
    assert body is not None
    assert body.confidence > 0.8
    return (join_body_text(page_lines, *find_text_range(page_lines, body.element, TITLE)) or "").split("\n")


LONG = "".join(f"<p>{text}</p>" for text in STRANGER)
COMMENTS = "".join(f"<div><b>网友{n}</b><p>{text}</p><span>回复</span></div>" for n, text in enumerate(STRANGER))
CARDS = "".join(f"<div><h4><a href='/{n}'>大桥合龙</a></h4><p>{text}</p></div>" for n, text in enumerate(STRANGER))


@pytest.mark.parametrize(
    ("article", "stranger", "lines"),
    [
        # endless feeds: the next article is longer
        (f"<div><h1>{TITLE}</h1><div>{PARAGRAPHS}</div></div>", f"<div><h2>大桥合龙</h2><div>{LONG}</div></div>", 6),
        (
            f"<div><h3>{TITLE}</h3><div><p>{TEXT[0]}</p><p>{TEXT[1]}</p></div></div>",
            f"<div><h3>大桥合龙</h3><div>{LONG}</div></div>",
            2,
        ),
        # comments
        (f"<div><h1>{TITLE}</h1><div>{PARAGRAPHS}</div></div>", f"<div><h4>网友评论</h4>{COMMENTS}</div>", 6),
        (f"<div><h1>{TITLE}</h1>{'<br>'.join(TEXT[:3])}</div>", f"<div><p>网友评论</p>{COMMENTS}</div>", 3),
        # a side column of abstracts
        (f"<div><div><h1>{TITLE}</h1><div>{PARAGRAPHS}</div></div>", f"<div>{CARDS}</div></div>", 6),
        # a dialog to log in
        (
            f"<div><h1>{TITLE}</h1><p>{TEXT[0]}</p><p>{TEXT[1]}</p><p>{TEXT[2]}</p></div>",
            "<div><p>登录后可以收藏文章，参与评论，获得积分，兑换礼品，关注作者，第一时间收到更新。</p>"
            "<p>注册即表示同意服务条款，隐私政策，我们会保护您的个人信息，请放心使用，谢谢。</p></div>",
            3,
        ),
    ],
)
def test_the_block_below_the_headline_wins_over_a_longer_stranger(article: str, stranger: str, lines: int) -> None:
    assert below_headline(article, stranger) == TEXT[:lines]


@pytest.mark.parametrize(
    "summary",
    [
        f"<div><h1>{TITLE}</h1><p>核心提示：溪口县市场监管局检查了六所学校的食堂，发现的问题都要求限期整改。</p></div>",
        f"<div><h1>{TITLE}</h1><p>2024-01-02</p><div>摘要：溪口县市场监管局检查了六所学校，要求限期整改。</div></div>",
    ],
)
def test_a_summary_beside_the_headline_is_not_the_body(summary: str) -> None:
    assert below_headline(summary, f"<div>{LONG}</div>") == STRANGER
