"""Pagers and calendars without an end, noticed while they are walked: pure decisions over what pages showed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from crawler.guards.seen import Seen

if TYPE_CHECKING:
    from crawler.platforms.base import ListItem

ENDLESS = frozenset({"max_pages", "same_items", "calendar", "growing_address"})
"""Reasons for which a section's paging was cut off."""
LONGEST_ADDRESS = 2000
"""Characters. Addresses of lists that ask an API reach some 600."""
MOST_REPEATS = 3
FEWEST_ITEMS = 5
SAME_PAGES = 2
FIRST_YEAR = 1990
AHEAD = timedelta(days=62)
_MONTH = re.compile(r"(?<!\d)(\d{4})(?:[-/_.]?)(0[1-9]|1[0-2]|(?<=[-/_.])[1-9])(?!\d)")
_CALENDAR = re.compile(r"calendar|date|month|year|day|rili|riqi|nian|yue", re.I)


@dataclass
class PagerWatch:
    """The pages of one section so far. Ask `trap` once a page."""

    _shown: Seen = field(default_factory=Seen)
    _same: int = 0

    def trap(self, items: Iterable[ListItem], following: str, now: datetime) -> str | None:
        """Why the pager has no end, or None: `same_items` where page after page shows what earlier ones did under other
        addresses, `calendar` where the page that would follow is one of a year nobody has published in, and
        `growing_address` where its address repeats itself or is too long. `now` is aware."""
        rows = [hash((item.title, item.published_at)) for item in items]
        again = not self._shown.update(rows) and len(rows) >= FEWEST_ITEMS
        self._same = self._same + 1 if again else 0
        if self._same >= SAME_PAGES:
            return "same_items"
        if _grows(following):
            return "growing_address"
        return "calendar" if _is_beyond(following, now) else None


def _grows(url: str) -> bool:
    if len(url) > LONGEST_ADDRESS:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    # A parameter given twice is common (appid=1&appid=1); one more with every page is a trap.
    names = Counter(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    if any(count > MOST_REPEATS for count in names.values()):
        return True
    segments = [segment for segment in parts.path.split("/") if segment]
    return any(len(set(segments[i : i + MOST_REPEATS])) == 1 for i in range(len(segments) - MOST_REPEATS + 1))


def _is_beyond(url: str, now: datetime) -> bool:
    parts = urlsplit(url)
    place = f"{parts.path}?{parts.query}"
    if not _CALENDAR.search(place):
        return False
    latest = now + AHEAD
    for year, month in _MONTH.findall(place):
        if int(year) < FIRST_YEAR or (int(year), int(month)) > (latest.year, latest.month):
            return True
    return False
