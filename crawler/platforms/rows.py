"""Rows of a list: the date that belongs to a link, and the year that a row leaves out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from lxml.html import HtmlElement

from crawler.parsing.date_reading import DateReading
from crawler.parsing.dates import date_from_url, find_dates, month_from_url, read_month_day
from crawler.platforms.base import ListItem

_WHOLE = r"(?:19|20)\d\d\s?(?:[-/.]|年)\s?\d{1,2}\s?(?:[-/.]|月)\s?\d{1,2}日?(?:\s{0,3}\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?"
_DATE = re.compile(rf"(?<!\d){_WHOLE}")
_SPLIT = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})日?\s{1,3}(?P<y>(?:19|20)\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})月?(?![\d]|\s?[-/.]\s?\d)"
)
_SHORT = re.compile(r"(?<![\d.-])\d{1,2}\s?(?:[-/.]|月)\s?\d{1,2}日?(?!\s?[-/.\d%])")
_DIGITS = r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:\s{0,3}\d{1,2}[:：]\d\d(?:[:：]\d\d)?)?"
_EDGE = re.compile(
    rf"^\s*(?:{_DIGITS}\s*|{_WHOLE}\s+|[\[(（【]\s*{_WHOLE}\s*[\])）】]\s*)"
    rf"|(?:\s*{_DIGITS}|\s+{_WHOLE}|\s*[\[(（【]\s*{_WHOLE}\s*[\])）】])\s*$"
)
"""A date before or after a title: in digits, in brackets or set apart; 2023年6月30日食品抽检结果 is a title."""
_LONGEST = 400
_OPENING, _CLOSING = frozenset("0123456789[(（【"), frozenset("0123456789])）】日")


def strip_date(text: str) -> str:
    """A title without a date printed before or after it inside the same link, unless the date is part of a phrase."""
    if not _may_end_in_date(text):
        return text
    return _EDGE.sub("", text).strip() or text


def _may_end_in_date(text: str) -> bool:
    return text[:1] in _OPENING or text[-1:] in _CLOSING


class Row:
    """What stands around one link: `top`, the highest element that holds no other item."""

    __slots__ = ("_holds", "_items", "_link", "_top", "has_date", "text")

    def __init__(
        self, link: HtmlElement, top: HtmlElement, items: set[HtmlElement], holds: Counter[HtmlElement]
    ) -> None:
        self._link, self._top, self._items, self._holds = link, top, items, holds
        self.has_date = False
        """Whether a date stands in the row."""
        self.text = self._read()

    def _read(self) -> str:
        """The row's text outside the link; where it shows no date, what follows up to the next item, else what stands
        before it."""
        inside = self._inside()
        self.has_date = True
        if _shows(inside):
            return inside
        after = self._beside(forward=True)
        if _shows(after) and not self._is_before():
            return after
        before = self._beside(forward=False)
        if _shows(before):
            return before
        self.has_date = _shows(after)
        return after or inside

    def _inside(self) -> str:
        """The text of the row outside the link, else the date at an end of the link's own text."""
        text = ""
        if self._top is not self._link:
            text = " ".join(" ".join(_outside(self._top, self._link)).split())[:_LONGEST]
            if _shows(text):
                return text
        own = " ".join("".join(self._link.itertext() if len(self._link) else (self._link.text or "")).split())
        edge = _EDGE.search(own) if _may_end_in_date(own) else None
        return edge.group() if edge else text

    def _beside(self, *, forward: bool) -> str:
        parts: list[str] = [self._top.tail or ""] if forward else []
        node = self._top
        for _ in range(4):
            following = node.getnext() if forward else node.getprevious()
            if following is None:
                if not forward:
                    parent = node.getparent()
                    parts.append((parent.text or "") if parent is not None else "")
                break
            node = following
            if not forward:
                parts.append(node.tail or "")
            if node in self._items or self._holds[node]:
                break
            if isinstance(node.tag, str) and node.tag not in {"script", "style"}:
                parts.append(" ".join(node.itertext()))
            if forward:
                parts.append(node.tail or "")
        if not forward:
            parts.reverse()
        return " ".join(" ".join(parts).split())[:_LONGEST]

    def _is_before(self) -> bool:
        """Whether dates stand before the items here: the first item of its parent has one before it."""
        parent = self._top.getparent()
        if parent is None:
            return False
        if parent.text and _shows(parent.text):
            return True
        for node in parent:
            if node in self._items or self._holds[node]:
                return False
            if isinstance(node.tag, str) and _shows(" ".join(node.itertext())[:_LONGEST]):
                return True
            if node.tail and _shows(node.tail):
                return True
        return False


def _outside(top: HtmlElement, link: HtmlElement) -> list[str]:
    """The texts of `top` outside `link`, in order; scripts and comments are none."""
    parts: list[str] = []
    stack: list[tuple[HtmlElement, bool]] = [(top, True)]
    while stack:
        node, enter = stack.pop()
        if not enter:
            parts.append(node.tail or "")
            continue
        if node is not top:
            stack.append((node, False))
        if node is link or not isinstance(node.tag, str) or node.tag in {"script", "style"}:
            continue
        parts.append(node.text or "")
        stack.extend((child, True) for child in reversed(node))
    return parts


def _shows(text: str) -> bool:
    return bool(text) and bool(_DATE.search(text) or _SHORT.search(text) or _SPLIT.search(text))


def dated(rows: Sequence[tuple[str, str, Row | None]], now: datetime) -> list[ListItem]:
    """Items from `(url, title, row)`; a row that shows only month and day gets its year from its address or from the
    rows beside it, one that shows no date gets the day that its address names."""
    return date_texts([(url, title, row.text if row else "") for url, title, row in rows], now)


def date_texts(rows: Sequence[tuple[str, str, str]], now: datetime) -> list[ListItem]:
    """`dated` for rows whose text is known: `(url, title, text beside the link)`."""
    read: dict[str, DateReading | None] = {text: _whole(text, now) for text in {text for _, _, text in rows}}
    readings = [read[text] for _, _, text in rows]
    moments = [reading.moment if reading else None for reading in readings]
    items = []
    last: datetime | None = None
    following = _following(moments)
    for index, (url, title, text) in enumerate(rows):
        reading = readings[index]
        if reading is None and (short := _SHORT.search(text)):
            near = [moment for moment in (last, following[index]) if moment]
            reading = read_month_day(text[short.start() : short.end() + 12], now, month_from_url(url), near)
        if reading is None or reading.moment is None:
            reading = date_from_url(url, now)
        last = reading.moment or last
        items.append(ListItem(url, title, reading.moment, reading.precision))
    return items


def _following(moments: Sequence[datetime | None]) -> list[datetime | None]:
    found: list[datetime | None] = []
    near: datetime | None = None
    for moment in reversed(moments):
        found.append(near)
        near = moment or near
    return found[::-1]


def _whole(text: str, now: datetime) -> DateReading | None:
    """The first whole date of a row, None where it shows none."""
    found = _DATE.search(text)
    if found is None:
        split = _SPLIT.search(text)
        if split is None:
            return None
        text = f"{split['y']}-{split['m']}-{split['d']}"
    else:
        text = text[found.start() : found.end() + 12]
    return next((date.reading for date in find_dates(text, now) if date.reading.moment), None)
