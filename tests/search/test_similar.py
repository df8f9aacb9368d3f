"""Articles like one article, counts in two dimensions, growth, silent counties, sorting and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.errors import QueryError
from crawler.search.filters import Filters
from crawler.search.follow import catch_up
from crawler.search.index import SearchIndex, Snapshot
from crawler.search.search import find_similar, search
from crawler.search.stats import count, growth_rows, read_by, silent_counties
from tests.search.conftest import Write, make_article


def at(*date: int) -> datetime:
    return datetime(*date, tzinfo=UTC)  # type: ignore[arg-type]


TEXTS = {
    "米线抽检": "县局抽检米线二十批次，检出脱氢乙酸超标，责令作坊停产，封存产品。",
    "米粉抽检": "市局抽检米粉三十批次，检出脱氢乙酸超标，经营者被立案，封存产品。",
    "学校食堂": "开学前检查学校食堂，晨检台账齐全，餐具消毒合格，留样规范。",
    "幼儿园食堂": "检查幼儿园食堂，餐具消毒合格，留样规范，晨检台账缺两天。",
    "杨梅节": "杨梅节开幕，游客采摘杨梅，品尝杨梅酒，活动持续三天。",
    "会议": "全县农业工作会议召开，部署春耕生产。",
}


@pytest.fixture
def ready(write: Write, there: Any, index: SearchIndex) -> tuple[Snapshot, Any]:
    for number, (title, body) in enumerate(TEXTS.items()):
        time = at(2025 + number % 2, 3, 1) + timedelta(days=number)
        site = ("331121", "331122", "cfsn")[number % 3]
        places = [["青田县"], ["缙云县", "青田县"], []][number % 3]
        write(
            make_article(
                number, title, body, site, published_at=time, fetched_at=at(2026, 5, 10 - number), places=places
            )
        )
    return catch_up(index, there).snapshot, there["articles"]


def titles(found: Any) -> list[str]:
    return [hit.article["title"] for hit in found.hits]


def test_what_shares_telling_words_is_similar(ready: tuple[Snapshot, Any]) -> None:
    snapshot, articles = ready
    for one, other in (("米线抽检", "米粉抽检"), ("幼儿园食堂", "学校食堂")):
        found = find_similar(snapshot, articles, articles.find_one({"title": one}), 3)
        assert titles(found)[0] == other
        assert one not in titles(found)
    assert find_similar(snapshot, articles, articles.find_one({"title": "会议"}), 3).hits == ()


def test_counts_in_two_dimensions(ready: tuple[Snapshot, Any]) -> None:
    snapshot, _ = ready
    assert count(snapshot, Filters(), "place").rows == (("青田县", 4), ("unknown", 2), ("缙云县", 2))
    table = count(snapshot, Filters(), "place,year")
    assert table.rows == (
        ("青田县", "2025", 2),
        ("青田县", "2026", 2),
        ("unknown", "2025", 1),
        ("unknown", "2026", 1),
        ("缙云县", "2025", 1),
        ("缙云县", "2026", 1),
    )
    assert table.articles == 6
    for wrong in ("plase", "place,month,year", "month,month", ""):
        with pytest.raises(QueryError):
            read_by(wrong)


def test_growth_counts_the_year_before_also_outside_of_the_filter(ready: tuple[Snapshot, Any]) -> None:
    snapshot, _ = ready
    filters = Filters.read(since="2026-01-01")
    (row,) = growth_rows(snapshot, filters, count(snapshot, filters, "month"))
    assert row == {"month": "2026-03", "articles": 3, "year_before": 3, "growth": 0}
    with pytest.raises(QueryError, match="months or years"):
        growth_rows(snapshot, filters, count(snapshot, filters, "site"))


def test_counties_that_published_nothing(ready: tuple[Snapshot, Any]) -> None:
    snapshot, _ = ready
    silent = silent_counties(snapshot, Filters(), 20, at(2026, 4, 1), ["331121", "331122", "331125"])
    # The latest of 青田县 and 缙云县 are of 4 and 2 March 2026; of 云和县 there is none.
    assert [(each.name, each.days) for each in silent] == [("青田县", 28), ("缙云县", 30), ("云和县", None)]
    assert {each.code for each in silent_counties(snapshot, Filters(), 9, at(2026, 3, 20), ["331121"])} == {"331121"}
    assert silent_counties(snapshot, Filters(), 60, at(2026, 3, 20), ["331121"]) == []


def test_sorting_and_pages(ready: tuple[Snapshot, Any]) -> None:
    snapshot, articles = ready
    newest = search(snapshot, articles, Filters(), 2)
    assert (titles(newest), newest.matched, newest.stories) == (["会议", "幼儿园食堂"], 6, 6)
    assert titles(search(snapshot, articles, Filters(), 2, page=2)) == ["米粉抽检", "杨梅节"]
    assert titles(search(snapshot, articles, Filters(), 9, page=2)) == []
    # The first one came in last.
    assert titles(search(snapshot, articles, Filters(), 1, sort="seen")) == ["米线抽检"]
    seen = Filters.read(seen_since=at(2026, 5, 9))
    assert set(titles(search(snapshot, articles, seen, 9))) == {"米线抽检", "米粉抽检"}
    assert titles(search(snapshot, articles, Filters.read("食堂", type="新闻"), 9, sort="newest")) == [
        "幼儿园食堂",
        "学校食堂",
    ]
