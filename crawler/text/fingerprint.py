"""Fingerprints of a text: one hash of all of it, a few hashes of its pieces, and the changes between two versions.

The pieces are chosen by winnowing (Schleimer, Wilkerson, Aiken: "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003), thinned to a fixed number, so that a reprint with a new head, a cut tail or paragraphs in
another order keeps most of them. They find candidates; `similarity.py` decides.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import compress
from zlib import crc32

SHINGLE_LENGTH = 8
"""Characters per piece: long enough that two stories rarely share one by chance."""
MIN_SPACING = 8
"""Minimum distance between the beginnings of two kept pieces, in characters."""
MAX_HASHES = 16
"""How many pieces of a text are kept: those with the smallest hashes."""
MAX_COMPARED_LENGTH = 50_000
"""How many characters of the normalised text are used: a limit on the work."""
MIN_BODY_LENGTH = 40
"""A shorter normalised body (请点击附件查看, a caption) does not identify a story without its title."""

_WIDTH = 2 * SHINGLE_LENGTH
_OFFSET_BITS = 20
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1
_MAY_BEGIN = bytes((low * 167 + 13) % 256 < 64 for low in range(256))
# Counters and times that change with every visit: not a new version of the article. One alternative per word, each
# beginning with a literal, because such a pattern skips quickly through a text that has none of them.
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
    """Return `text` without what reprints change: white space, punctuation, width and case.

    Only letters, Han characters and digits are left.
    """
    letters = _SEPARATORS.sub("", text)
    if not unicodedata.is_normalized("NFKC", letters):
        letters = _SEPARATORS.sub("", unicodedata.normalize("NFKC", letters))
    return letters.lower()


@lru_cache(maxsize=4)
def _normalise_body(body: str) -> str:
    """Return a body without counters, normalised. Cached, since hash and fingerprint use the same one."""
    return normalise(_COUNTERS.sub("", body))


def select_compared_text(body: str | None) -> str:
    """Return the part of a body used for comparison: normalised, at most `MAX_COMPARED_LENGTH` characters."""
    return _normalise_body((body or "")[: 2 * MAX_COMPARED_LENGTH])[:MAX_COMPARED_LENGTH]


def content_hash(title: str | None, body: str | None) -> str | None:
    """Return 32 hexadecimal digits that are equal for exact copies, or None if the body has no letters.

    The hash is taken from the normalised body without counters, and also from the title if the body is too short to
    identify a story: 请点击附件查看 under two titles is two articles.
    """
    text = _normalise_body(body or "")
    if not text:
        return None
    if len(text) < MIN_BODY_LENGTH:
        text = f"{normalise(title or '')}\n{text}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def fingerprint(title: str | None, body: str | None) -> list[int]:
    """Return at most `MAX_HASHES` signed 64-bit hashes, sorted. Near-duplicates share some of them.

    Empty for a body too short to be compared: only an exact copy is its duplicate. The title is not used, because a
    reprint changes it first.
    """
    text = select_compared_text(body)
    if len(text) < MIN_BODY_LENGTH:
        return []
    units = text.encode("utf-16-le", "surrogatepass")
    pieces = (units[at : at + _WIDTH] for at in _chosen(units))
    digests = {hashlib.blake2b(piece, digest_size=8).digest() for piece in pieces}
    return sorted(int.from_bytes(digest, "big", signed=True) for digest in digests)


def _chosen(units: bytes) -> list[int]:
    """Return the offsets of the kept pieces, smallest hash first.

    Only a quarter of all characters may begin a piece, chosen by the character itself and not by its position: this
    saves three quarters of the work.
    """
    starts = compress(range(0, len(units) - _WIDTH + 2, 2), units[::2].translate(_MAY_BEGIN))
    chosen: list[int] = []
    before = -1
    # The low bits hold the offset, because Python sorts integers fastest.
    for ranked in sorted([crc32(units[at : at + _WIDTH]) << _OFFSET_BITS | at for at in starts]):
        at, rank = ranked & _OFFSET_MASK, ranked >> _OFFSET_BITS
        if rank != before and all(not -2 * MIN_SPACING < at - other < 2 * MIN_SPACING for other in chosen):
            chosen.append(at)
            if len(chosen) == MAX_HASHES:
                break
        before = rank
    return chosen


# --- What changed between two versions of a text, by paragraph ---

MAX_PARAGRAPHS = 2000
"""More take too long to compare, and nobody reads the result."""
MAX_DIFF_LENGTH = 200_000
"""Characters of a diff."""


def paragraph_changes(old: str | None, new: str | None) -> list[str]:
    """Return removed (`- …`) and added (`+ …`) paragraphs in order, with `…` for unchanged ones between them.

    Versions too long to be compared yield one sentence.
    """
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
