"""The written forms of an absolute date: patterns, and the numbers they stand for.

Chinese (2019年7月5日, 二〇一九年七月五日), ISO 8601, RFC 2822, `asctime` and English forms. Every repetition is
bounded, so a pattern costs linear time on any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice

from crawler.parsing.date_reading import CST, Refused


@dataclass(frozen=True)
class Clock:
    """A time of day: `hour` may be 24 (midnight at the end of the day); `offset` is None without a zone."""

    hour: int
    minute: int
    second: int = 0
    offset: timedelta | None = None


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
_MAP |= dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u00a0\u3000"), " ")
_MAP |= dict.fromkeys(range(32), " ")
_MAP |= {ord(a): b for a, b in zip("時點週禮後來發裏", "时点周礼后来发里", strict=True)}
_MAP |= {ord(c): b for b, chars in {"〇": "○◯Ｏ零"}.items() for c in chars}
_ENTITY = re.compile(r"&(?:#(?:x?[0-9a-f]{2,5})|nbsp|ensp|emsp|thinsp);?", re.I)


def flatten(text: str) -> str:
    """`text` with full-width digits, colons, dashes and odd spaces made plain, same length, so positions hold."""
    if "&" in text:
        text = _ENTITY.sub(lambda m: " " * len(m.group()), text)
    return text.translate(_MAP)


_HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"O": 0, "o": 0, "0": 0, "元": 1}
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

_WEEKDAY = (
    r"(?:[(（\[【]?\s?(?:(?:星期|周|礼拜)[一二三四五六日天]|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6})\s?[)）\]】]?)?"
)
_GAP = r"[\s,，、;；|_/·•()（）\[\]【】-]{0,12}"
_HALF = (
    r"上午|下午|中午|正午|午后|凌晨|清晨|清早|早晨|早上|早间|傍晚|晚上|晚间|夜间|夜里|深夜|午夜|晚|早"
    r"|[AaPp]\.?[Mm]\b\.?"
)
_CLOCK = re.compile(
    rf"(?:T|{_GAP}{_WEEKDAY}{_GAP}(?:at\s)?(?:(?:北京|发布|更新)?时间\s{{0,2}}[:]?\s{{0,2}})?)(?P<half>{_HALF})?\s{{0,3}}"
    r"(?P<h>\d{1,2})(?:\s{0,2}:\s{0,2}(?P<mi>\d{1,2})(?:\s{0,2}[:分]\s{0,2}(?P<s>\d{1,2})\s{0,2}秒?(?:[.,:]\d{1,9})?|分)?"
    r"|\s{0,2}[时点]\s{0,2}(?:(?P<mi2>\d{1,2})(?:\s{0,2}分(?:\s{0,2}(?P<s2>\d{1,2})\s{0,2}秒)?|(?!\d))|(?P<word>半|整|正))?)"
    rf"(?![\d:])(?:\s{{0,2}}(?P<after>[AaPp]\.?[Mm]\b\.?))?"
)
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "ut": 0, "cst": 8, "hkt": 8, "sgt": 8, "jst": 9, "kst": 9}
_ZONES |= {"est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "bst": 1, "cet": 1, "cest": 2}
_ZONE = re.compile(
    rf"\s{{0,2}}(?P<name>{'|'.join(sorted(_ZONES, key=len, reverse=True))})(?![A-Za-z])"
    r"\s?(?P<named>[+-]\d{1,2}(?::?\d\d)?(?!\d))?"
    r"|(?P<glued>[+-]\d\d(?::?\d\d)?)(?![\d:])|\s(?P<spaced>[+-]\d\d:?\d\d)(?![\d:])",
    re.I,
)


def _offset(found: re.Match[str]) -> timedelta:
    digits = found["named"] or found["glued"] or found["spaced"]
    if not digits:
        return timedelta(hours=_ZONES[found["name"].lower()])
    sign, rest = digits[0], digits[1:].replace(":", "")
    hours, minutes = int(rest[:-2] if len(rest) > 2 else rest), int(rest[-2:]) if len(rest) > 2 else 0
    if hours > 14 or minutes > 59:
        raise Refused("zone")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if sign == "-" else offset


def half_day(half: str, hour: int) -> int:
    """The hour of 24 for a printed `hour` after 上午, 下午, 晚上, AM, …; raises Refused where the two disagree."""
    half = half.lower().replace(".", "")
    if half in {"上午", "am", "凌晨", "清晨", "清早", "早晨", "早上", "早间", "早"}:
        if hour > 12:
            raise Refused("impossible")
        return hour % 12
    if half in {"下午", "pm", "午后", "傍晚"}:
        return hour + 12 if hour < 12 else hour
    if half in {"中午", "正午"}:
        if hour not in {10, 11, 12, 13, 14, 1, 2}:
            raise Refused("impossible")
        return hour + 12 if hour < 10 else hour
    if 5 <= hour < 12:
        return hour + 12
    if hour < 17:
        raise Refused("ambiguous")
    return hour


def read_clock(text: str, at: int) -> tuple[Clock | None, int]:
    """The time of day that follows position `at` of a flattened text, and where it ends; (None, `at`) where there is
    none. An hour without minutes (8时) is no time to the minute. Raises Refused for 上午 25 and the like."""
    found = _CLOCK.match(text, at)
    if not found:
        return None, at
    minute = found["mi"] or found["mi2"] or {"半": "30", "整": "0", "正": "0"}.get(found["word"] or "")
    if minute is None:
        return None, found.end()
    hour = int(found["h"])
    half = found["half"] or found["after"]
    if half:
        hour = half_day(half, hour)
    end, offset = found.end(), None
    zone = _ZONE.match(text, end)
    if zone:
        if zone["glued"] and zone["glued"][0] == "-" and text[at : at + 1] != "T" and not found["s"]:
            raise Refused("range")
        offset, end = _offset(zone), zone.end()
    return Clock(hour, int(minute), int(found["s"] or found["s2"] or 0), offset), end


def han_number(digits: str) -> int:
    """The number 1–99 written as 十二, 二十, 元, 5 or 05; raises Refused where the characters form none."""
    if digits.isdigit() and digits.isascii():
        return int(digits)
    tens, ten, units = digits.rpartition("十")
    if not ten:
        if len(digits) != 1:
            raise Refused("impossible")
        return _HAN_DIGITS[digits]
    if len(tens) > 1 or len(units) > 1:
        raise Refused("impossible")
    return (_HAN_DIGITS[tens] if tens else 1) * 10 + (_HAN_DIGITS[units] if units else 0)


def _han_year(digits: str) -> int:
    return int(digits) if digits.isdigit() and digits.isascii() else int("".join(str(_HAN_DIGITS[c]) for c in digits))


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
