"""What is usual: whether a share has grown by more than chance explains, and how long a site may publish nothing.

Pure functions. A site's publishing interval is learned from its own dates; public holidays do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import sqrt

from crawler.parsing.date_forms import CST

_Z = 1.96
"""For a two-sided 95 % interval."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole`, with the Wilson score interval of the true share: unlike the usual one it is right for small
    samples and for shares near 0 and 1."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share itself; 0 if there is no sample."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def low(self) -> float:
        """The lower bound of the true share; 0 if there is no sample."""
        return self._bound(-1)

    @property
    def high(self) -> float:
        """The upper bound of the true share; 1 if there is no sample."""
        return self._bound(1)

    def _bound(self, sign: int) -> float:
        if not self.whole:
            return 0.0 if sign < 0 else 1.0
        n, p = self.whole, self.value
        middle = p + _Z * _Z / (2 * n)
        spread = _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        return min(1.0, max(0.0, (middle + sign * spread) / (1 + _Z * _Z / n)))

    def __str__(self) -> str:
        return f"{100 * self.value:.0f} %"


def has_grown(now: Share, usual: Share | float, by: float = 0.25) -> bool:
    """Whether `now` is larger than `usual` by a margin that matters (`by`) and that chance doesn't explain. A `usual`
    that is a plain number is taken as exact."""
    highest, value = (usual.high, usual.value) if isinstance(usual, Share) else (usual, usual)
    return now.value - value >= by and now.low > highest


ENOUGH_DAYS = 4
"""Days of publication that are needed to learn the usual interval."""
MIN_SILENT_DAYS = 7
"""A week without news is normal even for a site that publishes daily: weekends and bridged days."""
UNKNOWN_SILENT_DAYS = 60
"""For a site whose publishing interval is unknown."""

# 春节, the first day of the first lunar month.
_NEW_YEAR = (
    *(date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19), date(2035, 2, 8)),
    *(date(2036, 1, 28), date(2037, 2, 15), date(2038, 2, 4), date(2039, 1, 24), date(2040, 2, 12)),
)
_BEFORE, _AFTER = 2, 9
"""Offices close a day or two before the eve and open after a week; little is published in the first days of work."""


def is_holiday(day: date) -> bool:
    """Whether offices are closed around 春节 (to 2040), or on 国庆节 (1 to 8 October)."""
    if day.month == 10 and day.day <= 8:
        return True
    return any(-_BEFORE <= (day - first).days <= _AFTER for first in _NEW_YEAR)


def days_between(earlier: datetime, later: datetime) -> int:
    """Days from the date of `earlier` to that of `later`, both in China Standard Time."""
    return (later.astimezone(CST).date() - earlier.astimezone(CST).date()).days


def silent_days(newest: datetime, at: datetime) -> int:
    """Like `days_between`, without public holidays."""
    first = newest.astimezone(CST).date()
    days = (first + timedelta(days=number) for number in range(1, days_between(newest, at) + 1))
    return sum(not is_holiday(day) for day in days)


def max_silent_days(gap_days: int | None) -> int:
    """How many days a site may publish nothing if its longest usual interval is `gap_days` (None: unknown)."""
    return UNKNOWN_SILENT_DAYS if gap_days is None else max(MIN_SILENT_DAYS, 2 * gap_days)


def longest_gap(days: Iterable[date]) -> int | None:
    """The longest interval in days between two of the latest 30 days of publication; None if there are too few."""
    latest = sorted(days)[-30:]
    if len(latest) < ENOUGH_DAYS:
        return None
    return max((later - earlier).days for earlier, later in pairwise(latest))
