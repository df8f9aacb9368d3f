"""Articles cut into pages: which link is the next part, and what the parts make together."""

from __future__ import annotations

import pytest

from crawler.items import Article, Attachment, Image, Table
from crawler.parsing.page import Page
from crawler.parsing.parts import join_parts, next_part

FIRST = "http://www.example.gov.cn/x/t20240101_1234567.html"


@pytest.mark.parametrize(
    ("html", "url", "expected"),
    [
        ('1 <a href="t20240101_1234567_1.html">[2]</a><a href="t20240101_1234567_2.html">[3]</a>', FIRST, "_1.html"),
        ('<a href="t20240101_1234567_2.html">下一页</a>', FIRST, "_2.html"),
        ('<a href="?id=5&amp;page=2">下一页</a>', "http://www.example.gov.cn/show.php?id=5", "?id=5&page=2"),
        ('<a href="?id=5&amp;page=3">余下全文</a>', "http://www.example.gov.cn/show.php?id=5&page=2", "?id=5&page=3"),
    ],
)
def test_the_next_part_is_the_page_that_differs_by_its_number(html: str, url: str, expected: str) -> None:
    found = next_part(Page(url=url, text=html))
    assert found is not None
    assert found.endswith(expected)


def test_from_the_middle_the_number_after_the_one_shown_is_next() -> None:
    html = '<a href="t20240101_1234567.html">1</a> 2 <a href="t20240101_1234567_2.html">3</a>'
    url = "http://www.example.gov.cn/x/t20240101_1234567_1.html"
    assert next_part(Page(url=url, text=html)) == "http://www.example.gov.cn/x/t20240101_1234567_2.html"


@pytest.mark.parametrize(
    "html",
    [
        '<a href="t20240101_1234568.html">下一页</a>',
        '<a href="t20240101_1234568.html">下一篇：另一篇文章</a>',
        '<a href="http://other.example.com/x/t20240101_1234567_1.html">下一页</a>',
        '<a href="#">下一页</a>',
        '<a href="javascript:next()">2</a>',
        '<a href="../list_2.html">2</a>',
        '<a href="http://[bad">下一页</a>',
    ],
)
def test_links_to_other_articles_lists_and_hosts_are_no_parts(html: str) -> None:
    assert next_part(Page(url=FIRST, text=html)) is None


def test_the_last_part_has_no_next() -> None:
    html = '<a href="t20240101_1234567.html">1</a> <a href="t20240101_1234567_1.html">上一页</a> 2'
    assert next_part(Page(url="http://www.example.gov.cn/x/t20240101_1234567_1.html", text=html)) is None


def test_without_an_address_nothing_is_next() -> None:
    assert next_part(Page(url="", text='<a href="a_2.html">下一页</a>')) is None


def test_parts_become_one_article() -> None:
    one = Article(
        url=FIRST,
        title="示例标题",
        body="第一段。",
        images=[Image("http://a/1.jpg")],
        tables=[Table([["甲", "乙"]])],
        confidence=0.9,
        provenance={"title": "meta"},
    )
    two = Article(
        url=FIRST + "2",
        title="示例标题（2）",
        body="第二段。",
        editor="苏一鸣",
        images=[Image("http://a/1.jpg"), Image("http://a/2.jpg")],
        attachments=[Attachment("http://a/x.pdf", "附件")],
        confidence=0.7,
        provenance={"editor": "label"},
    )
    joined = join_parts([one, two])
    assert (joined.url, joined.title, joined.body) == (FIRST, "示例标题", "第一段。\n第二段。")
    assert (joined.editor, joined.provenance["editor"], joined.confidence) == ("苏一鸣", "label", 0.7)
    assert [image.url for image in joined.images] == ["http://a/1.jpg", "http://a/2.jpg"]
    assert (len(joined.tables), [file.name for file in joined.attachments]) == (1, ["附件"])
    assert one.editor is None


def test_no_part_is_no_article() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        join_parts([])
