"""Postings: which articles of a segment hold a token, by their numbers in it (information retrieval's inverted index).

A fresh segment is a text, a line of tokens an article, cheap to write and quick enough to look through. Many of them
become an inverted one: token → numbers, in parts by a hash of the token, so that a look-up reads one part. One B-tree
entry for every token of every article, as a multikey index has, costs forty times the space and a hundred times the
work.
"""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import bson

MOST_ARTICLES = 1 << 16
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
