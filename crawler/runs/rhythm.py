"""How long a site may be silent: its own rhythm, without the holidays on which no office publishes. Pure functions."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from crawler.parsing.date_reading import CST

LEAST_DAYS = 7
"""A week of silence is no news even of a site that publishes daily: weekends and bridged days lie within it."""
UNKNOWN_DAYS = 60
"""For a site whose rhythm is not known."""

# 春节, the first day of the first lunar month.
_NEW_YEAR = (
    *(date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19), date(2035, 2, 8)),
    *(date(2036, 1, 28), date(2037, 2, 15), date(2038, 2, 4), date(2039, 1, 24), date(2040, 2, 12)),
)
_BEFORE, _AFTER = 2, 9
"""Offices close a day or two before the eve and open after a week; the first days at work bring little."""


def is_holiday(day: date) -> bool:
    """Whether offices are closed around 春节 (to 2040), or on 国庆节 (1 to 8 October)."""
    if day.month == 10 and day.day <= 8:
        return True
    return any(-_BEFORE <= (day - first).days <= _AFTER for first in _NEW_YEAR)


def days_between(earlier: datetime, later: datetime) -> int:
    """Days from one day to another in China."""
    return (later.astimezone(CST).date() - earlier.astimezone(CST).date()).days


def silent_days(newest: datetime, at: datetime) -> int:
    """Whole days from the day of `newest` to that of `at` in China, holidays not counted."""
    first = newest.astimezone(CST).date()
    days = (first + timedelta(days=number) for number in range(1, days_between(newest, at) + 1))
    return sum(not is_holiday(day) for day in days)


def allowed_days(gap_days: int | None) -> int:
    """How long a site may be silent whose longest usual interval is `gap_days` (None: not known)."""
    return UNKNOWN_DAYS if gap_days is None else max(LEAST_DAYS, 2 * gap_days)
