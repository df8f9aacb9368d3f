"""What two articles with the same story have in common: a hash of the whole text, and a few hashes of its pieces.

The pieces are chosen by winnowing (Schleimer, Wilkerson, Aiken: "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003), thinned to a fixed number, so that a reprint with a new head, a cut tail or paragraphs in
another order keeps most of them. They find candidates; `cluster.py` decides.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from zlib import crc32

SHINGLE = 8
"""Characters of a piece: long enough that two stories rarely share one by chance."""
SPACING = 16
"""Of pieces that begin within so many characters the one with the smallest hash is kept."""
KEPT = 16
"""Pieces kept of a text, those with the smallest hashes."""
LONGEST = 50_000
"""Characters of the normalised text that are looked at: what a reader would compare, and a bound for the work."""
SHORT_BODY = 40
"""A normalised body shorter than this (请点击附件查看, a caption) says nothing without its title."""

_SEPARATORS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """`text` without what reprints change at will: white space, punctuation, width and case. Letters, Han characters
    and digits stay, in their order, nothing between them."""
    letters = _SEPARATORS.sub("", text)
    if not unicodedata.is_normalized("NFKC", letters):
        letters = _SEPARATORS.sub("", unicodedata.normalize("NFKC", letters))
    return letters.lower()


def content_hash(title: str | None, body: str | None) -> str:
    """32 hexadecimal digits, equal for exact copies: of the normalised body, and of title and body where the body is
    too short to be a story of its own, so that image pages and 请点击附件查看 under different titles stay apart."""
    text = normalise(body or "")
    if len(text) < SHORT_BODY:
        text = f"{normalise(title or '')}\n{text}"
    return _digest(text, 16).hex()


def fingerprint(title: str | None, body: str | None) -> list[int]:
    """At most `KEPT` signed 64-bit hashes, sorted; near-duplicates share some of them. Empty for a body too short to
    be compared: only an exact copy is a duplicate of it."""
    text = normalise((body or "")[: 2 * LONGEST])[:LONGEST]
    if len(text) < SHORT_BODY:
        return []
    pieces = text.encode("utf-16-le", "surrogatepass")
    width = 2 * SHINGLE
    hashes = [crc32(pieces[at : at + width]) for at in range(0, len(pieces) - width + 2, 2)]
    chosen = _spaced_minima(hashes)
    return sorted(
        int.from_bytes(hashlib.blake2b(pieces[2 * at : 2 * at + width], digest_size=8).digest(), "big", signed=True)
        for at in chosen
    )


def _spaced_minima(hashes: list[int]) -> list[int]:
    chosen: list[int] = []
    seen: set[int] = set()
    for at in sorted(range(len(hashes)), key=hashes.__getitem__):
        if hashes[at] not in seen and all(abs(at - other) >= SPACING for other in chosen):
            chosen.append(at)
            seen.add(hashes[at])
            if len(chosen) == KEPT:
                break
    return chosen


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
