"""Segments: the inverted index of the articles, for search in Chinese, built as Lucene builds one.

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
import struct
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
from pymongo.errors import DuplicateKeyError

from crawler.errors import StoreError, StoreUnavailable
from crawler.storage.store import Store

logger = logging.getLogger(__name__)


# How segments of the inverted index are stored: sizes, parts, and the names of their documents (see
# `storage/search_index.py`). Shared by those who write and those who search.

FAN = 16
"""Segments of a size that become a larger one."""
PARTS = {2: 128, 3: 1024}
"""Of an inverted segment, by its level: a part takes some 20 KB. Each number divides the next."""
LAST_LEVEL = 3
MAX_FRESH = 255
"""Articles of a segment that is a text; a look-up reads all of it."""
BROKEN = "Parts of the index for search are missing: `scrapy reindex` makes it anew."
IDS = 1024
"""Of a document of ids."""


def level(articles: int) -> int:
    """How large a segment of so many articles is: 0 to 15, 255, 4095 and 65,535 articles are levels 0 to 3."""
    return (articles.bit_length() - 1) // 4


def part_key(segment: str, part: int) -> str:
    """The `_id` in `postings` of a part of a segment."""
    return f"{segment}:{part}"


def ids_key(segment: str, number: int) -> str:
    """The `_id` in `postings` of the ids of the article `number` of a segment and its neighbours."""
    return f"{segment}:ids:{number // IDS}"


def all_keys(segment: str, articles: int) -> list[str]:
    """The `_id`s in `postings` of all that belongs to an inverted segment."""
    parts = [part_key(segment, part) for part in range(PARTS[level(articles)])]
    return parts + [ids_key(segment, number) for number in range(0, articles, IDS)]


def packed_ids(ids: Iterable[str]) -> bytes:
    """The `_id`s of articles, in order, as they are stored."""
    return zlib.compress("\n".join(ids).encode("utf-8"))


def unpacked_ids(stored: bytes) -> list[str]:
    """What `packed_ids` was given."""
    return zlib.decompress(stored).decode("utf-8").split("\n")


# Postings: which articles of a segment hold a token, by their numbers in it (information retrieval's inverted
# index). A fresh segment is a text, a line of tokens an article, cheap to write and quick enough to look through.
# Many of them become an inverted one: token → numbers, in parts by a hash of the token, so that a look-up reads one
# part. One B-tree entry for every token of every article, as a multikey index has, costs forty times the space and
# a hundred times the work.

MAX_ARTICLES = 1 << 16
"""Of a segment: a number takes two bytes."""
_LEVEL = 1
"""Of zlib: higher ones save a tenth and take three times as long."""

Words = Mapping[bytes, bytes]
"""Token (UTF-8) → the numbers of its articles, 16 bits each, little-endian."""


def lines_of(articles: Iterable[Iterable[str]]) -> bytes:
    """The lines of articles, given their tokens (words without white space), in their order."""
    return zlib.compress("".join(f" {' '.join(each)} \n" for each in articles).encode("utf-8"), _LEVEL)


def joined(texts: Iterable[bytes]) -> bytes:
    """The lines of several texts as one."""
    return zlib.compress(b"".join(map(zlib.decompress, texts)), _LEVEL)


def holders(text: bytes, tokens: Iterable[str]) -> set[int]:
    """The numbers of the lines that have all `tokens`, one at least."""
    lines = zlib.decompress(text)
    return set.intersection(*(_lines_with(f" {token} ".encode(), lines) for token in tokens))


def inverted(texts: Iterable[bytes]) -> Words:
    """The postings of several texts, their lines numbered on."""
    # Most tokens are in one article: half the memory and time that a list for each would take.
    words: defaultdict[bytes, bytes] = defaultdict(bytes)
    lines = (line for text in texts for line in zlib.decompress(text).splitlines())
    for number, line in enumerate(lines):
        packed = number.to_bytes(2, "little")
        for token in line.split():
            words[token] += packed
    return words


def merged(segments: Iterable[tuple[int, bytes]]) -> Words:
    """The postings of the same part of several segments as one; each is given with the number its first article has
    now."""
    words: defaultdict[bytes, bytes] = defaultdict(bytes)
    for base, part in segments:
        for token, numbers in bson.decode(zlib.decompress(part)).items():
            words[token.encode()] += _packed([base + number for number in _unpacked(numbers)])
    return words


def part_of(token: str, parts: int) -> int:
    """Which of so many parts has a token. Where `parts` is a multiple of another number, each part is within one of
    those."""
    return zlib.crc32(token.encode("utf-8")) % parts


def divided(words: Words, parts: int) -> dict[int, bytes]:
    """Postings as they are stored, by the part they are in, of so many parts."""
    shares: defaultdict[int, dict[str, bytes]] = defaultdict(dict)
    for token, numbers in words.items():
        shares[zlib.crc32(token) % parts][token.decode()] = numbers
    return {part: zlib.compress(bson.encode(share), _LEVEL) for part, share in shares.items()}


def numbers_of(part: bytes, token: str) -> set[int]:
    """The numbers of the articles that have `token`, by the stored part it is in."""
    return set(_unpacked(bson.decode(zlib.decompress(part)).get(token, b"")))


def _lines_with(sought: bytes, lines: bytes) -> set[int]:
    # Line by line it would take five times as long.
    found, number, counted = set(), 0, 0
    at = lines.find(sought)
    while at >= 0:
        number += lines.count(b"\n", counted, at)
        found.add(number)
        counted = at
        at = lines.find(sought, lines.find(b"\n", at))
    return found


def _packed(numbers: list[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


def _unpacked(numbers: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(numbers) // 2}H", numbers)


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
        except (StoreUnavailable, _Lost):
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
        if size <= MAX_FRESH:
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
                if row["articles"] > MAX_FRESH:
                    await self._delete_parts(all_keys(row["_id"], row["articles"]))

    async def _delete_parts(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _CHUNK):
            await self._store.database["postings"].delete_many({"_id": {"$in": list(keys[start : start + _CHUNK])}})


def fresh_segments(articles: Mapping[str, Sequence[str]]) -> list[Document]:
    """The documents of `segments` that hold the tokens of articles, by `_id`."""
    keys = list(articles)
    groups = [keys[start : start + MAX_FRESH] for start in range(0, len(keys), MAX_FRESH)]
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


# Which articles hold certain tokens, by the inverted index of the store (`storage/search_index.py`).

_TRIES = 10
_LOOKUP_CHUNK = 200


class _Gone(Exception):
    """A segment went while it was read: it was merged into a larger one."""


def holding(database: Any, tokens: Iterable[str]) -> list[str]:
    """The `_id` of the articles of `database` (synchronous) that hold all `tokens`, one at least, and perhaps of some
    that did before they changed. Raises StoreError where the index is broken."""
    ids = few_holding(database, tokens, lambda held, indexed: True)
    assert ids is not None
    return ids


def few_holding(database: Any, tokens: Iterable[str], few: Callable[[int, int], bool]) -> list[str] | None:
    """What `holding` gives, or None where `few` says that so many, of about so many in all, are too many: then nobody
    looks up which they are."""
    sought = list(tokens)
    for _ in range(_TRIES):
        segments = list(database["segments"].find({}))
        replaced = {key for row in segments for key in row.get("replaces", ())}
        try:
            return _found(database, [row for row in segments if row["_id"] not in replaced], sought, few)
        except _Gone:
            continue
    raise StoreError(BROKEN)


def _found(
    database: Any, segments: Sequence[Document], tokens: Sequence[str], few: Callable[[int, int], bool]
) -> list[str] | None:
    """The articles, or None where they are not `few`. Raises _Gone."""
    fresh = {row["_id"]: holders(row["lines"], tokens) for row in segments if "lines" in row}
    inverted = [row for row in segments if "lines" not in row]
    wanted = {row["_id"]: {token: _key_of(row, token) for token in tokens} for row in inverted}
    parts = _read(database, [key for keys in wanted.values() for key in keys.values()])
    hits = {
        segment: set.intersection(*(numbers_of(parts[key], token) for token, key in keys.items()))
        for segment, keys in wanted.items()
    }
    if not few(sum(map(len, (*fresh.values(), *hits.values()))), sum(row["articles"] for row in segments)):
        return None
    found: list[str] = []
    for row in segments:
        if numbers := fresh.get(row["_id"]):
            ids = unpacked_ids(row["ids"])
            found += [ids[number] for number in numbers]
    numbered = [(segment, number) for segment, numbers in hits.items() for number in sorted(numbers)]
    places = [(ids_key(segment, number), number % IDS) for segment, number in numbered]
    stored = _read(database, [key for key, _ in places])
    names = {key: unpacked_ids(data) for key, data in stored.items()}
    return sorted({*found, *(names[key][place] for key, place in places)})


def _key_of(segment: Document, token: str) -> str:
    return part_key(segment["_id"], part_of(token, PARTS[level(segment["articles"])]))


def _read(database: Any, keys: Iterable[str]) -> dict[str, bytes]:
    """The data under `keys`. Raises _Gone where some are missing."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _LOOKUP_CHUNK):
        rows = database["postings"].find({"_id": {"$in": wanted[start : start + _LOOKUP_CHUNK]}})
        found |= {row["_id"]: row["data"] for row in rows}
    if len(found) < len(wanted):
        raise _Gone
    return found
