"""How segments of the inverted index are stored: sizes, parts, and the names of their documents (see
`storage/segments.py`). Shared by those who write and those who search."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

FAN = 16
"""Segments of a size that become a larger one."""
PARTS = {2: 128, 3: 1024}
"""Of an inverted segment, by its level: a part takes some 20 KB. Each number divides the next."""
LAST_LEVEL = 3
MOST_FRESH = 255
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
