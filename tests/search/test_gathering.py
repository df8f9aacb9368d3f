"""Reading back in time, and through an index: the same articles either way, and no more than are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.search import search as newest
from crawler.search.filters import Filters
from crawler.search.output import bounded
from crawler.search.search import Found, gather, search, windows
from crawler.storage.schema import COLLECTIONS
from crawler.storage.store import connect
from crawler.text.tokens import tokens
from tests.indexed import make_findable

NEWEST = datetime(2026, 3, 1, tzinfo=UTC)
AGES = (0, 1, 1, 40, 300, 3000)
"""Days before NEWEST."""
ALL = ("a0", "a1", "a2", "a3", "a4", "a5", "future", "old", "undated")


def document(key: str, published: datetime | None, body: str) -> dict[str, Any]:
    title = f"通报{key}"
    return {
        "_id": key,
        "url": f"http://x.example/{key}",
        "title": title,
        "body": body,
        "published_at": published,
        "site": {"code": "331121", "name": "青田县"},
        "section": None,
        "source": None,
        "original": None,
        "cluster": key,
        "relevance": None,
        "place_codes": ["331122"] if key == "a0" else [],
        "tokens": tokens(title, body),
    }


@pytest.fixture
def articles(mongo_uri: str, database: str) -> Iterator[Any]:
    """Articles a0 to a5 of the AGES, one of the year 1970, one of the year 2999, and one without a date; 米粉 in each,
    酱菜 in a4 alone."""
    dates = [NEWEST - timedelta(days=days) for days in AGES]
    rows = [document(f"a{at}", when, "抽检米粉。" + "酱菜。" * (at == 4)) for at, when in enumerate(dates)]
    rows.append(document("old", datetime(1970, 1, 1, tzinfo=UTC), "抽检米粉。"))
    rows.append(document("future", datetime(2999, 1, 1, tzinfo=UTC), "抽检米粉。"))
    rows.append(document("undated", None, "抽检米粉。"))
    with connect(mongo_uri, None) as client:
        collection = client[database]["articles"]
        for index in COLLECTIONS["articles"].indexes:
            collection.create_index(list(index.keys), name=index.name)
        collection.insert_many(rows)
        make_findable(client[database], rows)
        yield collection


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even an article or none left are too many to be read at once."""
    monkeypatch.setattr(newest, "FEW", -1)


def keys(articles: Any, since: datetime | None = None, until: datetime | None = None) -> list[str]:
    return [row["_id"] for window in windows(articles, ("title",), since, until) for row in window.rows]


def test_few_articles_come_in_one_window(articles: Any) -> None:
    (window,) = windows(articles, ("title",), None, None)
    assert window.begin is None
    assert sorted(row["_id"] for row in window.rows) == sorted(ALL)
    assert gathered(articles, "抽检米粉", 2) == (sorted(ALL), None)


def test_where_few_are_left_they_come_in_one_window(articles: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "FEW", 6)
    first, second = windows(articles, ("title",), None, NEWEST)
    assert (first.begin, {row["_id"] for row in first.rows}) == (NEWEST - timedelta(days=1), {"a0", "a1", "a2"})
    assert (second.begin, {row["_id"] for row in second.rows}) == (None, {"a3", "a4", "a5", "old"})


def test_articles_that_nobody_has_indexed_yet_come_in_windows(articles: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    articles.database["segments"].delete_many({})
    monkeypatch.setattr(newest, "FEW", 8)
    read = list(windows(articles, ("title",), None, None))
    assert len(read) > 1
    assert sorted(row["_id"] for window in read for row in window.rows) == sorted(ALL)


@pytest.mark.usefixtures("many")
def test_windows_hold_every_article_once_newest_first(articles: Any) -> None:
    read = keys(articles)
    assert sorted(read) == sorted(ALL)
    assert [key for key in read if key not in ("a1", "a2")] == ["future", "a0", "a3", "a4", "a5", "old", "undated"]


@pytest.mark.parametrize("few", [-1, 2, 500])
@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((NEWEST, None), ["a0", "future"]),
        ((NEWEST, NEWEST), ["a0"]),
        ((NEWEST - timedelta(days=1), NEWEST), ["a0", "a1", "a2"]),
        ((None, NEWEST - timedelta(days=40)), ["a3", "a4", "a5", "old"]),
        ((datetime(2900, 1, 1, tzinfo=UTC), None), ["future"]),
        ((datetime(1960, 1, 1, tzinfo=UTC), datetime(1980, 1, 1, tzinfo=UTC)), ["old"]),
        ((datetime(1960, 1, 1, tzinfo=UTC), NEWEST - timedelta(days=3000)), ["a5", "old"]),
    ],
)
def test_windows_keep_both_bounds(
    articles: Any,
    monkeypatch: pytest.MonkeyPatch,
    bounds: tuple[datetime | None, datetime | None],
    expected: list[str],
    few: int,
) -> None:
    monkeypatch.setattr(newest, "FEW", few)
    assert sorted(keys(articles, *bounds)) == expected


def gathered(
    articles: Any, query: str, most: int | None, until: datetime | None = None
) -> tuple[list[str], datetime | None]:
    done = gather(articles, Filters.read(query, until=until), (), lambda row: str(row["_id"]), most)
    return sorted(done.made), done.back_to


@pytest.mark.usefixtures("many")
def test_enough_is_enough_and_says_back_to_when(articles: Any) -> None:
    # The first window is a day.
    assert gathered(articles, "抽检米粉", 2, NEWEST) == (["a0", "a1", "a2"], NEWEST - timedelta(days=1))
    found = search(articles, Filters.read("抽检米粉", until=NEWEST), 1, 2)
    assert (found.matched, found.stories, len(found.hits)) == (3, 3, 1)
    assert found.back_to == NEWEST - timedelta(days=1)
    assert gathered(articles, "抽检米粉", None) == (sorted(ALL), None)
    # As many as there are is all there are.
    assert gathered(articles, "抽检米粉", 9) == (sorted(ALL), None)


@pytest.mark.usefixtures("many")
def test_a_rare_word_is_found_through_the_postings_however_old_it_is(articles: Any) -> None:
    asked: list[Any] = []

    class Watched:
        """The collection, and what was asked of it."""

        database = articles.database

        def find(self, query: Any, *rest: Any, **options: Any) -> Any:
            asked.append(query)
            return articles.find(query, *rest, **options)

    assert gathered(Watched(), "酱菜 抽检", 5) == (["a4"], None)
    assert asked == [{"_id": {"$in": ["a4"]}}]
    asked.clear()
    # In every article: reading back in time meets the newest one first.
    assert gathered(Watched(), "米粉", 1, NEWEST) == (["a0", "a1", "a2"], NEWEST - timedelta(days=1))
    assert all("_id" not in query for query in asked)
    asked.clear()
    # Where all are asked for, so are they by their ids.
    assert gathered(Watched(), "米粉", None)[0] == sorted(keys(articles))
    assert len(asked) == 1


def test_the_sentence_about_what_was_not_looked_at() -> None:
    assert list(bounded(Found((), 3, 3))) == []
    assert list(bounded(Found((), 3, 3, NEWEST))) == [
        "Older ones than 2026-03-01 08:00 were not looked at; --all counts and ranks them too."
    ]
