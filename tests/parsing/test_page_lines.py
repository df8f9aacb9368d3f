"""The lines of a page: what ends a line, what is a link, what a selector finds."""

from __future__ import annotations

import pytest

from crawler.parsing.page import parse_html
from crawler.parsing.page_lines import PageLines, build_lines


def page_lines(html: str) -> PageLines:
    return build_lines(parse_html(html))


def texts(html: str) -> list[str]:
    return [line.text for line in page_lines(html).lines]


def test_blocks_and_breaks_end_lines_inline_elements_do_not() -> None:
    html = "<div>甲<b>乙</b><span>丙</span><br>丁<p>戊</p>己</div>"
    assert texts(html) == ["甲乙丙", "丁", "戊", "己"]


def test_scripts_styles_and_comments_are_no_text() -> None:
    html = "<p>来源：<!--<$[来源]>begin-->县日报<!--end--></p><script>var a='文';</script><style>p{}</style>后"
    assert texts(html) == ["来源：县日报", "后"]


def test_white_space_between_elements_is_a_wide_gap() -> None:
    assert texts("<div><span>来源：县日报</span>\n  <span>责编：苏一鸣</span></div>") == ["来源：县日报  责编：苏一鸣"]
    assert texts("<div>2024-01-02&nbsp;&nbsp;&nbsp;县日报　作者</div>") == ["2024-01-02  县日报  作者"]


def test_a_line_that_comes_to_nothing_is_in_no_span() -> None:
    found = page_lines("<p>前文</p><b>&#1;</b>")
    assert [line.text for line in found.lines] == ["前文"]
    assert max(end for _, end in found.spans.values()) == 1


def test_links_and_punctuation_outside_them_are_counted() -> None:
    line = page_lines("<p>前文，<a href='/x'>链接， 文字</a> 。</p>").lines[0]
    assert (line.link_chars, line.punctuation) == (5, 2)
    line = page_lines("<p><a href='/x'>链接，</a> <a href='/y'>文字</a></p>").lines[0]
    assert (line.link_chars, line.punctuation) == (5, 0)


def test_a_line_seen_before_adds_no_punctuation() -> None:
    twin = "<div><p>今天上午，县里召开会议，研究工作。</p></div>"
    found = page_lines(twin + twin)
    assert found.punctuation[-1] == 3


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("#a", ["一"]),
        (".b", ["二", "三"]),
        ("p.b", ["三"]),
        ("p", ["一", "三"]),
        (".b.c", ["三"]),
        ("section > p", ["一"]),
        ("//p[@id='a']", ["一"]),
        (".none", []),
        ("p:no-such-thing(", []),
        ("//p[", []),
        ("//p/text()", []),
        ("string(//p)", []),
    ],
)
def test_selectors_find_elements_in_order(selector: str, expected: list[str]) -> None:
    found = page_lines("<section><p id='a'>一</p></section><div class='b'>二</div><p class='b c'>三</p>")
    assert [found.text(element) for element in found.select(selector)] == expected


def test_nesting_beyond_two_hundred_and_fifty_six_keeps_its_text() -> None:
    assert texts("<div>" * 400 + "深处的文字" + "</div>" * 400 + "<p>后面</p>") == ["深处的文字", "后面"]
