"""Dates as Chinese sites and feeds print them, read without guessing.

Regular expressions read the usual forms. A string they cannot read that holds a four-digit year goes to one reused
`dateparser` parser. A string without a whole date is refused with a reason, never completed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.parsing.date_forms import (
    CST,
    REASONS,
    Clock,
    DateError,
    DateReading,
    Precision,
    WrittenDate,
    check_bounds,
    find_written_dates,
    flatten,
    han_number,
    read_clock,
)
from crawler.parsing.date_hints import YearMonth, date_from_url, month_from_url, read_month_day

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

__all__ = [
    "CST",
    "REASONS",
    "DateReading",
    "FoundDate",
    "YearMonth",
    "date_from_url",
    "find_dates",
    "label_rank",
    "month_from_url",
    "read_date",
    "read_month_day",
]


@dataclass(frozen=True)
class FoundDate:
    """A date in a longer text: its reading, its place `start:end`, and the label printed before it, or None."""

    reading: DateReading
    start: int
    end: int
    label: str | None = None


_MAX_TEXT_LENGTH = 200
_DATE_WORD = (
    r"(?:(?:首次|最后|最近|信息|文章|稿件|新闻)?(?:发布|发表|发稿|发文|发出|公布|公开|更新|修改|编辑|上传|录入|添加|创建|采集|生成"
    r"|成文|制发|签发|印发|颁布|刊发|刊登|登载|开始|结束|截止|截至|起始|报名|活动|会议|施行|实施|生效|失效|废止|落款|写作|撰写|来稿|投稿)"
    r"(?:时间|日期|于)|时间(?:发布)?|日期|时\s{0,6}间|日\s{0,6}期|(?:Published|Updated|Posted|Created|Modified)(?:\s(?:on|at))?|Date|Time)"
)
_LABEL = re.compile(
    rf"(?:(?P<word>(?:今天|今日|现在|当前|系统)(?:是|时间|日期)?|{_DATE_WORD})|(?P<any>[\u4e00-\u9fff]{{1,10}})(?=\s{{0,6}}:))\s{{0,6}}:?[\s(（\[【<《“\"']{{0,8}}$",
    re.I,
)
_LEAD = re.compile(
    rf"^[^\w+-]{{0,12}}(?:{_DATE_WORD}\s{{0,3}}:?\s{{0,3}}|[\u4e00-\u9fff]{{1,10}}\s{{0,3}}:\s{{0,3}})?[\s(（\[【<]{{0,8}}",
    re.I,
)
_TAIL = re.compile(r"[\s)）\]】>。.;；,，|/]*$")
_SPAN = re.compile(
    r"\s{0,3}(?:-{1,2}|~|～|至|到)\s{0,3}(?:[\d〇一二三四五六七八九十]|今|现在)|[、和及]\s?\d{1,2}[日号]|、\d{1,2}月"
)
_LUNAR = re.compile(r"(?:农|阴|旧|夏)历[^\d]{0,4}$")
_FOREIGN = re.compile(
    r"(?:美东|美国|美西|东部|东京|日本|伦敦|纽约|格林尼治|格林威治|欧洲|莫斯科|当地)(?:夏令|标准)?时间\s{0,3}:?\s{0,3}$"
)
_COMMON = re.compile(
    r"\s{0,8}(?:(?:发布|更新|发表|发稿)?(?:时间|日期)[:：]\s{0,4})?[(\[（【]?"
    r"((?:19|20)\d\d)[-/.年](\d\d?)[-/.月](\d\d?)日?"
    r"(?:[ T]{0,2}(\d\d?)[:：](\d\d)(?:[:：](\d\d))?)?(?=[)\]）】]?\s{0,8}(?:$|来源))"
)
_NOT_DATES = (
    ("vague", re.compile(r"[几数][天周年月]前|[几数]个?(?:小时|分钟|月|星期|礼拜)前")),
    (
        "lunar",
        re.compile(r"农历|阴历|[正冬腊]月|初[一二三四五六七八九十]|[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年"),
    ),
    (
        "two_digit_year",
        re.compile(r"(?<![\d.])'?\d\d\s{0,2}(?:[-/.年])\s{0,2}\d{1,2}\s{0,2}[-/.月]\s{0,2}\d{1,2}(?!\d)"),
    ),
    (
        "two_digit_year",
        re.compile(
            r"(?<!\d)\d{1,2}[\s-](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s,-]{1,2}'?\d\d(?!\d)", re.I
        ),
    ),
    (
        "two_digit_year",
        re.compile(r"(?<![〇一二三四五六七八九十])[〇一二三四五六七八九]{2}年[一二三四五六七八九十]{1,2}月"),
    ),
    (
        "no_day",
        re.compile(
            r"(?<!\d)(?:19|20)\d\d\s{0,2}(?:年(?:\s{0,2}\d{1,2}\s{0,2}月?)?|[-/.]\d{1,2})?(?!\d)(?!.*\d{1,2}日)"
        ),
    ),
    ("no_day", re.compile(r"[〇一二三四五六七八九]{4}年")),
    (
        "no_year",
        re.compile(
            r"(?<!\d)\d{1,2}\s{0,2}(?:[-/.]|月)\s{0,2}(?:\d{1,2}(?!\d)|\d\d(?=\d\d:))|[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号]"
        ),
    ),
    ("time_only", re.compile(r"(?<!\d)\d{1,2}\s?[:时点]\s?\d{1,2}")),
    (
        "weekday_only",
        re.compile(
            r"(?:周|星期|礼拜)[一二三四五六日天]|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b",
            re.I,
        ),
    ),
)


def read_date(text: str, now: datetime, *, relative: bool = True) -> DateReading:
    """Return the date that a whole string stands for; a label before it, brackets and a word after it are allowed.

    `now` (aware) is when the text was fetched: relative forms count from it, and a date more than a day later is
    refused. With `relative` False relative forms are refused as `vague`. A date without a zone is China Standard Time;
    one with a zone keeps its instant. Never raises for a text.
    """
    if common := _common(text):
        return check_bounds(*common, now)
    flat = flatten(text[: _MAX_TEXT_LENGTH + 1]).strip()
    if not flat:
        return DateReading(None, reason="empty")
    if len(flat) > _MAX_TEXT_LENGTH:
        return DateReading(None, reason="too_long")
    try:
        value, precision = _read(flat, now, relative)
    except DateError as refusal:
        return DateReading(None, reason=refusal.reason)
    return check_bounds(value, precision, now)


def _common(text: str) -> tuple[datetime, Precision] | None:
    """Return the forms that nearly all pages print, by one expression; None leaves the text to the slower way."""
    found = _COMMON.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second = found.groups()
    try:
        if hour is None:
            return datetime(int(year), int(month), int(day), tzinfo=CST), "day"
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=CST), "minute"
    except ValueError:
        return None


def find_dates(text: str, now: datetime) -> list[FoundDate]:
    """Return the absolute dates in a longer text, in order, each with the label before it (发布时间, 更新时间, …).

    Dates that must be refused (impossible, future) are included with their reason and no value. `now` as in
    `read_date`. Digits without separators are ignored: in running text they are numbers of something else.
    """
    flat = flatten(text)
    found = []
    for start, end, form in find_written_dates(flat):
        before = flat[max(0, start - 40) : start]
        try:
            if isinstance(form, DateError):
                raise form
            if _LUNAR.search(before):
                raise DateError("lunar")
            reading = check_bounds(form.to_datetime(), "minute" if form.clock else "day", now)
        except DateError as refusal:
            reading = DateReading(None, reason=refusal.reason)
        found.append(FoundDate(reading, start, end, _label(before)))
    return found


def _label(before: str) -> str | None:
    found = _LABEL.search(before)
    return re.sub(r"\s", "", found["word"] or found["any"]) if found else None


def label_rank(label: str | None) -> int:
    """Return how reliably a date with this label is the date of publication.

    0 the label says so, 1 no label, 2 a later edit, 3 the date of something else (成文日期, 开始时间), 4 the clock of
    the page (今天是).
    """
    if label is None:
        return 1
    if label.startswith(("今天", "今日", "现在", "当前", "系统")):
        return 4
    if re.search(r"更新|修改|编辑时间|Updated|Modified", label, re.I):
        return 2
    if re.search(r"发布|发表|发稿|发出|公布|公开|刊发|刊登|登载|上传|录入|添加|创建|Published|Posted", label, re.I):
        return 0
    if re.fullmatch(r"时间(?:发布)?|日期|Date|Time", label, re.I):
        return 0
    return 3 if re.fullmatch(_DATE_WORD, label, re.I) else 1


def _read(flat: str, now: datetime, relative: bool) -> tuple[datetime, Precision]:
    if packed := read_packed(flat):
        return packed
    if forms := find_written_dates(flat):
        return _one_of(flat, forms)
    bare = _bare(flat)
    if reading := read_packed(bare) or read_reordered(bare):
        return reading
    if counted := read_relative(bare, now):
        if not relative:
            raise DateError("vague")
        return counted
    if fallback := read_by_dateparser(bare, now.astimezone(CST).date()):
        return fallback
    raise DateError(next((reason for reason, pattern in _NOT_DATES if pattern.search(flat)), "no_date"))


def _bare(flat: str) -> str:
    lead = _LEAD.match(flat)
    return _TAIL.sub("", flat[lead.end() if lead else 0 :])


def _clock_before(text: str) -> Clock | None:
    clock, end = read_clock(text, 0)
    return None if text[end:].strip() else clock


def _one_of(flat: str, forms: list[tuple[int, int, WrittenDate | DateError]]) -> tuple[datetime, Precision]:
    best: dict[int, list[tuple[datetime, Precision]]] = {}
    for index, (start, end, form) in enumerate(forms):
        before = flat[max(0, start - 40) : start]
        if isinstance(form, DateError):
            raise form
        if _LUNAR.search(before):
            raise DateError("lunar")
        if _FOREIGN.search(before):
            raise DateError("zone")
        if _SPAN.match(flat, end):
            raise DateError("range")
        clock = form.clock or (_clock_before(before) if index == 0 else None)
        value = WrittenDate(form.year, form.month, form.day, clock, start, end).to_datetime()
        best.setdefault(label_rank(_label(before)), []).append((value, "minute" if clock else "day"))
    chosen = best[min(best)]
    if len({value.date() for value, _ in chosen}) > 1:
        raise DateError("several")
    return next((reading for reading in chosen if reading[1] == "minute"), chosen[0])


# --- Forms that are a date only if they are the whole string: digits alone, parts in another order, `dateparser` ---

_STAMP = re.compile(r"/?(?:Date\()?(\d{10}|\d{13})(?:\.\d{1,9}|[+-]\d{4})?\)?/?")
_COMPACT = re.compile(
    r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T\s_-]?(\d\d):?(\d\d)(?::?(\d\d)(?:\.?\d{3,6})?)?)?(\s?(?:Z|[+-]\d\d:?\d\d))?"
)
_MIXED = re.compile(r"(?<![\d.])(\d{1,2})[/.-](\d{1,2})[/.-]((?:19|20)\d\d)(?!\d)")
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})(?:日|\s|/)\s{0,4}(?P<y>(?:19|20)\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?月?")
_YEAR_LAST = re.compile(r"(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})日?[\s,]\s{0,4}(?P<y>(?:19|20)\d\d)年?")
_DAY_LAST = re.compile(r"(?P<y>(?:19|20)\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?月?\s{1,4}(?P<d>\d{1,2})日?")


def read_packed(bare: str) -> tuple[datetime, Precision] | None:
    """Return a date in digits alone: 20190705, 201907050829, or seconds or milliseconds since 1970."""
    if not bare[-1:].isdigit() and bare[-1:] not in {"Z", "z", "/", ")"}:
        return None
    if stamp := _STAMP.fullmatch(bare):
        seconds = int(stamp[1][:10])
        if seconds < 10**9:
            raise DateError("no_date")
        return datetime.fromtimestamp(seconds, CST), "minute"
    found = _COMPACT.fullmatch(bare)
    if not found:
        return None
    clock = None
    if found[5]:
        clock, _ = read_clock(f"T{found[4]}:{found[5]}:{found[6] or '00'}{(found[7] or '').strip()}", 0)
    return WrittenDate(
        int(found[1]), int(found[2]), int(found[3]), clock, 0, 0
    ).to_datetime(), "minute" if clock else "day"


def read_reordered(bare: str) -> tuple[datetime, Precision] | None:
    """Return a date with its parts apart or in another order, as in list rows: `05 2019-07`, `07-05 2019`,
    `25/12/2019`."""
    for pattern in (_DAY_FIRST, _YEAR_LAST, _DAY_LAST):
        if found := pattern.fullmatch(bare):
            return WrittenDate(int(found["y"]), int(found["m"]), int(found["d"]), None, 0, 0).to_datetime(), "day"
    found = _MIXED.match(bare)
    if not found:
        return None
    first, second, year = (int(part) for part in found.groups())
    if first != second and first <= 12 and second <= 12:
        raise DateError("ambiguous")
    month, day = (second, first) if first > 12 else (first, second)
    clock, _ = read_clock(bare, found.end())
    return WrittenDate(year, month, day, clock, 0, 0).to_datetime(), "minute" if clock else "day"


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
    """Return what `dateparser` reads in a text with a four-digit year, if year, month and day are all printed."""
    if not _WORTH_TRYING.match(bare):
        return None
    try:
        data = _parser(today).get_date_data(bare)
    except (ValueError, TypeError, OverflowError, ArithmeticError, LookupError):
        return None
    value = data.date_obj
    if value is None:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", bare)]
    named = value.strftime("%b").lower() in bare.lower() or f"{_HAN_MONTHS[value.month - 1]}月" in bare
    printed = [value.year, value.day] if named else [value.year, value.month, value.day]
    if any(numbers.count(part) < printed.count(part) for part in printed):
        return None
    precision: Precision = "minute" if "time" in (data.parts or ()) else "day"
    return value.astimezone(CST).replace(microsecond=0), precision


# --- Dates relative to the time of fetching: 刚刚, 3小时前, 昨天 10:20, 上周五, `2 hours ago` ---

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
    """Return the date-time and its precision of a flattened, stripped text; None if it is not a relative form.

    Seconds, minutes and hours count back from `now`; days and weeks yield the day only, unless a clock follows. Raises
    DateError: `vague` for months and years ago, `future` for 明天, and the reasons of `read_clock`.
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
        return WrittenDate(
            year, int(found["m"]), int(found["d"]), clock, 0, end
        ).to_datetime(), "minute" if clock else "day"
    if found := _DAY.match(text):
        word = (found["han"] or found["word"]).lower()
        if word not in _DAYS:
            raise DateError("future")
        return _on_day(now + timedelta(days=_DAYS[word]), text, found.end())
    if found := _WEEK.match(text):
        weeks = {"上上": -2, "上": -1, "下": 1}.get(found["which"], 0)
        weekday = "一二三四五六日".find(found["day"].replace("天", "日"))
        return _on_day(now + timedelta(days=weekday - now.weekday(), weeks=weeks), text, found.end())
    return None


def _ago(found: re.Match[str], text: str, now: datetime) -> tuple[datetime, Precision]:
    unit, number = found["unit"].lower(), found["n"].lower()
    if unit in {"月", "年"} or unit.startswith(("month", "year")):
        raise DateError("vague")
    count = {"两": 2, "半": 0.5, "a": 1, "an": 1, "one": 1}.get(number) or han_number(number)
    if unit in {"天", "日"} or unit.startswith("day"):
        return _on_day(now - timedelta(days=int(count)), text, found.end(), whole=count >= 1)
    if unit in {"周", "星期", "礼拜"} or unit.startswith("week"):
        return _on_day(now - timedelta(weeks=int(count)), text, found.end(), whole=count >= 1)
    return now.replace(microsecond=0) - timedelta(seconds=count * _UNITS[unit[0]]), "minute"


def _on_day(day: datetime, text: str, at: int, whole: bool = True) -> tuple[datetime, Precision]:
    if not whole:
        raise DateError("vague")
    clock, end = read_clock(text, at)
    if re.search(r"\w", text[end:].removeprefix("晚上").removeprefix("晚").removeprefix("早上").removeprefix("早")):
        raise DateError("no_date")
    return WrittenDate(day.year, day.month, day.day, clock, 0, end).to_datetime(), "minute" if clock else "day"


# --- Times on the command line ---

_TIME_AGO = re.compile(r"(\d{1,5})\s*([hdwmy天日周月年时])")
_UNIT_DAYS = {"d": 1, "天": 1, "日": 1, "w": 7, "周": 7, "m": 30, "月": 30, "y": 365, "年": 365}


def parse_user_datetime(text: str, now: datetime, *, end: bool = False) -> datetime:
    """Return the date-time that a user means: a date, a date-time, a span back from `now` (`7d`, `12h`, `3周`) or a
    word (`昨天`, `today`).

    A bare day means its beginning, or with `end` its last microsecond, in China Standard Time. Raises ValueError with a
    sentence that names the accepted forms.
    """
    text = text.strip()
    if span := _TIME_AGO.fullmatch(text.lower()):
        amount, unit = int(span[1]), span[2]
        try:
            return now - (timedelta(hours=amount) if unit in "h时" else timedelta(days=amount * _UNIT_DAYS[unit]))
        except OverflowError:
            raise ValueError(f"{text!r} goes back further than the calendar; write 2026-11-01, or 7d") from None
    if text.lower() in {"today", "yesterday", "今天", "今日", "昨天", "昨日", "前天"}:
        back = {"today": 0, "今天": 0, "今日": 0, "前天": 2}.get(text.lower(), 1)
        value = now.astimezone(CST).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        return value + timedelta(days=1, microseconds=-1) if end else value
    reading = read_date(text, now)
    if reading.value is None:
        raise ValueError(f"{text!r} is not a date ({reading.reason}); write 2026-11-01, '2026-11-01 08:30', 7d or 昨天")
    whole_day = end and reading.precision == "day"
    return reading.value + timedelta(days=1, microseconds=-1) if whole_day else reading.value
