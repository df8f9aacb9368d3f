"""Lists beyond the frozen pages: where they end, years that rows leave out, and any bytes at all."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.parsing.page import Page, PageRequest
from crawler.platforms.base import Listing
from crawler.platforms.detect import PLATFORMS
from crawler.platforms.reading import read_list

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
URL = "http://www.example.gov.cn/yw/index.html"
FILLER = "<p>本栏目发布食品安全工作动态，由各乡镇供稿。</p>" * 20


def listing(body: str, url: str = URL, **more: object) -> Listing:
    page = Page.from_bytes(f"<html><body>{body}{FILLER}</body></html>".encode(), url, **more)  # type: ignore[arg-type]
    return read_list(page, now=NOW)


def rows(*entries: tuple[str, str, str]) -> str:
    return "<ul>" + "".join(f'<li><a href="{u}">{t}</a><span>{d}</span></li>' for u, t, d in entries) + "</ul>"


def days(found: Listing) -> list[str | None]:
    return [f"{item.published_at:%Y-%m-%d}" if item.published_at else None for item in found.items]


def test_the_year_of_a_row_comes_from_its_neighbours() -> None:
    found = listing(
        rows(
            ("/x/3001.html", "元旦市场食品抽检全部合格", "2025-01-02"),
            ("/x/3000.html", "岁末餐饮单位消防与食安联查", "12-29"),
            ("/x/2999.html", "腊味生产小作坊集中约谈会", "12-21"),
        )
    )
    assert days(found) == ["2025-01-02", "2024-12-29", "2024-12-21"]


def test_the_year_of_a_row_comes_from_its_address() -> None:
    found = listing(
        rows(
            ("/x/202301/3001.html", "岁末餐饮单位消防与食安联查", "12-29"),
            ("/x/202301/3002.html", "新年第一检查冷库", "01-03"),
        )
    )
    assert days(found) == ["2022-12-29", "2023-01-03"]


def test_a_year_is_never_invented() -> None:
    assert days(listing(rows(("/x/3001.html", "岁末餐饮单位消防与食安联查", "12-29")))) == [None]


def test_dates_before_their_links() -> None:
    body = (
        "<div><p>2024-03-05</p><h3><a href='/x/11.html'>三月农资打假专项行动启动</a></h3>"
        "<p>2024-03-01</p><h3><a href='/x/10.html'>春季学校食堂开学检查</a></h3></div>"
    )
    assert days(listing(body)) == ["2024-03-05", "2024-03-01"]


def test_a_date_of_the_title_is_not_the_rows() -> None:
    found = listing(
        rows(
            ("/x/1001.html", "2023年6月30日食品抽检结果公布", "2023-07-04"),
            ("/x/1000.html", "食安宣传周六月启动仪式", "2023-06-12"),
        )
    )
    assert days(found) == ["2023-07-04", "2023-06-12"]
    assert found.items[0].title == "2023年6月30日食品抽检结果公布"


def test_a_cut_title_is_completed_and_a_category_is_none() -> None:
    row = (
        '<li><a href="/c/">[部门动态消息]</a>'
        '<a href="/x/9001.html" title="全县农贸市场快检室实现全覆盖">全县农贸市场快检…</a> 2024-05-06</li>'
    )
    found = listing(f"<ul>{row}{row.replace('9001', '9002')}</ul>")
    assert [item.title for item in found.items] == ["全县农贸市场快检室实现全覆盖"] * 2


def test_picture_and_headline_are_one_item() -> None:
    body = (
        "<ul><li><a href='/x/9001.html'><img src='a.jpg'></a>"
        "<h4><a href='/x/9001.html'>食堂后厨亮起来了</a></h4><em>2024-05-06</em></li></ul>"
    )
    assert [(item.url, item.title) for item in listing(body).items] == [
        ("http://www.example.gov.cn/x/9001.html", "食堂后厨亮起来了")
    ]


def test_menus_and_footers_are_no_lists() -> None:
    menu = '<div class="nav"><a href="/x/1.html">食品安全监督管理局网站首页</a></div>'
    found = listing(menu + rows(("/x/9001.html", "食堂后厨亮起来了", "2024-05-06")))
    assert [item.url for item in found.items] == ["http://www.example.gov.cn/x/9001.html"]


def test_a_list_never_leaves_its_host_nor_asks_twice() -> None:
    row = rows(("/x/9001.html", "食堂后厨亮起来了", "2024-05-06"))
    assert listing(row + '<a href="http://ads.example.org/2.html">下一页</a>').next is None
    again = PageRequest("http://www.example.gov.cn/yw/index_2.html")
    assert listing(row + '<a href="index_2.html">下一页</a>', sent=again).next is None


def test_a_page_without_items_ends_its_list() -> None:
    found = listing('<script>createPageHTML(120, 60, "index", "html")</script>')
    assert (found.next, found.reason) == (None, "empty")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, "<html><body>404</body></html>", "not_found"),
        (521, "<html><body><script>document.cookie='__jsl_clearance=1'</script></body></html>", "blocked"),
        (412, "<html><body></body></html>", "blocked"),
        (200, "<html><body>栏目建设中</body></html>", "stub"),
        (200, "", "stub"),
        (200, '{"success":false,"data":{}}', "empty"),
        (200, "<datastore></datastore>", "empty"),
    ],
)
def test_why_there_is_nothing(status: int, body: str, reason: str) -> None:
    found = read_list(Page.from_bytes(body.encode(), URL, status=status), now=NOW)
    assert (found.items, found.next, found.reason) == ((), None, reason)


def test_a_shell_whose_interface_cannot_be_asked_says_so() -> None:
    call = '$.ajax({url:"/irs/front/search"}); var params = {isSearchForced: 0, customFilter: x}'
    assert listing(f"<script>{call}</script>").reason == "needs_api"


def test_rows_that_a_script_takes_out_of_a_comment() -> None:
    found = listing(f"<ul class='news'><!-- {rows(('/x/9001.html', '食堂后厨亮起来了', '2024-05-06'))} --></ul>")
    assert [(item.title, day) for item, day in zip(found.items, days(found), strict=True)] == [
        ("食堂后厨亮起来了", "2024-05-06")
    ]


@pytest.mark.parametrize(
    "torn",
    [
        "<datastore>" + "<record><![CDATA[" * 100_000,
        "<nextgroup>" * 100_000,
        "<!--enpproperty " * 50_000,
        "<!--enpcontent-->" * 50_000,
        "<script unitbuild.js " + "a=b " * 200_000,
        "<script>" + "params = {webSiteCode" * 100_000,
        "createPageHTML(" * 100_000,
        "<div count=" * 100_000,
        "window._CONFIG = {DETAIL: {" + '"a":{' * 100_000,
        "<ul>" + "<!--<a href='/x/1234.html'>食品安全检查动态</a>-->" * 10_000,
        "<div>" * 10_000 + "<a href='/x/1234.html'>食品安全检查动态</a>" + "</div>" * 10_000,
        f"<a href='/x/1234.html' title='{'食' * 2_000_000}'>食品安全检查动态</a>",
        "[" * 200_000,
    ],
    ids=lambda torn: torn[:24],
)
def test_torn_pages_take_no_time(torn: str) -> None:
    page = Page.from_bytes((torn + " " * 600).encode(), URL)
    started = time.process_time()
    read_list(page, now=NOW)
    assert time.process_time() - started < 1


def test_fifty_thousand_links_in_linear_time() -> None:
    row = "".join(
        f'<a href="/x/202401/{n}.html">第{n}批食品抽检信息公示</a> 2024-01-{n % 28 + 1:02d} ' for n in range(50_000)
    )
    body = f"<html><body><div>{row}</div></body></html>".encode()
    spent = []
    for _ in range(2):
        started = time.process_time()
        found = read_list(Page.from_bytes(body, URL), now=NOW)
        spent.append(time.process_time() - started)
        assert len(found.items) == 50_000
    # The better of two: another process on the same core may slow down one. It takes about one second; work that
    # grows with the square of the links would take minutes.
    assert min(spent) < 5


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from([None, *(platform.name for platform in PLATFORMS)]))
def test_any_bytes_give_a_listing(body: bytes, platform: str | None) -> None:
    assert isinstance(read_list(Page.from_bytes(body, URL), platform=platform, now=NOW), Listing)


PIECES = (
    '<a href="/art/2024/1/2/art_1_2.html">', "</a>", "<record><![CDATA[", "]]></record>", "<datastore>", "<!--",
    "-->", "2024-13-45", '{"data":{"html":', '{"data":[', "}", '"', "'", "createPageHTML(", "1,2,'x','html')",
    "totalRecord:99999999", "perPage:0", "proxyUrl:'//['", "ajaxParam:{a:1}", 'queryData="{\'a\':\'b\'}"',
    "<script unitbuild.js url='http://[' ", ">", "window._CONFIG = {", "SID:1", "TREE:[{id:1",
    "/irs/front/search", "<area href='content_1.htm'>", "下一页", "<a href='http://[::1'>", "\x00", "\ufeff",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([None, *(platform.name for platform in PLATFORMS)])
)
def test_torn_markup_gives_a_listing(pieces: list[str], platform: str | None) -> None:
    sent = PageRequest(f"{URL}?startrecord=x&endrecord=1&perpage=0&paramJson=[]", "POST", b"[1]")
    page = Page.from_bytes(("".join(pieces) + " " * 600).encode(), URL, sent=sent)
    assert isinstance(read_list(page, platform=platform, now=NOW), Listing)


def test_a_category_of_bare_links_to_other_sites_is_a_list() -> None:
    rows = "".join(
        f'<li class="n{i}"><a href="http://www.county{i}.gov.cn/zwgk/">{name}食品抽检公示平台</a></li>'
        for i, name in enumerate(["云溪县", "白鹭县", "南浦区", "青禾县", "桐岭区"])
    )
    menu = (
        '<div class="nav"><ul>'
        + "".join(f'<li><a href="/m{i}/">栏目导航第{i}项目录</a></li>' for i in range(4))
        + "</ul></div>"
    )
    page = Page(
        "http://www.lanping.gov.cn/spcj/", f"<html><body>{menu}<div><ul>{rows}</ul></div>{'<p></p>' * 60}</body></html>"
    )
    items = read_list(page, now=NOW).items
    assert [item.title for item in items] == [
        "云溪县食品抽检公示平台",
        "白鹭县食品抽检公示平台",
        "南浦区食品抽检公示平台",
        "青禾县食品抽检公示平台",
        "桐岭区食品抽检公示平台",
    ]
    assert {item.published_at for item in items} == {None}


NOTICES = ["溪口县召开食品安全工作会议", "河东乡开展农村聚餐安全培训", "县市场监管局公布抽检信息"]


def test_the_ranks_of_a_list_are_no_part_of_its_titles() -> None:
    body = "".join(
        f"<li><a href='/2020/0506/10{n}.html'><i>{n}</i>{title}</a></li>" for n, title in enumerate(NOTICES, 1)
    )
    assert [item.title for item in listing(f"<ol>{body}</ol>").items] == NOTICES
    years = [f"{year}年度食品抽检计划公告" for year in (2020, 2022, 2023)]
    body = "".join(f"<li><a href='/2020/0506/10{n}.html'>{title}</a></li>" for n, title in enumerate(years))
    assert [item.title for item in listing(f"<ol>{body}</ol>").items] == years


def test_links_that_a_script_opens() -> None:
    body = "".join(
        f"<li><a href='javascript:void(0)' onclick=\"window.open('/xw/{100 + n}.html')\">{title}</a>"
        "<span>2020-05-06</span></li>"
        for n, title in enumerate(NOTICES)
    )
    found = listing(f"<ul>{body}</ul><a href=\"javascript:scroll('top')\">返回本页的顶部位置</a>")
    assert [item.url for item in found.items] == [f"http://www.example.gov.cn/xw/{100 + n}.html" for n in range(3)]


FROM_ZERO = "<a href='index.html'>1</a> <a href='index_1.html'>2</a> <a href='index_2.html'>3</a>"


@pytest.mark.parametrize(
    ("url", "pager", "following"),
    [
        ("index.html", "<b>1</b> <a href='list_2.html'>2</a> <a href='list_3.html'>3</a>", "list_2.html"),
        ("list_2.html", "<a href='index.html'>1</a> <b>2</b> <a href='list_3.html'>3</a>", "list_3.html"),
        ("index.html", FROM_ZERO, "index_1.html"),
        ("index_1.html", FROM_ZERO, "index_2.html"),
        ("index_2.html", "<a href='index.html'>1</a> <a href='index_1.html'>2</a> <b>3</b>", None),
    ],
)
def test_a_pager_of_numbers_in_the_names_of_pages(url: str, pager: str, following: str | None) -> None:
    items = rows(*((f"/2020/0506/{n}.html", title, "2020-05-06") for n, title in enumerate(NOTICES)))
    found = listing(items + f"<div>{pager}</div>", f"http://www.example.gov.cn/yw/{url}")
    assert (found.next.url if found.next else None) == (
        f"http://www.example.gov.cn/yw/{following}" if following else None
    )


@pytest.mark.parametrize(
    ("box", "following"),
    [
        ('<div class="paging"><span class="current">1</span></div>', None),
        ('<div class="pagination">共1页</div>', None),
        ('<div class="pager"><script>draw()</script></div>', "index_2.html"),
        ('<div class="paging"></div>', "index_2.html"),
        ("", "index_2.html"),
    ],
)
def test_the_next_number_is_tried_only_where_a_script_draws_the_pager(box: str, following: str | None) -> None:
    items = rows(*((f"/yw/content/post_{n}.html", NOTICES[n % len(NOTICES)] + str(n), "2020-05-06") for n in range(10)))
    found = listing(f"<script>var NFCMS_SITE_ID = 1, NFCMS_CAT_ID = '22'</script>{items}{box}")
    assert found.platform == "nfcms"
    assert (found.next.url if found.next else None) == (
        f"http://www.example.gov.cn/yw/{following}" if following else None
    )
