"""The time of day printed beside a date: 08:29, 8时29分, 下午3点半, 八时二十九分, with or without a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from crawler.parsing.date_reading import Refused


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
        return _han_clock(text, at)
    minute = found["mi"] or found["mi2"] or _WORDS.get(found["word"] or "")
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
    elif _OTHER_ZONE.match(text, end):
        raise Refused("zone")
    return Clock(hour, int(minute), int(found["s"] or found["s2"] or 0), offset), end


def _han_clock(text: str, at: int) -> tuple[Clock | None, int]:
    found = _HAN_CLOCK.match(text, at)
    if not found:
        return None, at
    hour, minute = han_number(found["h"]), found["mi"] or _WORDS[found["word"]]
    return Clock(half_day(found["half"], hour) if found["half"] else hour, han_number(minute)), found.end()


def han_number(digits: str) -> int:
    """The number 0–99 written as 十二, 二十, 〇五, 元, 5 or 05; raises Refused where the characters form none."""
    if digits.isdigit() and digits.isascii():
        return int(digits)
    tens, ten, units = digits.lstrip("〇").rpartition("十")
    if not digits.strip("〇"):
        return 0
    if not ten:
        if len(units) != 1:
            raise Refused("impossible")
        return HAN_DIGITS[units]
    if len(tens) > 1 or len(units) > 1:
        raise Refused("impossible")
    return (HAN_DIGITS[tens] if tens else 1) * 10 + (HAN_DIGITS[units] if units else 0)
