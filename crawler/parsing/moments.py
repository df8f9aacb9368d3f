"""The moment a person means who gives a time on the command line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from crawler.parsing.dates import CST, read_date

_SPAN = re.compile(r"(\d{1,5})\s*([hdwmy天日周月年时])")
_DAYS = {"d": 1, "天": 1, "日": 1, "w": 7, "周": 7, "m": 30, "月": 30, "y": 365, "年": 365}


def read_moment(text: str, now: datetime, *, end: bool = False) -> datetime:
    """The moment a person means by `text`: a date, a date-time, a span back from `now` (`7d`, `12h`, `3周`), or a word
    (`昨天`, `today`). A bare day means its beginning, or with `end` its last microsecond, in China Standard Time.
    Raises ValueError with a sentence that says what would be understood."""
    text = text.strip()
    if span := _SPAN.fullmatch(text.lower()):
        amount, unit = int(span[1]), span[2]
        try:
            return now - (timedelta(hours=amount) if unit in "h时" else timedelta(days=amount * _DAYS[unit]))
        except OverflowError:
            raise ValueError(f"{text!r} goes back further than the calendar; write 2026-11-01, or 7d") from None
    if text.lower() in {"today", "yesterday", "今天", "今日", "昨天", "昨日", "前天"}:
        back = {"today": 0, "今天": 0, "今日": 0, "前天": 2}.get(text.lower(), 1)
        moment = now.astimezone(CST).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        return moment + timedelta(days=1, microseconds=-1) if end else moment
    reading = read_date(text, now)
    if reading.moment is None:
        raise ValueError(
            f"{text!r} is no date I can read ({reading.reason}); write 2026-11-01, '2026-11-01 08:30', 7d or 昨天"
        )
    whole_day = end and reading.precision == "day"
    return reading.moment + timedelta(days=1, microseconds=-1) if whole_day else reading.moment
