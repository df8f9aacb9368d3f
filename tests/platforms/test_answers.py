"""JSON answers of list interfaces that no platform knows: their rows, and the request for the next page."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.parsing.page import Page, PageRequest
from crawler.platforms.base import Listing
from crawler.platforms.reading import read_list

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
URL = "http://www.moxian.gov.cn/api/list"
HOST = "http://www.moxian.gov.cn"


def listing(answer: Any, sent: PageRequest | None = None) -> Listing:
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return read_list(Page.from_bytes(text.encode(), sent.url if sent else URL, sent=sent), now=NOW)


def read(found: Listing) -> list[tuple[str, str, str | None]]:
    return [
        (item.url, item.title, f"{item.published_at:%Y-%m-%d}" if item.published_at else None) for item in found.items
    ]


MARKET = (f"{HOST}/xw/202405/t20240506_101.html", "墨县农贸市场快检室全部开放", "2024-05-06")
SCHOOL = (f"{HOST}/xw/202405/t20240507_102.html", "溪口小学食堂换上透明橱窗", "2024-05-07")


def test_fields_with_upper_case_names_and_a_utc_time() -> None:
    rows = [
        {
            "DOCID": 7,
            "DOCTITLE": "墨县农贸市场<em>快检室</em>全部开放",
            "DOCPUBURL": MARKET[0],
            "PUBDATE": "2024-05-05T18:30:00.000Z",
            "DOCCONTENT": "县市场监管局……",
            "CRTIME": "2020-01-01 00:00:00",
        },
        {
            "DOCTITLE": SCHOOL[1],
            "DOCPUBURL": SCHOOL[0],
            "PUBDATE": "2024-05-07T01:00:00.000Z",
            "CRTIME": "2020-01-01 00:00:00",
        },
    ]
    found = listing({"page": {"content": rows, "total": "31", "pageSize": 2}})
    assert read(found) == [MARKET, SCHOOL]
    assert found.total == 31


def test_fields_named_by_the_initials_of_chinese_words() -> None:
    rows = [
        {"BT": title, "URL": url.removeprefix(HOST), "FBRQ": day.replace("-", "/")}
        for url, title, day in (MARKET, SCHOOL)
    ]
    assert read(listing({"datas": rows})) == [MARKET, SCHOOL]


def test_a_title_without_a_telling_name() -> None:
    rows = [
        {
            "site": "墨县人民政府网",
            "f_1": "墨县人民政府门户网站",
            "f_2": title,
            "f_3": f"{title}各乡镇人民政府：" + "为保障食品安全，" * 60,
            "save_time": f"{day} 00:00:00",
            "doc_pub_url": url,
        }
        for url, title, day in (MARKET, SCHOOL)
    ]
    assert read(listing({"data": {"list": rows, "pager": {"total": 2}}})) == [MARKET, SCHOOL]


def test_the_categories_of_a_search_are_one_list() -> None:
    answer = {
        "searchVO": {
            "listVO": [],
            "hotwords": ["米粉"],
            "catMap": {
                "notices": {"listVO": [{"title": MARKET[1], "url": MARKET[0], "pubtime": 1714960800000}]},
                "files": {"listVO": [{"title": SCHOOL[1], "url": SCHOOL[0], "pubtime": 1715047200000}]},
            },
        }
    }
    assert read(listing(answer)) == [MARKET, SCHOOL]


@pytest.mark.parametrize("wrapper", ["data", "source"])
def test_rows_inside_wrappers(wrapper: str) -> None:
    rows = [{"score": 1, wrapper: {"title": t, "url": u, "publishDate": d}} for u, t, d in (MARKET, SCHOOL)]
    assert read(listing({"dataResults": rows})) == [MARKET, SCHOOL]


def test_pieces_of_html() -> None:
    pieces = [
        f"<div class='box'><a href='{url}'>{title}</a><span>时间：{day}</span></div>"
        for url, title, day in (MARKET, SCHOOL)
    ]
    assert read(listing({"result": pieces, "total": 2})) == [MARKET, SCHOOL]


def test_an_answer_inside_a_callback() -> None:
    rows = [{"title": t, "link": u, "time": d} for u, t, d in (MARKET, SCHOOL)]
    assert read(listing(f"jQuery1124_17({json.dumps({'rows': rows})});")) == [MARKET, SCHOOL]


def test_a_picture_is_not_the_article() -> None:
    rows = [
        {"title": t, "imgUrl": "/images/a.jpg", "coverUrl": "/b.png", "pageUrl": u, "date": d}
        for u, t, d in (MARKET, SCHOOL)
    ]
    assert read(listing({"data": {"data": rows}})) == [MARKET, SCHOOL]


@pytest.mark.parametrize(
    "answer",
    [
        {"success": False, "data": {}},
        {"menu": [{"name": "政务公开栏目导航", "id": 1}, {"name": "互动交流栏目导航", "id": 2}]},
        {"data": [{"title": "食品", "url": "/a.html"}, {"title": "药品", "url": "/b.html"}]},
        {"data": [{"title": "墨县首页轮播大图一", "url": "/lunbo1.jpg"}]},
        [1, 2, 3],
        "{torn",
    ],
)
def test_answers_that_list_no_articles(answer: Any) -> None:
    found = listing(answer)
    assert (found.items, found.next, found.reason) == ((), None, "empty")


ROWS = {"rows": [{"title": t, "url": u, "date": d} for u, t, d in (MARKET, SCHOOL)]}


@pytest.mark.parametrize(
    ("query", "answer", "following"),
    [
        ("cat=3&pageNo=1&pageSize=2", {**ROWS, "total": 5}, "cat=3&pageNo=2&pageSize=2"),
        ("cat=3&pageNo=3&pageSize=2", {**ROWS, "total": 5}, None),
        ("page=0&size=2", {**ROWS, "totalPages": 2}, "page=1&size=2"),
        ("page=1&size=2&from=0", {**ROWS, "totalPages": 1}, None),
        ("p=4", ROWS, "p=5"),
        ("cat=3", {**ROWS, "total": 5}, None),
    ],
)
def test_the_next_page_by_address(query: str, answer: Any, following: str | None) -> None:
    found = listing(answer, PageRequest(f"{URL}?{query}"))
    assert (found.next.url if found.next else None) == (f"{URL}?{following}" if following else None)


def test_the_next_page_by_form_and_by_json() -> None:
    form = listing(ROWS, PageRequest(URL, "POST", b"siteId=4&currentPage=1", (("X-A", "b"),)))
    assert form.next == PageRequest(URL, "POST", b"siteId=4&currentPage=2", (("X-A", "b"),))
    asked = json.dumps({"channel": "食品", "pageNum": "1"}).encode()
    body = listing({**ROWS, "data": {"pageCount": 9}}, PageRequest(URL, "POST", asked)).next
    assert body is not None
    assert body.body is not None
    assert json.loads(body.body) == {"channel": "食品", "pageNum": "2"}
