"""Dates as Chinese sites and feeds print them, read without guessing.

A regular expression reads the common forms; what it can't read and still holds a four-digit year goes to one reused
`dateparser` parser. What is not a whole date is refused with a reason, never completed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from crawler.parsing.date_clock import Clock, read_clock
from crawler.parsing.date_forms import Form, find_forms, flatten
from crawler.parsing.date_hints import YearMonth, date_from_url, month_from_url, read_month_day
from crawler.parsing.date_reading import CST, REASONS, DateReading, Precision, Refused, bounded
from crawler.parsing.date_relative import read_relative
from crawler.parsing.date_whole import read_by_dateparser, read_packed, read_reordered

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
    """A date inside a longer text: its reading, its place `start:end`, and the label printed before it, or None."""

    reading: DateReading
    start: int
    end: int
    label: str | None = None


_LONGEST = 200
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


def read_date(text: str, now: datetime) -> DateReading:
    """The date a whole string stands for: a label before it, brackets around it and a word after it are allowed.

    `now` (aware) is when the text was fetched: relative forms count from it, and what lies more than a day after it is
    refused. A date without a zone is China Standard Time; one with a zone keeps its instant. Never raises for a text.
    """
    if common := _common(text):
        return bounded(*common, now)
    flat = flatten(text[: _LONGEST + 1]).strip()
    if not flat:
        return DateReading(None, reason="empty")
    if len(flat) > _LONGEST:
        return DateReading(None, reason="too_long")
    try:
        moment, precision = _read(flat, now)
    except Refused as refusal:
        return DateReading(None, reason=refusal.reason)
    return bounded(moment, precision, now)


def _common(text: str) -> tuple[datetime, Precision] | None:
    """The forms nearly all pages print, in one expression; None leaves the text to the patient way."""
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
    """The absolute dates printed in a longer text, in order, each with the label before it (发布时间, 更新时间, …).

    Dates that must be refused (impossible, future) are listed too, with their reason and no moment. `now` as in
    `read_date`. Runs of digits without separators are not taken: in running text they are numbers of something.
    """
    flat = flatten(text)
    found = []
    for start, end, form in find_forms(flat):
        before = flat[max(0, start - 40) : start]
        try:
            if isinstance(form, Refused):
                raise form
            if _LUNAR.search(before):
                raise Refused("lunar")
            reading = bounded(form.moment(), "minute" if form.clock else "day", now)
        except Refused as refusal:
            reading = DateReading(None, reason=refusal.reason)
        found.append(FoundDate(reading, start, end, _label(before)))
    return found


def _label(before: str) -> str | None:
    found = _LABEL.search(before)
    return re.sub(r"\s", "", found["word"] or found["any"]) if found else None


def label_rank(label: str | None) -> int:
    """How surely a date with this label is the date of publication: 0 said so, 1 no label, 2 a later edit, 3 the date
    of something else (成文日期, 开始时间), 4 the clock of the page (今天是)."""
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


def _read(flat: str, now: datetime) -> tuple[datetime, Precision]:
    if packed := read_packed(flat):
        return packed
    if forms := find_forms(flat):
        return _one_of(flat, forms)
    bare = _bare(flat)
    if reading := read_packed(bare) or read_reordered(bare):
        return reading
    if relative := read_relative(bare, now):
        return relative
    if fallback := read_by_dateparser(bare, now.astimezone(CST).date()):
        return fallback
    raise Refused(next((reason for reason, pattern in _NOT_DATES if pattern.search(flat)), "no_date"))


def _bare(flat: str) -> str:
    lead = _LEAD.match(flat)
    return _TAIL.sub("", flat[lead.end() if lead else 0 :])


def _clock_before(text: str) -> Clock | None:
    clock, end = read_clock(text, 0)
    return None if text[end:].strip() else clock


def _one_of(flat: str, forms: list[tuple[int, int, Form | Refused]]) -> tuple[datetime, Precision]:
    best: dict[int, list[tuple[datetime, Precision]]] = {}
    for index, (start, end, form) in enumerate(forms):
        before = flat[max(0, start - 40) : start]
        if isinstance(form, Refused):
            raise form
        if _LUNAR.search(before):
            raise Refused("lunar")
        if _FOREIGN.search(before):
            raise Refused("zone")
        if _SPAN.match(flat, end):
            raise Refused("range")
        clock = form.clock or (_clock_before(before) if index == 0 else None)
        moment = Form(form.year, form.month, form.day, clock, start, end).moment()
        best.setdefault(label_rank(_label(before)), []).append((moment, "minute" if clock else "day"))
    chosen = best[min(best)]
    if len({moment.date() for moment, _ in chosen}) > 1:
        raise Refused("several")
    return next((reading for reading in chosen if reading[1] == "minute"), chosen[0])
