"""Pagers and calendars without an end, noticed while a crawl walks them, and the set of hashes that this takes.

Pure decisions over what the pages showed.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from crawler.platforms.base import ListItem

ENDLESS = frozenset({"max_pages", "same_items", "calendar", "growing_address"})
"""Reasons why the paging of a section was stopped."""
MAX_ADDRESS_LENGTH = 2000
"""Characters. Addresses of list APIs reach about 600."""
MAX_REPEATS = 3
MIN_ITEMS = 5
MAX_SAME_PAGES = 2
MIN_YEAR = 1990
MAX_AHEAD = timedelta(days=62)
_MONTH = re.compile(r"(?<!\d)(\d{4})(?:[-/_.]?)(0[1-9]|1[0-2]|(?<=[-/_.])[1-9])(?!\d)")
_CALENDAR = re.compile(r"calendar|date|month|year|day|rili|riqi|nian|yue", re.I)
_FIRST_SIZE = 64


class HashSet:
    """A set of 64-bit numbers, such as hashes, that only grows. It takes 12 to 24 bytes a number, Python's set 70 to
    140: a crawl that runs for days keeps one number for every article. Among a million hashes two are equal once in 37
    million such crawls."""

    def __init__(self) -> None:
        # Open addressing; 0 is a free place.
        self._places = array("Q", [0]) * _FIRST_SIZE
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        return self._places[self._place(_kept(number))] != 0

    def add(self, number: int) -> bool:
        """Add a number; returns whether it is new."""
        kept = _kept(number)
        place = self._place(kept)
        if self._places[place]:
            return False
        self._places[place] = kept
        self._count += 1
        if 3 * self._count > 2 * len(self._places):
            self._grow()
        return True

    def update(self, numbers: Iterable[int]) -> int:
        """Add numbers; returns how many are new."""
        return sum([self.add(number) for number in numbers])

    def _place(self, kept: int) -> int:
        """The index of a number, or of the free place for it."""
        places = self._places
        last = len(places) - 1
        place = kept & last
        while places[place] and places[place] != kept:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        old, self._places = self._places, array("Q", [0]) * (2 * len(self._places))
        for kept in old:
            if kept:
                self._places[self._place(kept)] = kept


def _kept(number: int) -> int:
    # 0 marks a free place, so 0 is stored as 1; for hashes that makes no difference.
    return (number & 0xFFFF_FFFF_FFFF_FFFF) or 1


@dataclass
class PagerWatch:
    """The pages of one section so far. Call `trap` once a page."""

    _shown: HashSet = field(default_factory=HashSet)
    _same: int = 0

    def trap(self, items: Iterable[ListItem], following: str, now: datetime) -> str | None:
        """Why the pager has no end, or None: `same_items` if several pages in a row show only items of earlier pages,
        `calendar` if the next page is of a year before any publication or of the future, `growing_address` if its
        address repeats itself or is too long. `now` is aware."""
        rows = [hash((item.title, item.published_at)) for item in items]
        again = not self._shown.update(rows) and len(rows) >= MIN_ITEMS
        self._same = self._same + 1 if again else 0
        if self._same >= MAX_SAME_PAGES:
            return "same_items"
        if _grows(following):
            return "growing_address"
        return "calendar" if _is_beyond(following, now) else None


def _grows(url: str) -> bool:
    if len(url) > MAX_ADDRESS_LENGTH:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    # A parameter given twice is common (appid=1&appid=1); one more with every page is a trap.
    names = Counter(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    if any(count > MAX_REPEATS for count in names.values()):
        return True
    segments = [segment for segment in parts.path.split("/") if segment]
    return any(len(set(segments[i : i + MAX_REPEATS])) == 1 for i in range(len(segments) - MAX_REPEATS + 1))


def _is_beyond(url: str, now: datetime) -> bool:
    parts = urlsplit(url)
    place = f"{parts.path}?{parts.query}"
    if not _CALENDAR.search(place):
        return False
    latest = now + MAX_AHEAD
    for year, month in _MONTH.findall(place):
        if int(year) < MIN_YEAR or (int(year), int(month)) > (latest.year, latest.month):
            return True
    return False
