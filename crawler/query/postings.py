"""Which articles hold certain tokens, by the inverted index of the store (`storage/segments.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from crawler.storage.errors import StoreError
from crawler.text.postings import holders, numbers_of, part_of
from crawler.text.segments import BROKEN, IDS, PARTS, ids_key, level, part_key, unpacked_ids

_TRIES = 10
_CHUNK = 200
Document = dict[str, Any]


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
    for start in range(0, len(wanted), _CHUNK):
        rows = database["postings"].find({"_id": {"$in": wanted[start : start + _CHUNK]}})
        found |= {row["_id"]: row["data"] for row in rows}
    if len(found) < len(wanted):
        raise _Gone
    return found
