"""Dates from context: the date in an article's URL, and the year that a list row leaves out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from crawler.parsing.date_forms import CST, DateError, DateReading, WrittenDate, check_bounds, flatten, read_clock

_Y, _M, _D = r"(?P<y>(?:19|20)\d\d)", r"(?P<m>0?[1-9]|1[0-2])", r"(?P<d>0?[1-9]|[12]\d|3[01])"
_MM, _DD = r"(?P<m>0[1-9]|1[0-2])", r"(?P<d>0[1-9]|[12]\d|3[01])"
_DAY_PATHS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"/[a-z]?t{_Y}{_MM}{_DD}_\d",  # TRS: t20230608_2213652.shtml
        rf"/{_Y}[-/_]{_M}[-/_]{_D}(?=[/_.]|$)",  # /art/2022/1/20/, /2019-07-05/, /2022/08-11/
        rf"/{_Y}[-/]?{_MM}[-/]?{_DD}(?=[/_.]|$)",  # /20240511/, /2019/0705/, /202202/13/, /2019-0705/
        rf"/{_Y}{_MM}{_DD}(?=[A-Z]\w+\.)",  # 20190705A0B1C2.html
        rf"/{_Y}{_MM}{_DD}(?=(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?\d{{0,6}}\.)",  # 20190705082900.html
        rf"/[PW]0{_Y}{_MM}{_DD}\d{{6,}}",  # TRS attachments and images: P020190705…
    )
)
_MONTH_PATHS = tuple(re.compile(pattern) for pattern in (rf"/{_Y}[-/_]?{_MM}(?=/|$)", rf"/{_Y}[-/_]{_M}(?=/|$)"))
_YEAR_PATH = re.compile(rf"/{_Y}(?=/|$)")
_ROW = re.compile(r"\D{0,16}?(?<!\d)(?P<m>\d{1,2})\s{0,3}(?:[-/.]|月)\s{0,3}(?P<d>\d{1,2})(?!\d)\s{0,3}[日号]?")


@dataclass(frozen=True)
class YearMonth:
    """What a URL says without a day: the year and, if named, the month."""

    year: int
    month: int | None = None


def date_from_url(url: str, now: datetime | None = None) -> DateReading:
    """Return the day in an article's URL (`t20230608_…`, `/art/2022/1/20/`, `/2019-07-05/`, `/20240511/…`).

    It is in China Standard Time; reason `no_day` if the URL names a month at most, `no_date` if nothing. With `now`, a
    later day is refused as `future`. It is the day the page was created: the displayed date wins over it.
    """
    path = _path(url)
    for pattern in _DAY_PATHS:
        found = pattern.search(path)
        if not found:
            continue
        try:
            value = WrittenDate(int(found["y"]), int(found["m"]), int(found["d"]), None, 0, 0).to_datetime()
        except DateError as refusal:
            return DateReading(None, reason=refusal.reason)
        return check_bounds(value, "day", now or value)
    return DateReading(None, reason="no_day" if month_from_url(url) else "no_date")


def month_from_url(url: str) -> YearMonth | None:
    """Return the year and, if named, the month in a URL: `/202310/`, `/2023/10/`, `/2025/art_…`; None without one."""
    path = _path(url)
    for pattern in (*_DAY_PATHS, *_MONTH_PATHS):
        if found := pattern.search(path):
            return YearMonth(int(found["y"]), int(found["m"]))
    found = _YEAR_PATH.search(path)
    return YearMonth(int(found["y"])) if found else None


def read_month_day(
    text: str, now: datetime, hint: YearMonth | None = None, neighbours: Sequence[datetime] = ()
) -> DateReading:
    """Return the date of a list row that prints only month and day (`07-05`, `7月5日`, `07-05 08:29`).

    The year comes from `hint` (the row's URL), else from `neighbours`, the dates of the rows around it, nearest first:
    the year that puts the row within half a year of the first. Without either the row is refused as `no_year`, because
    the year of `now` would be a guess.
    """
    flat = flatten(text[:100]).strip()
    found = _ROW.match(flat)
    if (
        not found
        or re.search(r"\d{4}|\d\s{0,2}[-/.年]\s{0,2}$", flat[: found.start("m")])
        or re.match(r"\s?[-/.]\s?\d", flat[found.end() :])
    ):
        return DateReading(None, reason="no_date")
    month, day = int(found["m"]), int(found["d"])
    year = _year_of(month, day, hint, neighbours)
    if year is None:
        return DateReading(None, reason="no_year")
    try:
        clock, _ = read_clock(flat, found.end())
        return check_bounds(WrittenDate(year, month, day, clock, 0, 0).to_datetime(), "minute" if clock else "day", now)
    except DateError as refusal:
        return DateReading(None, reason=refusal.reason)


def _year_of(month: int, day: int, hint: YearMonth | None, neighbours: Sequence[datetime]) -> int | None:
    if hint:
        if hint.month is None or abs(hint.month - month) <= 1:
            return hint.year
        return hint.year + (1 if hint.month - month == 11 else -1) if abs(hint.month - month) == 11 else None
    if not neighbours:
        return None
    near = neighbours[0].astimezone(CST)
    half = timedelta(days=183)
    for year in (near.year, near.year - 1, near.year + 1):
        try:
            value = datetime(year, month, day, tzinfo=CST)
        except ValueError:
            continue
        if abs(value - near) <= half:
            return year
    return near.year


def _path(url: str) -> str:
    try:
        return urlsplit(url[:2000]).path
    except ValueError:
        return ""
