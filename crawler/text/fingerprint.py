"""What two articles with the same story have in common: a hash of the whole text, and a few hashes of its pieces.

The pieces are chosen by winnowing (Schleimer, Wilkerson, Aiken: "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003), thinned to a fixed number, so that a reprint with a new head, a cut tail or paragraphs in
another order keeps most of them. They find candidates; `cluster.py` decides.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import compress
from zlib import crc32

SHINGLE = 8
"""Characters of a piece: long enough that two stories rarely share one by chance."""
SPACING = 8
"""Pieces kept begin at least so many characters apart: of those nearer the one with the smallest hash."""
KEPT = 16
"""Pieces kept of a text, those with the smallest hashes."""
LONGEST = 50_000
"""Characters of the normalised text that are looked at: what a reader would compare, and a bound for the work."""
SHORT_BODY = 40
"""A normalised body shorter than this (请点击附件查看, a caption) says nothing without its title."""

_WIDTH = 2 * SHINGLE
_OFFSET_BITS = 20
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1
_MAY_BEGIN = bytes((low * 167 + 13) % 256 < 64 for low in range(256))
# What a page counts or stamps at every visit: no version of the article. One alternative a word, each beginning
# with a
# literal: such a pattern skips through a text that has none of them.
_COUNTERS = re.compile(
    "|".join(
        [
            rf"{word}(?:次数\s*[:：]?|[人数量]{{0,2}}\s*[:：])\s*\d+\s*次?"
            for word in ("浏览", "阅读", "点击", "访问", "查看")
        ]
        + [rf"{word}[人次数量]{{0,2}}\s*[:：]\s*\d+" for word in ("分享", "转发", "点赞", "评论", "收藏")]
        + [rf"{word}(?:日期|时间)\s*[:：]\s*[\d年月日时分秒:：/. -]+" for word in ("页面生成", "生成", "打印")]
    )
)
_SEPARATORS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """`text` without what reprints change at will: white space, punctuation, width and case. Letters, Han characters
    and digits stay, in their order, nothing between them."""
    letters = _SEPARATORS.sub("", text)
    if not unicodedata.is_normalized("NFKC", letters):
        letters = _SEPARATORS.sub("", unicodedata.normalize("NFKC", letters))
    return letters.lower()


@lru_cache(maxsize=4)
def _normal(body: str) -> str:
    """A body without counters, normalised; the hash and the fingerprint of an article ask for the same one."""
    return normalise(_COUNTERS.sub("", body))


def compared(body: str | None) -> str:
    """What of a body is compared with others: its normalised text, at most `LONGEST` characters."""
    return _normal((body or "")[: 2 * LONGEST])[:LONGEST]


def content_hash(title: str | None, body: str | None) -> str | None:
    """32 hexadecimal digits, equal for exact copies: of the normalised body without counters of visits and shares, and
    of title and body where the body is too short to be a story of its own: 请点击附件查看 under two titles stays apart.
    None where the body has no letter: two pages that show only pictures can't be told to be copies."""
    text = _normal(body or "")
    if not text:
        return None
    if len(text) < SHORT_BODY:
        text = f"{normalise(title or '')}\n{text}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def fingerprint(title: str | None, body: str | None) -> list[int]:
    """At most `KEPT` signed 64-bit hashes, sorted; near-duplicates share some of them. Empty for a body too short to
    be compared: only an exact copy is a duplicate of it. The title, which a reprint changes first, adds nothing."""
    text = compared(body)
    if len(text) < SHORT_BODY:
        return []
    units = text.encode("utf-16-le", "surrogatepass")
    pieces = (units[at : at + _WIDTH] for at in _chosen(units))
    digests = {hashlib.blake2b(piece, digest_size=8).digest() for piece in pieces}
    return sorted(int.from_bytes(digest, "big", signed=True) for digest in digests)


def _chosen(units: bytes) -> list[int]:
    """Offsets of the pieces kept, smallest hash first. Only every fourth character may begin a piece, by a property of
    the character itself, so that the choice doesn't depend on where it stands: a quarter of the work."""
    starts = compress(range(0, len(units) - _WIDTH + 2, 2), units[::2].translate(_MAY_BEGIN))
    chosen: list[int] = []
    before = -1
    # The offset rides in the low bits: sorting whole numbers is what Python does fastest.
    for ranked in sorted([crc32(units[at : at + _WIDTH]) << _OFFSET_BITS | at for at in starts]):
        at, rank = ranked & _OFFSET_MASK, ranked >> _OFFSET_BITS
        if rank != before and all(not -2 * SPACING < at - other < 2 * SPACING for other in chosen):
            chosen.append(at)
            if len(chosen) == KEPT:
                break
        before = rank
    return chosen


# What changed between two versions of a text, by paragraph.

MAX_PARAGRAPHS = 2000
"""Beyond this a comparison takes too long and nobody reads it."""
MAX_DIFF_LENGTH = 200_000
"""Characters of a diff."""


def paragraph_changes(old: str | None, new: str | None) -> list[str]:
    """The paragraphs that went (`- …`) and came (`+ …`), in the order of the text, `…` for what stayed in between.
    Versions too long to be compared give one sentence."""
    before, after = (old or "").splitlines(), (new or "").splitlines()
    if max(len(before), len(after)) > MAX_PARAGRAPHS:
        return [f"{len(before)} paragraphs became {len(after)}"]
    lines: list[str] = []
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            lines.append("…")
        else:
            lines += [f"- {paragraph}" for paragraph in before[old_start:old_end]]
            lines += [f"+ {paragraph}" for paragraph in after[new_start:new_end]]
    if sum(map(len, lines)) > MAX_DIFF_LENGTH:
        return [f"{len(before)} paragraphs became {len(after)}"]
    return [] if lines == ["…"] else lines
