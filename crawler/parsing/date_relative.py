"""Dates told from the moment of reading: 刚刚, 3小时前, 昨天 10:20, 上周五, `2 hours ago`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from crawler.parsing.date_clock import han_number, read_clock
from crawler.parsing.date_forms import Form
from crawler.parsing.date_reading import CST, Precision, Refused

_NUMBER = r"(?P<n>\d{1,3}|[一二三四五六七八九十]{1,3}|两|半|an?|one)"
_UNITS = {"秒": 1, "分": 60, "小": 3600, "钟": 3600, "s": 1, "m": 60, "h": 3600}
_AGO = re.compile(
    rf"{_NUMBER}\s{{0,3}}个?(?P<unit>秒钟?|分钟?|小时|钟头|天|日|周|星期|礼拜|月|年"
    r"|seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?)\s{0,3}(?:之?前|以前|ago)(?!\w)",
    re.I,
)
_JUST_NOW = re.compile(r"(?:刚刚|刚才|just now|now|moments? ago|几秒前|数秒前)", re.I)
_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "yesterday": -1, "today": 0}
_COMPOUND = re.compile(r"(?P<hours>\d{1,3})\s{0,2}个?小时\s{0,2}(?P<minutes>\d{1,2})\s{0,2}分钟?\s{0,2}[之以]?前(?!\w)")
_THAT_YEAR = re.compile(r"(?P<which>今|去|前)年\s{0,2}(?P<m>\d{1,2})\s{0,2}月\s{0,2}(?P<d>\d{1,2})\s{0,2}[日号]")
_DAY = re.compile(r"(?:(?P<han>大前|前|昨|今|明|后)(?:[天日]|晨|(?=[早晚]))|(?P<word>yesterday|today|tomorrow))", re.I)
_WEEK = re.compile(r"(?P<which>上上|上|本|这|下)个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])")


def read_relative(text: str, now: datetime) -> tuple[datetime, Precision] | None:
    """The moment and its precision of a flattened, stripped text, or None where it is no relative form.

    Seconds, minutes and hours count back from `now`; days and weeks give the day only, unless a clock follows.
    Raises Refused: `vague` for months and years ago, `future` for 明天, and what a clock may be refused for.
    """
    now = now.astimezone(CST)
    if _JUST_NOW.fullmatch(text):
        return now.replace(microsecond=0), "minute"
    if found := _AGO.match(text):
        return _ago(found, text, now)
    if found := _COMPOUND.match(text):
        ago = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
        return now.replace(microsecond=0) - ago, "minute"
    if found := _THAT_YEAR.match(text):
        year = now.year - "今去前".find(found["which"])
        clock, end = read_clock(text, found.end())
        return Form(year, int(found["m"]), int(found["d"]), clock, 0, end).moment(), "minute" if clock else "day"
    if found := _DAY.match(text):
        word = (found["han"] or found["word"]).lower()
        if word not in _DAYS:
            raise Refused("future")
        return _on_day(now + timedelta(days=_DAYS[word]), text, found.end())
    if found := _WEEK.match(text):
        weeks = {"上上": -2, "上": -1, "下": 1}.get(found["which"], 0)
        weekday = "一二三四五六日".find(found["day"].replace("天", "日"))
        return _on_day(now + timedelta(days=weekday - now.weekday(), weeks=weeks), text, found.end())
    return None


def _ago(found: re.Match[str], text: str, now: datetime) -> tuple[datetime, Precision]:
    unit, number = found["unit"].lower(), found["n"].lower()
    if unit in {"月", "年"} or unit.startswith(("month", "year")):
        raise Refused("vague")
    count = {"两": 2, "半": 0.5, "a": 1, "an": 1, "one": 1}.get(number) or han_number(number)
    if unit in {"天", "日"} or unit.startswith("day"):
        return _on_day(now - timedelta(days=int(count)), text, found.end(), whole=count >= 1)
    if unit in {"周", "星期", "礼拜"} or unit.startswith("week"):
        return _on_day(now - timedelta(weeks=int(count)), text, found.end(), whole=count >= 1)
    return now.replace(microsecond=0) - timedelta(seconds=count * _UNITS[unit[0]]), "minute"


def _on_day(day: datetime, text: str, at: int, whole: bool = True) -> tuple[datetime, Precision]:
    if not whole:
        raise Refused("vague")
    clock, end = read_clock(text, at)
    if re.search(r"\w", text[end:].removeprefix("晚上").removeprefix("晚").removeprefix("早上").removeprefix("早")):
        raise Refused("no_date")
    return Form(day.year, day.month, day.day, clock, 0, end).moment(), "minute" if clock else "day"
