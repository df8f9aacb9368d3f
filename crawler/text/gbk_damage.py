"""Undo a byte-level replace over GBK text.

A content farm converted articles to traditional characters, encoded them as GBK and replaced byte pairs, one table
entry after the other: a character → itself and "(pinyin)", a full-width mark → a separator and itself. An entry matches
at any byte, so its two bytes may be the end of one character and the start of the next; what it inserts then parts
that character, and a decoder shows its lost lead byte, together with the byte that followed, as `?`:

    shown 真?zhèn)鬟_(dá)   bytes D5E6 82 "(zhèn)" F7DF 5F "(dá)"   was D5E6 82F7 DF5F: 真傳達
    shown 會議??h委         bytes [A1] sep A3BF 68                  was A1A3 BF68: 。縣

From such a `?` on, every two bytes shown belong to two characters, until a single byte (an ASCII letter, another `?`)
puts them in step again. So each `?` is read backwards: the bytes shown are known, the lost one is enumerated, and every
reading must be one that the same replace turns into what is shown. Character statistics choose between those left.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from crawler.text.glosses import GLOSS, GLOSS_TAIL, is_reading

MARKS = dict(zip(",;!?:()", "，；！？：（）", strict=True))
_MARK_BYTES = {mark: full.encode("gbk") for half, full in MARKS.items() for mark in (half, full)} | {
    "。": "。".encode("gbk")
}
LOST = ("?", "\ufffd")
LEADS = bytes(range(0x81, 0xFF))
TRAILS = bytes(range(0x81, 0xFF)) + b"\x80"
GAP = "□"
_SIGNS = frozenset("。，、；：？！“”‘’（）《》〈〉【】〔〕「」『』—…·～％－０１２３４５６７８９")
LONGEST_CHAIN = 120
MOST_LEADS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the damage: up to where, the possible characters place by place, and what was guessed."""

    end: int
    slots: tuple[str, ...]
    tail: str = ""
    swallowed: bool = False
    glossed: bool = False
    orphan: bool = False


@cache
def decoded(lead: int, trail: int) -> str:
    """The GBK character of two bytes, or nothing where there is none."""
    try:
        return bytes((lead, trail)).decode("gbk")
    except UnicodeDecodeError:
        return ""


def two_bytes(character: str) -> bytes:
    """The two GBK bytes of a character, private use included; nothing for one that has no two."""
    try:
        raw = character.encode("gb18030")
    except UnicodeEncodeError:
        return b""
    return raw if len(raw) == 2 else b""


def readings_at(text: str, at: int, before: str) -> Iterator[Reading]:
    """Every reading of the `?` at this place; `before` is the character before it, repaired, glosses aside."""
    gloss = GLOSS_TAIL.match(text, at + 1)
    if gloss:
        last = two_bytes(before)
        if last and last[1] >= 0x81:
            leads = bytes(lead for lead in LEADS if is_reading(decoded(last[1], lead), gloss[1]))
            for reading in _chain(text, gloss.end(), leads, ()):
                yield replace(reading, orphan=True)
        return
    mark = _MARK_BYTES.get(text[at + 1 : at + 2])
    if mark:
        yield from _chain(text, at + 2, mark[1:], (_characters(LEADS, mark[0]),))
    if text.startswith(LOST, at + 1) and text[at + 2 : at + 3] in _MARK_BYTES:
        # Two entries matched inside one character and the mark after it: its trail byte with the mark's first.
        trail = 0xA3 if text[at + 2] == "。" else 0xA1
        yield Reading(at + 2, (_characters(LEADS, trail),))


@cache
def _characters(leads: bytes, trail: int) -> str:
    """The characters that end in a byte: any where the lead byte is known, else those a text is likely to have."""
    likely = _possible if len(leads) == 1 else _plausible
    return "".join(filter(likely, (decoded(lead, trail) for lead in leads)))


def _possible(character: str) -> bool:
    return character != "" and not "\ue000" <= character <= "\uf8ff"


def _plausible(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fa5" or character in _SIGNS


def _chain(text: str, at: int, leads: bytes, slots: tuple[str, ...], again: int = 1) -> Iterator[Reading]:
    """Read on from a lost lead byte: shown bytes pair up across the characters shown until they are in step again.

    No character shown begins with 80, so a trail byte 80 shows as one more `?` that hides the lead byte after it.
    """
    start = at
    for _ in range(LONGEST_CHAIN):
        if not leads or (slots and not slots[-1]) or at >= len(text):
            return
        character = text[at]
        gloss = GLOSS.match(text, at) if character in "(（" and at > start else None
        if gloss and is_reading(text[at - 1], gloss[1]):
            at = gloss.end()
            continue
        if character in LOST:
            yield from _lost_trail(text, at, leads, slots)
            ended = _characters(leads, 0x80)
            if ended and again:
                yield from _chain(text, at + 1, LEADS, (*slots, ended), again - 1)
        if character.isascii() and "@" <= character <= "~":
            yield from _letter_trail(text, at, leads, slots)
            return
        raw = _wide(character) if character.isascii() else two_bytes(character)
        if not raw:
            return
        slots = (*slots, _characters(leads, raw[0]))
        if raw[1] < 0x80:
            if slots[-1] and raw[1] >= 0x40:
                yield Reading(at + 1, slots, tail=chr(raw[1]))
            return
        leads = raw[1:]
        at += 1


def _letter_trail(text: str, at: int, leads: bytes, slots: tuple[str, ...]) -> Iterator[Reading]:
    """An ASCII letter ends the chain: it is a trail byte shown on its own."""
    last = _characters(leads, ord(text[at]))
    if last:
        yield Reading(at + 1, (*slots, last), glossed=bool(GLOSS.match(text, at + 1)))


def _wide(sign: str) -> bytes:
    """The bytes of the full-width form of an ASCII sign or digit; nothing for white space."""
    return bytes((0xA3, ord(sign) + 0x80)) if sign > " " else b""


def _lost_trail(text: str, at: int, leads: bytes, slots: tuple[str, ...]) -> Iterator[Reading]:
    """The `?` ends the chain: it hides a trail byte and what followed, a gloss's bracket, a separator, or a sign."""
    if len(leads) > MOST_LEADS:
        return
    gloss = GLOSS_TAIL.match(text, at + 1)
    every = "".join(_characters(leads, trail) for trail in TRAILS)
    if gloss:
        read = "".join(character for character in every if is_reading(character, gloss[1]))
        yield Reading(gloss.end(), (*slots, read), glossed=True)
    elif at + 1 >= len(text) or text[at + 1] in _MARK_BYTES:
        yield Reading(at + 1, (*slots, every))
    else:
        yield from (Reading(at + 1, (*slots, every), tail=tail, swallowed=True) for tail in ("\n", GAP, "，"))
