"""What reading a date gives: an aware moment with its precision, or one of a fixed set of reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

CST = timezone(timedelta(hours=8), "CST")
"""China Standard Time: what every date without a zone is read in."""

Precision = Literal["minute", "day"]

REASONS = {
    "empty": "nothing to read",
    "too_long": "longer than any date with its label",
    "no_date": "no date in it",
    "no_year": "month and day without a year",
    "two_digit_year": "a year of two digits",
    "no_day": "a year, or year and month, without a day",
    "time_only": "a time of day without a date",
    "lunar": "a date of the lunar calendar",
    "weekday_only": "a day of the week without a date",
    "ambiguous": "can be read in two ways",
    "several": "different dates, none labelled as the one meant",
    "range": "a span from one date to another",
    "impossible": "no such day or time",
    "null": "the zero a database prints for an unknown date",
    "zone": "an unknown time zone",
    "vague": "a distance in months or years",
    "future": "more than a day after it was fetched",
}
"""Why a string gives no date: the fixed vocabulary of `DateReading.reason`."""


@dataclass(frozen=True)
class DateReading:
    """A date read, or why not. `moment` is aware, in China Standard Time, to the second; with `precision` `day` it is
    00:00 of that day. Exactly one of `moment` and `reason` (a key of `REASONS`) is None."""

    moment: datetime | None
    precision: Precision | None = None
    reason: str | None = None


class Refused(ValueError):
    """A string that looks like a date and must not be read as one; `reason` is one word of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_SLACK = timedelta(days=1)
_NULLS = {(1, 1, 1), (1900, 1, 1), (1970, 1, 1)}


def bounded(moment: datetime, precision: Precision, now: datetime) -> DateReading:
    """The reading of `moment`, or the refusal of one that lies more than a day after `now` or is a database's zero."""
    if moment - now > _SLACK:
        return DateReading(None, reason="future")
    if moment.year in {1, 1900, 1970} and (moment.year, moment.month, moment.day) in _NULLS:
        return DateReading(None, reason="null")
    return DateReading(moment, precision)
