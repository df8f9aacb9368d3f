"""Which articles hold certain tokens, by the inverted index of the store (`storage/segments.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.storage.errors import StoreError
from crawler.text.postings import holders, numbers_of, part_of
from crawler.text.segments import BROKEN, IDS, PARTS, ids_key, level, part_key, unpacked_ids

_TRIES = 10
_CHUNK = 200
Document = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """`ids` of the articles whose text holds, or held once, the tokens asked for; `indexed`: of about so many."""

    ids: list[str]
    indexed: int


def holding(database: Any, tokens: Iterable[str]) -> Held:
    """The articles of `database` (synchronous) that hold all `tokens`, one at least, and perhaps some that did before
    they changed. Raises StoreError where the index is broken."""
    sought = list(tokens)
    for _ in range(_TRIES):
        segments = list(database["segments"].find({}))
        replaced = {key for row in segments for key in row.get("replaces", ())}
        segments = [row for row in segments if row["_id"] not in replaced]
        ids = _found(database, segments, sought)
        if ids is not None:
            return Held(sorted(set(ids)), sum(row["articles"] for row in segments))
    raise StoreError(BROKEN)


def _found(database: Any, segments: Sequence[Document], tokens: Sequence[str]) -> list[str] | None:
    """None where a segment went while it was read."""
    fresh = [row for row in segments if "lines" in row]
    inverted = [row for row in segments if "lines" not in row]
    found: list[str] = []
    for row in fresh:
        if numbers := holders(row["lines"], tokens):
            ids = unpacked_ids(row["ids"])
            found += [ids[number] for number in sorted(numbers)]
    wanted = {row["_id"]: {token: _key_of(row, token) for token in tokens} for row in inverted}
    parts = _read(database, [key for keys in wanted.values() for key in keys.values()])
    if parts is None:
        return None
    hits = {
        segment: set.intersection(*(numbers_of(parts[key], token) for token, key in keys.items()))
        for segment, keys in wanted.items()
    }
    numbered = [(segment, number) for segment, numbers in hits.items() for number in sorted(numbers)]
    places = [(ids_key(segment, number), number % IDS) for segment, number in numbered]
    stored = _read(database, [key for key, _ in places])
    if stored is None:
        return None
    names = {key: unpacked_ids(data) for key, data in stored.items()}
    return found + [names[key][place] for key, place in places]


def _key_of(segment: Document, token: str) -> str:
    return part_key(segment["_id"], part_of(token, PARTS[level(segment["articles"])]))


def _read(database: Any, keys: Iterable[str]) -> dict[str, bytes] | None:
    """The data under `keys`; None where some are missing."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = database["postings"].find({"_id": {"$in": wanted[start : start + _CHUNK]}})
        found |= {row["_id"]: row["data"] for row in rows}
    return found if len(found) == len(wanted) else None
