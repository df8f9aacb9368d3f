"""Tags of very many attributes: no page hides one, and no page makes looking for them slow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.parsing.article import PageRejection
from crawler.parsing.page import MAX_ATTRIBUTES, Page, is_overloaded
from crawler.platforms.reading import read_article

MANY = range(MAX_ATTRIBUTES + 1)


@pytest.mark.parametrize(
    "html",
    [
        "<p " + " ".join(f"a{number}" for number in MANY) + ">",
        "<p/" + "/".join(f"a{number}" for number in MANY) + ">",
        "<p " + " ".join(f"a{number}='>'" for number in MANY) + ">",
        "<p " + "".join(f'a{number}=">"' for number in MANY) + ">",
        "<p\n" + "\n".join(f"a{number} = b" for number in MANY) + ">",
        # What stands before it doesn't cover it.
        "<script>if (a<b)\"</script><p title='<a' " + " ".join(f"a{number}='>'" for number in MANY) + ">",
        "<!-- <a '\" --><title>'</title>" + "<x " + " ".join(f"a{number}" for number in MANY),
    ],
    ids=["plain", "slashes", "quoted ends", "glued", "unquoted", "behind odd quotes", "unclosed"],
)
def test_it_is_found(html):
    assert is_overloaded(html.encode())


@pytest.mark.parametrize(
    "html",
    [
        "",
        '<p class="a" id="b">text</p>\n' * 20_000,
        f'<img src="data:image/png;base64,{"A/" * 100_000}">' + "<br/>\n" * 20_000,
        "<p " + " ".join(f"a{number}" for number in range(MAX_ATTRIBUTES - 1)) + ">",
        "文 字 " * 100_000,
    ],
    ids=["empty", "many tags", "an image in its address", "as many as may be", "only text"],
)
def test_other_pages_are_not_taken_for_it(html):
    assert not is_overloaded(html.encode())


@pytest.mark.parametrize(
    "html",
    ["<a" * 2_000_000 + " /" * 30_000 + "x" * 4_000_000, '<p t="' + "<a b " * 1_000_000],
    ids=["starts in a name", "starts in a value"],
)
def test_a_page_made_to_be_slow_to_scan_counts_as_one(html):
    assert is_overloaded(html.encode())


def test_the_page_is_refused_unparsed():
    markup = "<title>题</title><p " + " ".join(f"a{number}" for number in MANY) + ">正文</p>"
    page = Page.from_bytes(markup.encode(), "http://x.example/1.html")
    answer = read_article(page, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert answer == PageRejection("too_large", "a tag of the page has more than 20,000 attributes")
    assert len(list(page.root.iter())) == 1
