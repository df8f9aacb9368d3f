"""The written forms of an absolute date: patterns, and the date and time they stand for.

Chinese (2019年7月5日, 二〇一九年七月五日), ISO 8601, RFC 2822, `asctime` and English forms. Every repetition in a
pattern is limited, so that it takes linear time on any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice
from typing import Literal

# --- The result of reading a date: an aware date-time with its precision, or a reason from a fixed set ---

CST = timezone(timedelta(hours=8), "CST")
"""China Standard Time, the zone of every date without one."""

Precision = Literal["minute", "day"]

REASONS = {
    "empty": "nothing to read",
    "too_long": "longer than any date with its label",
    "no_date": "no date in it",
    "no_year": "month and day without a year",
    "two_digit_year": "a year of two digits",
    "no_day": "a year, or year and month, without a day",
    "time_only": "a time of day without a date",
    "lunar": "a date of the lunar calendar",
    "weekday_only": "a day of the week without a date",
    "ambiguous": "can be read in two ways",
    "several": "different dates, none labelled as the one meant",
    "range": "a span from one date to another",
    "impossible": "no such day or time",
    "null": "the zero a database prints for an unknown date",
    "zone": "an unknown time zone",
    "vague": "a distance in months or years",
    "future": "more than a day after it was fetched",
}
"""Why a string is not read as a date: the values of `DateReading.reason`."""


@dataclass(frozen=True)
class DateReading:
    """A date, or the reason why there is none.

    `value` is aware, in China Standard Time, to the second; with `precision` `day` it is 00:00 of that day. Exactly one
    of `value` and `reason` (a key of `REASONS`) is None.
    """

    value: datetime | None
    precision: Precision | None = None
    reason: str | None = None


class DateError(ValueError):
    """A string that looks like a date and must not be read as one; `reason` is a key of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_MAX_AHEAD = timedelta(days=1)
_NULLS = {(1, 1, 1), (1900, 1, 1), (1970, 1, 1)}


def check_bounds(value: datetime, precision: Precision, now: datetime) -> DateReading:
    """Return the reading of `value`, refused if it is more than a day after `now` or a database's zero."""
    if value - now > _MAX_AHEAD:
        return DateReading(None, reason="future")
    if value.year in {1, 1900, 1970} and (value.year, value.month, value.day) in _NULLS:
        return DateReading(None, reason="null")
    return DateReading(value, precision)


# --- The time of day beside a date: 08:29, 8时29分, 下午3点半, 八时二十九分, with or without a zone ---


@dataclass(frozen=True)
class Clock:
    """A time of day: `hour` may be 24 (midnight at the end of the day); `offset` is None without a zone."""

    hour: int
    minute: int
    second: int = 0
    offset: timedelta | None = None


HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"O": 0, "o": 0, "0": 0, "元": 1}
_WEEKDAY = (
    r"(?:[(（\[【]?\s?(?:(?:星期|周|礼拜)[一二三四五六日天]|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6})\s?[)）\]】]?)?"
)
_GAP = r"[\s,，、;；|_/·•()（）\[\]【】-]{0,12}"
_HALF = (
    r"上午|下午|中午|正午|午后|凌晨|清晨|清早|早晨|早上|早间|傍晚|晚上|晚间|夜间|夜里|深夜|午夜|晚|早"
    r"|[AaPp]\.?[Mm]\b\.?"
)
_CLOCK = re.compile(
    rf"(?:\s?[Tt]\s?|{_GAP}{_WEEKDAY}{_GAP}(?:at\s)?(?:(?:北京|发布|更新)?时间\s{{0,2}}[:]?\s{{0,2}})?)(?P<half>{_HALF})?\s{{0,3}}"
    r"(?P<h>\d{1,2})(?:\s{0,2}:\s{0,2}(?P<mi>\d{1,2})(?:\s{0,2}[:分]\s{0,2}(?P<s>\d{1,2})\s{0,2}秒?(?:[.,:]\d{1,9})?|分)?"
    r"|\s{0,2}[时点]\s{0,2}(?:(?P<mi2>\d{1,2})(?:\s{0,2}分(?:\s{0,2}(?P<s2>\d{1,2})\s{0,2}秒)?|(?!\d))|(?P<word>半|整|正|一刻|三刻))?)"
    rf"(?![\d:])(?:\s{{0,2}}(?P<after>[AaPp]\.?[Mm]\b\.?))?"
)
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "ut": 0, "cst": 8, "hkt": 8, "sgt": 8, "jst": 9, "kst": 9}
_ZONES |= {"est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "bst": 1, "cet": 1, "cest": 2}
_ZONE = re.compile(
    rf"\s{{0,2}}[(（]?(?P<name>{'|'.join(sorted(_ZONES, key=len, reverse=True))})(?![A-Za-z])"
    r"\s?(?P<named>[+-]\d{1,2}(?::?\d\d)?(?!\d))?"
    r"|(?P<glued>[+-]\d\d(?::?\d\d)?)(?![\d:])|\s(?P<spaced>[+-]\d\d:?\d\d)(?![\d:])",
    re.I,
)
_OTHER_ZONE = re.compile(
    r"\s?\[?(?:(?!Asia/(?:Shanghai|Chongqing|Harbin|Urumqi|Hong_Kong|Macau|Taipei))[A-Z]\w{2,8}/[A-Z]\w+|[A-Z]{1,3}T\b)"
)
_HAN_NUMBER = r"[〇一二三四五六七八九十]{1,3}"
_HAN_CLOCK = re.compile(
    rf"{_GAP}(?P<half>{_HALF})?\s{{0,2}}(?P<h>{_HAN_NUMBER})[时点](?:(?P<word>半|整|正|一刻|三刻)|(?P<mi>{_HAN_NUMBER})分?(?!刻))"
)
_WORDS = {"半": "30", "整": "0", "正": "0", "一刻": "15", "三刻": "45"}


def _offset(found: re.Match[str]) -> timedelta:
    digits = found["named"] or found["glued"] or found["spaced"]
    if not digits:
        return timedelta(hours=_ZONES[found["name"].lower()])
    sign, rest = digits[0], digits[1:].replace(":", "")
    hours, minutes = int(rest[:-2] if len(rest) > 2 else rest), int(rest[-2:]) if len(rest) > 2 else 0
    if hours > 14 or minutes > 59:
        raise DateError("zone")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if sign == "-" else offset


def to_24_hours(half: str, hour: int) -> int:
    """Return the hour of 24 for an `hour` after 上午, 下午, 晚上, AM, …. Raises DateError if they contradict."""
    half = half.lower().replace(".", "")
    if half in {"上午", "am", "凌晨", "清晨", "清早", "早晨", "早上", "早间", "早"}:
        if hour > 12:
            raise DateError("impossible")
        return hour % 12
    if half in {"下午", "pm", "午后", "傍晚"}:
        return hour + 12 if hour < 12 else hour
    if half in {"中午", "正午"}:
        if hour not in {10, 11, 12, 13, 14, 1, 2}:
            raise DateError("impossible")
        return hour + 12 if hour < 10 else hour
    if 5 <= hour < 12:
        return hour + 12
    if hour < 17:
        raise DateError("ambiguous")
    return hour


def read_clock(text: str, at: int) -> tuple[Clock | None, int]:
    """Return the time of day at position `at` of a flattened text, and where it ends; (None, `at`) if there is none.

    An hour without minutes (8时) does not count. Raises DateError for 上午 25 and the like.
    """
    found = _CLOCK.match(text, at)
    if not found:
        return _han_clock(text, at)
    minute = found["mi"] or found["mi2"] or _WORDS.get(found["word"] or "")
    if minute is None:
        return None, found.end()
    hour = int(found["h"])
    half = found["half"] or found["after"]
    if half:
        hour = to_24_hours(half, hour)
    end, offset = found.end(), None
    zone = _ZONE.match(text, end)
    if zone:
        if zone["glued"] and zone["glued"][0] == "-" and text[at : at + 1] != "T" and not found["s"]:
            raise DateError("range")
        offset, end = _offset(zone), zone.end()
    elif _OTHER_ZONE.match(text, end):
        raise DateError("zone")
    return Clock(hour, int(minute), int(found["s"] or found["s2"] or 0), offset), end


def _han_clock(text: str, at: int) -> tuple[Clock | None, int]:
    found = _HAN_CLOCK.match(text, at)
    if not found:
        return None, at
    hour, minute = han_number(found["h"]), found["mi"] or _WORDS[found["word"]]
    return Clock(to_24_hours(found["half"], hour) if found["half"] else hour, han_number(minute)), found.end()


def han_number(digits: str) -> int:
    """Return the number 0–99 written as 十二, 二十, 〇五, 元, 5 or 05. Raises DateError for other characters."""
    if digits.isdigit() and digits.isascii():
        return int(digits)
    tens, ten, units = digits.lstrip("〇").rpartition("十")
    if not digits.strip("〇"):
        return 0
    if not ten:
        if len(units) != 1:
            raise DateError("impossible")
        return HAN_DIGITS[units]
    if len(tens) > 1 or len(units) > 1:
        raise DateError("impossible")
    return (HAN_DIGITS[tens] if tens else 1) * 10 + (HAN_DIGITS[units] if units else 0)


# --- Dates ---


@dataclass(frozen=True)
class WrittenDate:
    """A date at `start:end` of a text: the calendar day and the clock, if one is printed."""

    year: int
    month: int
    day: int
    clock: Clock | None
    start: int
    end: int

    def to_datetime(self) -> datetime:
        """Return the aware date-time in China Standard Time. Raises DateError if no such day or time exists."""
        clock = self.clock or Clock(0, 0)
        late = clock.hour == 24
        if late and (clock.minute or clock.second):
            raise DateError("impossible")
        zone = CST if clock.offset is None else timezone(clock.offset)
        try:
            value = datetime(
                self.year, self.month, self.day, 0 if late else clock.hour, clock.minute, clock.second, tzinfo=zone
            )
            if late:
                value += timedelta(days=1)
            return value if zone is CST else value.astimezone(CST)
        except (ValueError, OverflowError) as error:
            raise DateError("impossible") from error


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
"""Faster than `str.translate`, which looks up every character; most texts have few of these."""
_MAP |= {
    ord(a): b for a, b in zip("時點週禮後來發壹贰叁肆伍陆柒捌玖拾", "时点周礼后来发一二三四五六七八九十", strict=True)
}
_MAP |= {ord(c): b for b, chars in {"〇": "○◯Ｏ零"}.items() for c in chars}
_ENTITY = re.compile(r"&(?:#(?:x?[0-9a-f]{2,5})|nbsp|ensp|emsp|thinsp);?", re.I)


@lru_cache(maxsize=16)
def plain_marks(text: str) -> str:
    """Return `text` with ASCII digits, colons, bars, dashes and spaces for their full-width and odd variants.

    The length stays the same, so positions hold. Line breaks and Chinese characters stay.
    """
    if "&" in text:
        text = _ENTITY.sub(lambda m: " " * len(m.group()), text)
    return _MARK.sub(lambda mark: _MARKS[mark[0]], text)


def flatten(text: str) -> str:
    """Return `text` for reading dates: as `plain_marks`, and line breaks are spaces, date words have one spelling."""
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


def _numeric(text: str, found: re.Match[str]) -> WrittenDate:
    year = int(found["y"])
    if not 1900 <= year < 2100:
        raise DateError("impossible")
    clock, end = read_clock(text, found.end())
    return WrittenDate(year, int(found["m"] or found["m2"]), int(found["d"] or found["dd"]), clock, found.start(), end)


def _han(text: str, found: re.Match[str]) -> WrittenDate:
    clock, end = read_clock(text, found.end())
    return WrittenDate(_han_year(found["y"]), han_number(found["m"]), han_number(found["d"]), clock, found.start(), end)


def _english(text: str, found: re.Match[str]) -> WrittenDate:
    clock, end = read_clock(text, found.end())
    return WrittenDate(int(found["y"]), _MONTHS[found["mon"][:3].lower()], int(found["d"]), clock, found.start(), end)


def _asctime(text: str, found: re.Match[str]) -> WrittenDate:
    clock, _ = read_clock(f"{found['clock']} {found['z'] or ''}", 0)
    return WrittenDate(
        int(found["y"]), _MONTHS[found["mon"][:3].lower()], int(found["d"]), clock, found.start(), found.end()
    )


_READERS = (
    (_NUMERIC, _numeric),
    (_HAN, _han),
    *((pattern, _english) for pattern in _ENGLISH),
    (_ASCTIME, _asctime),
)


MAX_DATES = 500


def find_written_dates(text: str) -> list[tuple[int, int, WrittenDate | DateError]]:
    """Return the absolute dates in a flattened text, in order and without overlaps: start, end, and date or error.

    At most `MAX_DATES` of each kind are read, because a text with more is not a header.
    """
    found: list[tuple[int, int, WrittenDate | DateError]] = []
    english = _MONTH_HINT.search(text) is not None
    for pattern, read in _READERS if english else _READERS[:2]:
        for match in islice(pattern.finditer(text), MAX_DATES):
            try:
                form = read(text, match)
                found.append((match.start(), form.end, form))
            except DateError as refusal:
                found.append((*match.span(), refusal))
    if len(found) < 2:
        return found
    separate = []
    end = -1
    for hit in sorted(found, key=lambda hit: hit[0]):
        if hit[0] >= end:
            separate.append(hit)
            end = hit[1]
    return separate
