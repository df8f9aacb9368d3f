"""The index for search: everything that was written is found, whatever merges and whoever is killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from crawler.errors import StoreError
from crawler.storage.search_index import CLAIM_KEY, Segments, all_keys, few_holding, holding
from crawler.storage.store import connect, open_store

EACH, SEGMENTS = 20, 256
"""Sixteen segments of twenty articles are inverted; sixteen of those make one of 5,120."""


def tokens_of(number: int) -> list[str]:
    return ["抽检", f"w{number % 7}", f"n{number}"]


def articles(first: int) -> dict[str, list[str]]:
    return {f"a{number}": tokens_of(number) for number in range(first, first + EACH)}


@pytest.fixture
def there(mongo_uri: str, database: str) -> Iterator[Database[dict[str, Any]]]:
    with connect(mongo_uri, None) as client:
        yield client[database]


async def write(uri: str, name: str, first: int, last: int, *, merging: bool) -> None:
    """Write the segments from number `first` to before `last`."""
    store = await open_store(uri, name, None)
    segments = Segments(store)
    for number in range(first, last):
        await segments.add(articles(number * EACH))
        if merging:
            await segments.tidy()
    await store.close()


async def merge(uri: str, name: str) -> int:
    store = await open_store(uri, name, None)
    try:
        return await Segments(store).merge()
    finally:
        await store.close()


def check(database: Database[dict[str, Any]], count: int) -> None:
    """All of so many articles are found, by every kind of token."""
    everything = [f"a{number}" for number in range(count)]
    assert holding(database, ["抽检"]) == sorted(everything)
    told: list[tuple[int, int]] = []
    assert few_holding(database, ["抽检"], lambda *counts: bool(told.append(counts))) is None
    assert told == [(count, count)]
    assert holding(database, ["w3", "抽检"]) == sorted(everything[3::7])
    for number in (0, 19, 20, count // 2, count - 1):
        assert holding(database, [f"n{number}"]) == [f"a{number}"]
    assert holding(database, ["n1", "n2"]) == holding(database, ["nothing"]) == []


def sizes(database: Database[dict[str, Any]]) -> list[int]:
    return sorted(row["articles"] for row in database["segments"].find({}))


def test_segments_grow_and_lose_nothing(mongo_uri, database, there):
    asyncio.run(write(mongo_uri, database, 0, 15, merging=True))
    assert sizes(there) == [EACH] * 15
    assert there["postings"].count_documents({}) == 0
    check(there, 15 * EACH)
    asyncio.run(write(mongo_uri, database, 15, SEGMENTS, merging=True))
    asyncio.run(merge(mongo_uri, database))
    assert sizes(there) == [EACH * SEGMENTS]
    (segment,) = there["segments"].find({})
    # Nothing is left of what it was made of.
    assert {row["_id"] for row in there["postings"].find({})} == set(all_keys(segment["_id"], EACH * SEGMENTS))
    assert there["maintenance"].find_one({"_id": CLAIM_KEY}) is None
    check(there, EACH * SEGMENTS)


def test_very_small_ones_are_joined_as_they_are(mongo_uri, database, there):
    async def drip() -> None:
        store = await open_store(mongo_uri, database, None)
        segments = Segments(store)
        for number in range(100):
            await segments.add({f"a{number}": tokens_of(number)})
            await segments.tidy()
        await store.close()

    asyncio.run(drip())
    assert sizes(there) == [1] * 4 + [16] * 6
    check(there, 100)


def test_a_reader_finds_everything_while_two_merge(mongo_uri, database, there):
    asyncio.run(write(mongo_uri, database, 0, SEGMENTS, merging=False))
    everything = {f"a{number}" for number in range(EACH * SEGMENTS)}
    done, looked, short = threading.Event(), 0, []

    def read() -> None:
        nonlocal looked
        while not done.is_set():
            looked += 1
            if set(holding(there, ["抽检"])) != everything:
                short.append(looked)

    async def both() -> None:
        await asyncio.gather(merge(mongo_uri, database), merge(mongo_uri, database))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        asyncio.run(both())
        asyncio.run(merge(mongo_uri, database))
    finally:
        done.set()
        reader.join()
    assert looked
    assert short == []
    assert sizes(there) == [EACH * SEGMENTS]
    check(there, EACH * SEGMENTS)


MERGE = """
import asyncio, sys
from crawler.storage.store import open_store
from crawler.storage.search_index import Segments

async def merge():
    store = await open_store(sys.argv[1], sys.argv[2], None)
    await Segments(store).merge()

asyncio.run(merge())
"""


def test_what_a_killed_process_left_is_cleaned_up(mongo_uri, database, there):
    asyncio.run(write(mongo_uri, database, 0, 16, merging=False))
    with subprocess.Popen([sys.executable, "-c", MERGE, mongo_uri, database]) as process:
        while not there["postings"].find_one({}) and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
    # Where it was quicker than the signal, this is what it would have left.
    unfinished = {"_id": CLAIM_KEY, "claimed_until": datetime(2999, 1, 1, tzinfo=UTC), "making": "unfinished"}
    if there["maintenance"].find_one({"_id": CLAIM_KEY}) is None:
        there["maintenance"].insert_one(unfinished)
        there["postings"].insert_one({"_id": "unfinished:3", "data": b"x"})
    asyncio.run(write(mongo_uri, database, 16, SEGMENTS, merging=False))
    check(there, EACH * SEGMENTS)
    # As long as it might live, nobody else merges.
    before = sizes(there)
    assert asyncio.run(merge(mongo_uri, database)) == 0
    assert sizes(there) == before
    there["maintenance"].update_one({"_id": CLAIM_KEY}, {"$set": {"claimed_until": datetime(2026, 1, 1, tzinfo=UTC)}})
    assert asyncio.run(merge(mongo_uri, database)) > 0
    segments = {row["_id"]: row["articles"] for row in there["segments"].find({})}
    owned = {key for segment, size in segments.items() if size > 255 for key in all_keys(segment, size)}
    assert {row["_id"] for row in there["postings"].find({})} == owned
    check(there, EACH * SEGMENTS)


def test_segments_that_were_replaced_are_passed_over_and_go(mongo_uri, database, there):
    asyncio.run(write(mongo_uri, database, 0, 16, merging=False))
    old = list(there["segments"].find({}))
    asyncio.run(merge(mongo_uri, database))
    # Killed before it took them away.
    there["segments"].insert_many(old)
    check(there, 16 * EACH)
    asyncio.run(write(mongo_uri, database, 16, 32, merging=True))
    assert sizes(there) == [16 * EACH] * 2
    check(there, 32 * EACH)


def test_a_broken_index_says_what_to_do(mongo_uri, database, there):
    asyncio.run(write(mongo_uri, database, 0, 16, merging=True))
    there["postings"].delete_many({})
    with pytest.raises(
        StoreError, match=r"^Parts of the index for search are missing: `scrapy reindex` makes it anew\.$"
    ):
        holding(there, ["抽检"])


def test_a_broken_index_is_told_and_doesn_t_end_a_crawl(mongo_uri, database, there, caplog):
    asyncio.run(write(mongo_uri, database, 0, 240, merging=True))
    there["postings"].delete_many({})
    asyncio.run(write(mongo_uri, database, 240, SEGMENTS, merging=True))
    assert caplog.messages == ["Parts of the index for search are missing: `scrapy reindex` makes it anew."]
    assert sizes(there) == [16 * EACH] * 16
    # Nothing is written in vain again and again while the claim of the one who failed lasts.
    assert asyncio.run(merge(mongo_uri, database)) == 0
