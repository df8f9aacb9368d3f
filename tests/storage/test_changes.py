"""ChangeNumber numbers: what a search index may rely on, whatever writers and clocks do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.storage import changes
from crawler.storage.changes import KEY, ChangeHead, read_head, start_over
from crawler.storage.store import Store, connect, open_store


@pytest.fixture
def there(mongo_uri: str, database: str) -> Iterator[Any]:
    with connect(mongo_uri, None) as client:
        yield client[database]


def in_store(uri: str, name: str, work: Any) -> Any:
    async def do() -> Any:
        store: Store = await open_store(uri, name, None)
        try:
            return await work(store.database)
        finally:
            await store.close()

    return asyncio.run(do())


def test_a_number_is_finished_only_when_all_before_it_are(mongo_uri: str, database: str, there: Any) -> None:
    assert read_head(there) == ChangeHead()

    async def work(store: Any) -> None:
        first, second = await changes.begin(store), await changes.begin(store)
        assert (first.number, second.number) == (1, 2)
        await changes.finish(store, second)
        head = read_head(there)
        assert (head.number, head.finished) == (2, 0)
        await changes.finish(store, first)
        assert read_head(there).finished == 2

    in_store(mongo_uri, database, work)


def test_writers_at_once_take_different_numbers(mongo_uri: str, database: str) -> None:
    async def work(store: Any) -> list[int]:
        return [each.number for each in await asyncio.gather(*(changes.begin(store) for _ in range(20)))]

    assert sorted(in_store(mongo_uri, database, work)) == list(range(1, 21))


def test_a_killed_writer_is_closed_and_a_slow_one_numbers_again(mongo_uri: str, database: str, there: Any) -> None:
    async def work(store: Any) -> None:
        slow = await changes.begin(store)
        there["articles"].insert_one(
            {
                **dict.fromkeys(("_id", "url", "canonical_url", "title"), "x"),
                **dict.fromkeys(("first_seen_at", "last_seen_at", "changed_at"), datetime(2026, 1, 1, tzinfo=UTC)),
                **{"cluster": "x", "revision": 1, "change": slow.number},
            }
        )
        long_ago = datetime.now(UTC) - timedelta(seconds=changes.OPEN_SECONDS + 60)
        there["changes"].update_one({"_id": KEY}, {"$set": {f"open.{slow.key}.at": long_ago}})
        await changes.finish(store, await changes.begin(store))
        # A reader may have passed by now.
        passed = read_head(there)
        assert (passed.number, passed.finished) == (2, 2)
        await changes.finish(store, slow)
        assert there["articles"].find_one({"_id": "x"})["change"] == 3
        assert read_head(there).finished == 3

    in_store(mongo_uri, database, work)


def test_imported_articles_begin_a_new_epoch(there: Any) -> None:
    start_over(there, 7)
    first = read_head(there)
    start_over(there, 3)
    second = read_head(there)
    assert (first.number, second.number) == (7, 7)
    assert first.epoch != second.epoch
