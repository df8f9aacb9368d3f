"""Segments: the inverted index of the articles, for search in Chinese, built as Lucene builds one (`text/postings.py`).

Whoever writes articles writes a fresh segment of their tokens first, so that none is stored that can't be found. Once
sixteen of a size have gathered, one process makes a larger one of them: up to 255 articles stay a text, more are
inverted, up to 65,535. A segment never changes. An article that changed is in several; what a segment says of it may be
out of date, so whoever searches looks at the article itself.

Whatever moment a process is killed at, every article is in a segment: the larger one is there, whole, before those it
replaces go. Who reads one while it goes misses a part of it, and reads again.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from crawler.storage.errors import StoreAway
from crawler.text.postings import Words, divided, inverted, joined, lines_of, merged
from crawler.text.segments import (
    BROKEN,
    FAN,
    IDS,
    LAST_LEVEL,
    MOST_FRESH,
    PARTS,
    all_keys,
    ids_key,
    level,
    packed_ids,
    part_key,
    unpacked_ids,
)

if TYPE_CHECKING:
    from crawler.storage.store import Store

logger = logging.getLogger(__name__)

Document = dict[str, Any]
CLAIM = timedelta(minutes=10)
"""How long a process may merge before another may think it dead."""
CLAIM_KEY = "segments"
_CHUNK = 100


class _Lost(Exception):
    """Another process thought this one dead, and merges."""


class _Broken(Exception):
    """Parts of a segment are missing."""


class Segments:
    """The segments of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._written = 0

    async def add(self, articles: Mapping[str, Sequence[str]]) -> None:
        """Write the tokens of articles, by `_id`, as fresh segments. Raises PyMongoError."""
        if made := fresh_segments(articles):
            await self._store.database["segments"].insert_many(made)
            self._written += len(made)

    async def clear(self) -> None:
        """Take all segments away. Raises PyMongoError."""
        for name in ("segments", "postings"):
            await self._store.database[name].delete_many({})

    async def tidy(self) -> None:
        """Merge, once this process has written so many segments that it may be time. Raises StoreError."""
        if self._written >= FAN:
            self._written = 0
            await self.merge()

    async def merge(self) -> int:
        """Merge what there is enough of, unless another process does; how many segments were made. A store that goes
        away is waited for by the next request, not here, and a broken index is told in the log. Raises StoreError."""
        made = 0
        try:
            while await self._store.retrying(self._merge_some, 0):
                made += 1
        except _Broken:
            logger.error("%s", BROKEN)
        except (StoreAway, _Lost):
            return made
        return made

    async def _merge_some(self) -> bool:
        if not _due(await self._sizes()) or not await self._claim():
            return False
        new = uuid.uuid4().hex
        await self._clean_up(new)
        if inputs := _due(await self._sizes()):
            await self._make(new, inputs)
        # Where this was not reached, whoever claims it next takes away what is there of `new`.
        await self._store.database["maintenance"].delete_one({"_id": CLAIM_KEY, "making": new})
        return bool(inputs)

    async def _sizes(self) -> list[Document]:
        """Every segment with its number of articles, the oldest first."""
        rows = self._store.database["segments"].find({}, {"articles": 1, "made_at": 1, "replaces": 1})
        return sorted([row async for row in rows], key=lambda row: row["made_at"])

    async def _claim(self) -> bool:
        now = datetime.now(UTC)
        row = await self._store.database["maintenance"].find_one({"_id": CLAIM_KEY})
        if row is None:
            try:
                await self._store.database["maintenance"].insert_one({"_id": CLAIM_KEY, "claimed_until": now + CLAIM})
            except DuplicateKeyError:  # another process was faster
                return False
            return True
        until = row["claimed_until"]
        return until < now and await self._set({"claimed_until": until}, {"claimed_until": now + CLAIM})

    async def _set(self, expected: Document, values: Document) -> bool:
        """Whether the claim was as `expected`, and has the `values` now."""
        rows = self._store.database["maintenance"]
        done = await rows.update_one({"_id": CLAIM_KEY, **expected}, {"$set": values})
        return bool(done.matched_count)

    async def _clean_up(self, new: str) -> None:
        """Take away what a killed process left, and say what this one makes."""
        left = await self._store.database["maintenance"].find_one({"_id": CLAIM_KEY})
        unfinished = left.get("making") if left else None
        await self._set({}, {"making": new})
        rows = await self._sizes()
        by_key = {row["_id"]: row for row in rows}
        if unfinished and unfinished not in by_key:
            await self._delete_parts(all_keys(unfinished, (1 << 16) - 1))
        replaced = {key for row in rows for key in row.get("replaces", ())}
        await self._delete([by_key[key] for key in replaced & by_key.keys()])

    async def _make(self, new: str, inputs: Sequence[Document]) -> None:
        """Write a segment in place of `inputs`."""
        keys = [row["_id"] for row in inputs]
        rows = {row["_id"]: row async for row in self._store.database["segments"].find({"_id": {"$in": keys}})}
        whole = [rows[key] for key in keys]
        size = sum(row["articles"] for row in whole)
        if size <= MOST_FRESH:
            lines = await asyncio.to_thread(joined, [row["lines"] for row in whole])
            document = _fresh(new, [key for row in whole for key in unpacked_ids(row["ids"])], lines)
        else:
            document = {"_id": new, "articles": size, "made_at": datetime.now(UTC)}
            await self._write_ids(new, whole)
            if "lines" in whole[0]:
                await self._invert(new, whole, PARTS[level(size)])
            else:
                await self._merge_parts(new, whole, PARTS[level(size)])
        await self._still_ours(new)
        await self._store.database["segments"].insert_one({**document, "replaces": keys})
        await self._delete(whole)

    async def _write_ids(self, new: str, inputs: Sequence[Document]) -> None:
        ids: list[str] = []
        for row in inputs:
            stored = [row["ids"]] if "ids" in row else await self._ids_of(row)
            ids += [key for each in stored for key in unpacked_ids(each)]
        starts = range(0, len(ids), IDS)
        await self._write(new, {ids_key(new, start): packed_ids(ids[start : start + IDS]) for start in starts})

    async def _ids_of(self, row: Document) -> list[bytes]:
        keys = [ids_key(row["_id"], number) for number in range(0, row["articles"], IDS)]
        found = await self._read(keys)
        return [found[key] for key in keys]

    async def _invert(self, new: str, inputs: Sequence[Document], parts: int) -> None:
        words = await asyncio.to_thread(inverted, [row["lines"] for row in inputs])
        await self._write_parts(new, words, range(parts), parts)

    async def _merge_parts(self, new: str, inputs: Sequence[Document], parts: int) -> None:
        before = PARTS[level(inputs[0]["articles"])]
        bases = list(_bases(inputs))
        for part in range(before):
            keys = [part_key(row["_id"], part) for row in inputs]
            found = await self._read(keys)
            pairs = [(base, found[key]) for base, key in zip(bases, keys, strict=True)]
            words = await asyncio.to_thread(merged, pairs)
            await self._write_parts(new, words, range(part, parts, before), parts)

    async def _write_parts(self, new: str, words: Words, those: range, parts: int) -> None:
        """Write `those` of so many parts: all that `words` are in, and empty ones, which a reader would miss."""
        shares = await asyncio.to_thread(divided, words, parts)
        nothing = divided({b"": b""}, 1)[0]
        await self._write(new, {part_key(new, part): shares.get(part, nothing) for part in those})

    async def _write(self, new: str, documents: Mapping[str, bytes]) -> None:
        await self._still_ours(new)
        rows = [{"_id": key, "data": data} for key, data in documents.items()]
        for start in range(0, len(rows), _CHUNK):
            await self._store.database["postings"].insert_many(rows[start : start + _CHUNK], ordered=False)

    async def _still_ours(self, new: str) -> None:
        """Raises _Lost where another process has begun to merge."""
        if not await self._set({"making": new}, {"claimed_until": datetime.now(UTC) + CLAIM}):
            raise _Lost

    async def _read(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The data under `keys`. Raises _Broken."""
        rows = self._store.database["postings"].find({"_id": {"$in": list(keys)}})
        found = {row["_id"]: row["data"] async for row in rows}
        if len(found) < len(keys):
            raise _Broken
        return found

    async def _delete(self, segments: Sequence[Document]) -> None:
        if segments:
            keys = [row["_id"] for row in segments]
            await self._store.database["segments"].delete_many({"_id": {"$in": keys}})
            for row in segments:
                if row["articles"] > MOST_FRESH:
                    await self._delete_parts(all_keys(row["_id"], row["articles"]))

    async def _delete_parts(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _CHUNK):
            await self._store.database["postings"].delete_many({"_id": {"$in": list(keys[start : start + _CHUNK])}})


def fresh_segments(articles: Mapping[str, Sequence[str]]) -> list[Document]:
    """The documents of `segments` that hold the tokens of articles, by `_id`."""
    keys = list(articles)
    groups = [keys[start : start + MOST_FRESH] for start in range(0, len(keys), MOST_FRESH)]
    return [_fresh(uuid.uuid4().hex, group, lines_of(articles[key] for key in group)) for group in groups]


def _fresh(key: str, ids: Sequence[str], lines: bytes) -> Document:
    return {"_id": key, "articles": len(ids), "made_at": datetime.now(UTC), "ids": packed_ids(ids), "lines": lines}


def _due(rows: Sequence[Document]) -> list[Document]:
    """The segments to merge next, the oldest of their size; empty: there are not enough of any size."""
    for size in range(LAST_LEVEL):
        alike = [row for row in rows if level(row["articles"]) == size]
        if len(alike) >= FAN:
            return alike[:FAN]
    return []


def _bases(inputs: Sequence[Document]) -> Iterator[int]:
    """The number that the first article of each segment has in one made of all."""
    base = 0
    for row in inputs:
        yield base
        base += row["articles"]
