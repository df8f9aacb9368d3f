"""OpenChange numbers: how a search index learns which articles changed, without a clock.

Whoever writes articles takes the next number from the document `articles` of the collection `changes`, puts it into
every article it writes (`change`), and reports the number as finished. While it is open, a reader knows that more
articles with this number may come. A number that was left open by a killed process is closed after OPEN_SECONDS of the
server's time; if that process was only slow, it notices when it finishes and numbers its articles again. So a reader
that has read all articles up to the last number before the first open one never misses a change, whatever the clocks
of crawlers and server do.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crawler.errors import StoreError

KEY = "articles"
_TRIES = 5
OPEN_SECONDS = 600
"""A batch takes less: the driver gives up on an answer after two minutes."""


@dataclass(frozen=True)
class OpenChange:
    """A change number that was taken, and the key under which it is open."""

    number: int
    key: str


@dataclass(frozen=True)
class ChangeHead:
    """The state of a database: the last `number` taken, the last one up to which every write is `finished`, and the
    `epoch`, which another database, or one whose numbers began again, doesn't share. Empty and 0 if nobody ever
    wrote."""

    number: int = 0
    finished: int = 0
    epoch: str = ""


async def begin(database: Any) -> OpenChange:
    """Take the next number in `database` (asynchronous). Raises StoreError if the server returns none."""
    key = uuid.uuid4().hex
    for _ in range(_TRIES):
        if row := await _take(database, key):
            break
        # No upsert: the embedded server answers one of several at once with nothing.
        with suppress(DuplicateKeyError):
            await database["changes"].insert_one({"_id": KEY, "number": 0, "epoch": key, "open": {}})
    else:
        raise StoreError("The server returned no change number: see the collection changes.")
    now = row["open"][key]["at"]
    left = [other for other, each in row["open"].items() if now - each["at"] > timedelta(seconds=OPEN_SECONDS)]
    if left:
        await database["changes"].update_one({"_id": KEY}, {"$unset": {f"open.{other}": "" for other in left}})
    return OpenChange(row["number"], key)


async def _take(database: Any, key: str) -> dict[str, Any] | None:
    update = [
        {"$set": {"number": {"$add": ["$number", 1]}}},
        {"$set": {f"open.{key}": {"number": "$number", "at": "$$NOW"}}},
    ]
    after = ReturnDocument.AFTER
    row: dict[str, Any] | None = await database["changes"].find_one_and_update(
        {"_id": KEY}, update, return_document=after
    )
    return row


async def finish(database: Any, change: OpenChange) -> None:
    """Report that every write of `change` has been acknowledged."""
    while not await _close(database, change):
        # Another process took us for dead, and readers may have passed our number by.
        late, change = change, await begin(database)
        await database["articles"].update_many({"change": late.number}, {"$set": {"change": change.number}})


async def _close(database: Any, change: OpenChange) -> bool:
    name = f"open.{change.key}"
    done = await database["changes"].update_one({"_id": KEY, name: {"$exists": True}}, {"$unset": {name: ""}})
    return bool(done.matched_count)


def read_head(database: Any) -> ChangeHead:
    """The state of `database` (synchronous)."""
    row = database["changes"].find_one({"_id": KEY})
    if row is None:
        return ChangeHead()
    finished = min((each["number"] - 1 for each in row["open"].values()), default=row["number"])
    return ChangeHead(row["number"], finished, row["epoch"])


def start_over(database: Any, number: int) -> None:
    """Begin a new epoch in `database` (synchronous) after articles with numbers up to `number` were imported."""
    update = {"$set": {"epoch": uuid.uuid4().hex, "open": {}}, "$max": {"number": number}}
    database["changes"].update_one({"_id": KEY}, update, upsert=True)
