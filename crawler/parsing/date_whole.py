"""Forms that are a date only when they are the whole string: digits alone, turned-round parts, and what `dateparser`
reads behind the regular expressions."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.parsing.date_clock import read_clock
from crawler.parsing.date_forms import Form
from crawler.parsing.date_reading import CST, Precision, Refused

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

_STAMP = re.compile(r"/?(?:Date\()?(\d{10}|\d{13})(?:\.\d{1,9}|[+-]\d{4})?\)?/?")
_COMPACT = re.compile(
    r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T\s_-]?(\d\d):?(\d\d)(?::?(\d\d)(?:\.?\d{3,6})?)?)?(\s?(?:Z|[+-]\d\d:?\d\d))?"
)
_MIXED = re.compile(r"(?<![\d.])(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20)\d\d)(?!\d)")
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})(?:日|\s|/)\s{0,4}(?P<y>(?:19|20)\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?月?")
_YEAR_LAST = re.compile(r"(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})日?[\s,]\s{0,4}(?P<y>(?:19|20)\d\d)年?")
_DAY_LAST = re.compile(r"(?P<y>(?:19|20)\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?月?\s{1,4}(?P<d>\d{1,2})日?")


def read_packed(bare: str) -> tuple[datetime, Precision] | None:
    """A date in digits alone: 20190705, 201907050829, or seconds or milliseconds since 1970."""
    if not bare[-1:].isdigit() and bare[-1:] not in {"Z", "z", "/", ")"}:
        return None
    if stamp := _STAMP.fullmatch(bare):
        seconds = int(stamp[1][:10])
        if seconds < 10**9:
            raise Refused("no_date")
        return datetime.fromtimestamp(seconds, CST), "minute"
    found = _COMPACT.fullmatch(bare)
    if not found:
        return None
    clock = None
    if found[5]:
        clock, _ = read_clock(f"T{found[4]}:{found[5]}:{found[6] or '00'}{(found[7] or '').strip()}", 0)
    return Form(int(found[1]), int(found[2]), int(found[3]), clock, 0, 0).moment(), "minute" if clock else "day"


def read_reordered(bare: str) -> tuple[datetime, Precision] | None:
    """A date with its parts apart or turned round, as list rows print it: `05 2019-07`, `07-05 2019`, `25/12/2019`."""
    for pattern in (_DAY_FIRST, _YEAR_LAST, _DAY_LAST):
        if found := pattern.fullmatch(bare):
            return Form(int(found["y"]), int(found["m"]), int(found["d"]), None, 0, 0).moment(), "day"
    found = _MIXED.match(bare)
    if not found:
        return None
    first, second, year = (int(part) for part in found.groups())
    if first != second and first <= 12 and second <= 12:
        raise Refused("ambiguous")
    month, day = (second, first) if first > 12 else (first, second)
    clock, _ = read_clock(bare, found.end())
    return Form(year, month, day, clock, 0, 0).moment(), "minute" if clock else "day"


_HAN_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@lru_cache(maxsize=1)
def _parser(today: date) -> DateDataParser:
    from dateparser.date import DateDataParser

    settings = {
        "TIMEZONE": "Asia/Shanghai",
        "TO_TIMEZONE": "Asia/Shanghai",
        "RETURN_AS_TIMEZONE_AWARE": True,
        "PREFER_DATES_FROM": "past",
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RELATIVE_BASE": datetime.combine(today, datetime.min.time()),
    }
    return DateDataParser(languages=["zh", "en"], settings=settings)


_WORTH_TRYING = re.compile(
    r"(?=.{8,64}$)(?=.*(?<!\d)(?:19|20)\d\d(?!\d))(?=.*(?<!\d)\d{1,2}(?!\d)).*[A-Za-z\u4e00-\u9fff]"
)


def read_by_dateparser(bare: str, today: date) -> tuple[datetime, Precision] | None:
    """What `dateparser` makes of a text with a four-digit year; only if year, month and day stand in the text."""
    if not _WORTH_TRYING.match(bare):
        return None
    try:
        data = _parser(today).get_date_data(bare)
    except (ValueError, TypeError, OverflowError, ArithmeticError, LookupError):
        return None
    moment = data.date_obj
    if moment is None:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", bare)]
    named = moment.strftime("%b").lower() in bare.lower() or f"{_HAN_MONTHS[moment.month - 1]}月" in bare
    printed = [moment.year, moment.day] if named else [moment.year, moment.month, moment.day]
    if any(numbers.count(part) < printed.count(part) for part in printed):
        return None
    precision: Precision = "minute" if "time" in (data.parts or ()) else "day"
    return moment.astimezone(CST).replace(microsecond=0), precision
