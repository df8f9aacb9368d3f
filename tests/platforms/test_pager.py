"""Pagers that many systems share."""

import pytest

from crawler.parsing.page import Page
from crawler.platforms.pager import next_of, same_site, total_by_call

LIST = "http://www.example.gov.cn/xwzx/index.html"


def following(body: str, url: str = LIST) -> str | None:
    request = next_of(Page.from_bytes(f"<html><body>{body}</body></html>".encode(), url))
    return request.url if request else None


@pytest.mark.parametrize(
    ("call", "file"),
    [
        ('createPageHTML(120, 0, "index", "html")', "index_1.html"),
        ('createPageHTML(120, 7, "index", "shtml")', "index_8.shtml"),
        ('createPageHTML(120, 118, "index", "html")', "index_119.html"),
        ('createPageHTML(120, 119, "index", "html")', None),
        ('createPageHTML(1, 0, "index", "html")', None),
        ('createPageHTML(3,0,"index","htm",41)', "index_1.htm"),
        ('createPage(9, 2, "list", "html")', "list_3.html"),
        ('createPageHTML1(9, 2, "index", "html")', "index_3.html"),
        ("createPageHTML('page_div', 10, 1, 'zwgklist', 'shtml', 200)", "zwgklist_2.shtml"),
        ("createPageHTML('page_div',10, 9,'zwgklist','shtml',200)", "zwgklist_10.shtml"),
        ("createPageHTML('page_div',10, 10,'zwgklist','shtml',200)", None),
        ("createPageHTML(pageCount, currIndex, 'index', 'html')", None),
    ],
)
def test_both_forms_of_the_call(call: str, file: str | None) -> None:
    wanted = f"http://www.example.gov.cn/xwzx/{file}" if file else None
    assert following(f"<script>{call};</script>") == wanted


def test_the_definition_of_the_function_is_no_call() -> None:
    assert following("<script>function createPageHTML(nPageCount, nIndex, sName, sExt) { return 1 }</script>") is None


def test_records_are_counted_where_the_call_names_them() -> None:
    assert total_by_call("createPageHTML('page_div',10, 1,'zwgklist','shtml',200)") == 200
    assert total_by_call('createPageHTML(120, 0, "index", "html")') is None


@pytest.mark.parametrize(
    ("pager", "target"),
    [
        ('<a href="list2.htm">下一页&gt;&gt;</a>', "http://www.example.gov.cn/xwzx/list2.htm"),
        ('<a href="?page=2">下页</a>', "http://www.example.gov.cn/xwzx/index.html?page=2"),
        ('<a href="/a/2.html">后一页</a>', "http://www.example.gov.cn/a/2.html"),
        ('<a href="2.html">&gt;</a>', "http://www.example.gov.cn/xwzx/2.html"),
        ('<a href="2.html"><span>下一页</span></a>', "http://www.example.gov.cn/xwzx/2.html"),
        ('<link rel="next" href="2.html">', "http://www.example.gov.cn/xwzx/2.html"),
        ('<a href="https://example.gov.cn/xwzx/2.html">下一页</a>', "https://example.gov.cn/xwzx/2.html"),
        ('<a href="javascript:go(2)">下一页</a>', None),
        ('<a href="#">下一页</a>', None),
        ('<a class="disabled" href="2.html">下一页</a>', None),
        ('<a href="http://elsewhere.example/2.html">下一页</a>', None),
        ('<a href="index.html">下一页</a>', None),
        ('<a href="9.html">下一页是空白</a>', None),
        ("<a href='//['>下一页</a>", None),
    ],
)
def test_links_to_the_next_page(pager: str, target: str | None) -> None:
    assert following(pager) == target


def test_the_last_page_counts_where_there_is_no_next() -> None:
    pager = '<a href="/l?sjid=11&page=1">首页</a><a href="/l?sjid=11&page=3">3</a><a href="/l?sjid=11&page=7">尾页</a>'
    assert following(pager, "http://www.example.cn/l?sjid=11") == "http://www.example.cn/l?sjid=11&page=2"
    assert following(pager, "http://www.example.cn/l?sjid=11&page=6") == "http://www.example.cn/l?sjid=11&page=7"
    assert following(pager, "http://www.example.cn/l?sjid=11&page=7") is None


def test_an_organisation_may_have_several_hosts() -> None:
    assert same_site("http://ggzy.jl.gov.cn/a/", "https://haiyun.jl.gov.cn/irs/front/search")
    assert not same_site("http://www.jl.gov.cn/", "http://www.hlj.gov.cn/")
    assert not same_site("http://a.example.cn/", "http://b.example.com/")
