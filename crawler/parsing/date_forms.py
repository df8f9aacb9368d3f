"""The written forms of an absolute date: patterns, and the numbers they stand for.

Chinese (2019年7月5日, 二〇一九年七月五日), ISO 8601, RFC 2822, `asctime` and English forms. Every repetition is
bounded, so a pattern costs linear time on any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice

from crawler.parsing.date_clock import HAN_DIGITS, Clock, han_number, read_clock
from crawler.parsing.date_reading import CST, Refused


@dataclass(frozen=True)
class Form:
    """A date found at `start:end` of a text: the calendar day and, where one is printed, the clock."""

    year: int
    month: int
    day: int
    clock: Clock | None
    start: int
    end: int

    def moment(self) -> datetime:
        """The instant, aware, in China Standard Time; raises Refused where no such day or time exists."""
        clock = self.clock or Clock(0, 0)
        late = clock.hour == 24
        if late and (clock.minute or clock.second):
            raise Refused("impossible")
        zone = CST if clock.offset is None else timezone(clock.offset)
        try:
            moment = datetime(
                self.year, self.month, self.day, 0 if late else clock.hour, clock.minute, clock.second, tzinfo=zone
            )
            if late:
                moment += timedelta(days=1)
            return moment if zone is CST else moment.astimezone(CST)
        except (ValueError, OverflowError) as error:
            raise Refused("impossible") from error


_MAP = {ord(c): str(i) for i, c in enumerate("０１２３４５６７８９")}
_MAP |= dict.fromkeys(map(ord, "：∶︰﹕ː꞉˸"), ":")
_MAP |= dict.fromkeys(map(ord, "—–－‐‑‒―─━−﹣"), "-")
_MAP |= dict.fromkeys(map(ord, "／∕⁄"), "/")
_MAP |= dict.fromkeys(map(ord, "．"), ".")
_MAP |= dict.fromkeys(map(ord, "｜丨∣│┃︱"), "|")
_MAP |= dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u00a0\u3000"), " ")
_MAP |= dict.fromkeys(range(32), " ")
_MARKS = {chr(code): plain for code, plain in _MAP.items() if code != ord("\n")}
_MARK = re.compile(f"[{re.escape(''.join(_MARKS))}]")
"""`str.translate` looks every character up; most texts have few of these."""
_MAP |= {
    ord(a): b for a, b in zip("時點週禮後來發壹贰叁肆伍陆柒捌玖拾", "时点周礼后来发一二三四五六七八九十", strict=True)
}
_MAP |= {ord(c): b for b, chars in {"〇": "○◯Ｏ零"}.items() for c in chars}
_ENTITY = re.compile(r"&(?:#(?:x?[0-9a-f]{2,5})|nbsp|ensp|emsp|thinsp);?", re.I)


@lru_cache(maxsize=16)
def plain_marks(text: str) -> str:
    """`text` with full-width digits, colons, bars and dashes and odd spaces made plain; same length, so positions hold.
    Line breaks and Chinese characters stay as they are."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: " " * len(m.group()), text)
    return _MARK.sub(lambda mark: _MARKS[mark[0]], text)


def flatten(text: str) -> str:
    """`plain_marks` for reading dates: line breaks are spaces, numerals and words of dates have one spelling."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: " " * len(m.group()), text)
    return text.translate(_MAP)


_MONTHS = {"janfebmaraprmayjunjulaugsepoctnovdec"[3 * i : 3 * i + 3]: i + 1 for i in range(12)}
_MONTH = (
    r"(?P<mon>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<y>(?:19|20)\d\d)"
_DAY = r"(?:(?P<d>\d{1,2})(?!\d)|(?P<dd>\d\d)(?=\d\d:\d\d(?!\d)))"
_NUMERIC = re.compile(
    rf"(?<![\d.])(?P<y>\d{{4}})(?:\s{{0,3}}[-/.年]\s{{0,3}}(?P<m>\d{{1,2}})\s{{0,3}}[-/.月]\s{{0,3}}"
    rf"|\s{{1,3}}(?P<m2>\d\d)\s{{0,3}}[-/]\s{{0,3}}){_DAY}(?:\s{{0,3}}[日号])?"
)
_HAN = re.compile(
    r"(?P<y>[〇Oo0一二三四五六七八九]{4}|(?<!\d)(?:19|20)\d\d)\s{0,2}年\s{0,2}"
    r"(?P<m>[元一二三四五六七八九十]{1,2}|\d{1,2})\s{0,2}月\s{0,2}"
    r"(?P<d>[一二三四五六七八九十]{1,3}|\d{1,2})\s{0,2}[日号]"
)
_ENGLISH = (
    re.compile(
        rf"(?<![\d/.-])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s./-]{{0,3}}(?:of\s)?{_MONTH}[\s,./-]{{0,3}}{_YEAR}(?!\d)",
        re.I,
    ),
    re.compile(
        rf"(?<![A-Za-z]){_MONTH}\s{{0,3}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s{{0,3}}|\s{{1,3}}){_YEAR}(?!\d)", re.I
    ),
    re.compile(rf"(?<!\d){_YEAR}[\s,./-]{{1,3}}{_MONTH}[\s./-]{{1,3}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)", re.I),
)
_ASCTIME = re.compile(
    rf"(?<![A-Za-z]){_MONTH}\s{{1,3}}(?P<d>\d{{1,2}})\s{{1,3}}(?P<clock>\d{{1,2}}:\d\d(?::\d\d)?)"
    rf"(?:\s(?P<z>[A-Z]{{1,4}}(?:[+-]\d\d:?\d\d)?))?\s{_YEAR}(?!\d)",
    re.I,
)
_MONTH_HINT = re.compile(_MONTH, re.I)


def _han_year(digits: str) -> int:
    return int(digits) if digits.isdigit() and digits.isascii() else int("".join(str(HAN_DIGITS[c]) for c in digits))


def _numeric(text: str, found: re.Match[str]) -> Form:
    year = int(found["y"])
    if not 1900 <= year < 2100:
        raise Refused("impossible")
    clock, end = read_clock(text, found.end())
    return Form(year, int(found["m"] or found["m2"]), int(found["d"] or found["dd"]), clock, found.start(), end)


def _han(text: str, found: re.Match[str]) -> Form:
    clock, end = read_clock(text, found.end())
    return Form(_han_year(found["y"]), han_number(found["m"]), han_number(found["d"]), clock, found.start(), end)


def _english(text: str, found: re.Match[str]) -> Form:
    clock, end = read_clock(text, found.end())
    return Form(int(found["y"]), _MONTHS[found["mon"][:3].lower()], int(found["d"]), clock, found.start(), end)


def _asctime(text: str, found: re.Match[str]) -> Form:
    clock, _ = read_clock(f"{found['clock']} {found['z'] or ''}", 0)
    return Form(int(found["y"]), _MONTHS[found["mon"][:3].lower()], int(found["d"]), clock, found.start(), found.end())


_READERS = (
    (_NUMERIC, _numeric),
    (_HAN, _han),
    *((pattern, _english) for pattern in _ENGLISH),
    (_ASCTIME, _asctime),
)


_MOST = 500


def find_forms(text: str) -> list[tuple[int, int, Form | Refused]]:
    """The absolute dates printed in a flattened text, in order, none overlapping: start, end, and the form or why it
    is none. At most the first 500 of each kind: a text with more is no header."""
    found: list[tuple[int, int, Form | Refused]] = []
    english = _MONTH_HINT.search(text) is not None
    for pattern, read in _READERS if english else _READERS[:2]:
        for match in islice(pattern.finditer(text), _MOST):
            try:
                form = read(text, match)
                found.append((match.start(), form.end, form))
            except Refused as refusal:
                found.append((*match.span(), refusal))
    if len(found) < 2:
        return found
    apart = []
    end = -1
    for hit in sorted(found, key=lambda hit: hit[0]):
        if hit[0] >= end:
            apart.append(hit)
            end = hit[1]
    return apart
