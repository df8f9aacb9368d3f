"""The HTTP API over a real server: the same words as the Python API, cursors, CSV, errors as JSON."""

from __future__ import annotations

import csv
import io

import pytest

from tests.web.conftest import Served


def test_articles_come_newest_first_and_a_cursor_leads_through_all_of_them(page: Served) -> None:
    titles: list[str] = []
    cursor, answers = None, 0
    while answers < 9:
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        answer = page.client.get("/api/v1/articles", params=query).json()
        answers += 1
        titles += [item["title"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert titles == [
        "标题<script>alert(1)</script>",
        "全县学校食堂秋季检查情况通报",
        "缙云抽检米粉两批次不合格",
        "米粉抽检两批次不合格",
    ]


def test_the_filters_of_search_are_those_of_the_api(page: Served) -> None:
    answer = page.client.get("/api/v1/articles", params={"q": "亚硝酸盐", "originals": "1"}).json()
    assert [item["_id"] for item in answer["items"]] == [page.ids["notice"]]
    assert answer["items"][0]["published_at"] == "2026-11-03T01:30:00+00:00"
    assert answer["matched"] == 1


def test_one_article_and_its_story(page: Served) -> None:
    article = page.client.get(f"/api/v1/articles/{page.ids['reprint']}").json()
    assert article["original"] == page.ids["notice"]
    story = page.client.get(f"/api/v1/stories/{article['cluster']}").json()["items"]
    assert [item["_id"] for item in story] == [page.ids["notice"], page.ids["reprint"]]


def test_counts_in_two_dimensions(page: Served) -> None:
    answer = page.client.get("/api/v1/stats", params={"by": "site,month"}).json()
    assert answer["articles"] == 4
    assert ["青田县", "2026-11", 2] in answer["rows"]


def test_csv_has_the_columns_of_an_export(page: Served) -> None:
    answer = page.client.get("/api/v1/articles.csv", params={"q": "米粉"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["title"] for row in rows} == {"米粉抽检两批次不合格", "缙云抽检米粉两批次不合格"}
    assert {"published_on", "site_name", "source"} <= set(rows[0])


def test_etag_spares_an_unchanged_answer(page: Served) -> None:
    first = page.client.get("/api/v1/sites")
    again = page.client.get("/api/v1/sites", headers={"If-None-Match": first.headers["etag"]})
    assert (first.json()["items"][0]["verdict"], again.status_code) == ("broken", 304)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/articles?limit=0", 400, "limit must be a number from 1 to 100"),
        ("/api/v1/articles?limit=1e3", 400, "limit must be a number from 1 to 100"),
        ("/api/v1/articles?cursor=abc", 400, "the cursor is unknown"),
        ("/api/v1/articles?since=gestern", 400, "gestern"),
        ("/api/v1/articles?site=nirgendwo", 400, "nirgendwo"),
        ("/api/v1/stats?by=price", 400, "price"),
        ("/api/v1/articles/none", 404, "no article with this id"),
        ("/api/v1/stories/none", 404, "no story with this id"),
    ],
)
def test_a_wrong_request_is_one_sentence_in_json(page: Served, path: str, status: int, words: str) -> None:
    answer = page.client.get(path)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_every_endpoint_is_described(page: Served) -> None:
    described = page.client.get("/api/v1/openapi.json").json()["paths"]
    for path in described:
        real = path.replace("{key}", page.ids["notice"])
        assert page.client.get(real).status_code in {200, 404}, path
    assert len(described) == 7
