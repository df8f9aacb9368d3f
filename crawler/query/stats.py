"""Counting articles over time, place, source and topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from crawler.query.filters import Filters
from crawler.query.reading import matching
from crawler.transfer.columns import BEIJING

TIMES = ("day", "week", "month")
BY = (*TIMES, "region", "site", "source", "topic")
UNKNOWN = "unknown"
_FIELDS = {"region": "site", "site": "site", "source": "source", "topic": "relevance"}
_MOST_GAPS = 5000


@dataclass(frozen=True)
class Counts:
    """How many articles each group has: in the order of time, else the largest first. `articles` of them in all; with
    `topic`, an article counts in each of its groups."""

    by: str
    rows: tuple[tuple[str, int], ...]
    articles: int


def count(articles: Any, filters: Filters, by: str) -> Counts:
    """The articles that `filters` asks for in the collection `articles` (synchronous), grouped `by` one of BY, times in
    Beijing; periods between two others are there with 0."""
    total, groups = 0, Counter[str]()
    for row in matching(articles, filters, (_FIELDS.get(by, "published_at"),)):
        total += 1
        groups.update(_groups(row, by))
    if by in TIMES:
        rows = sorted(groups.items())
        rows = list(_without_gaps(dict(rows), by)) if rows else []
    else:
        rows = sorted(groups.items(), key=lambda pair: (-pair[1], pair[0]))
    return Counts(by, tuple(rows), total)


def _groups(row: dict[str, Any], by: str) -> Iterable[str]:
    if by in TIMES:
        moment = row.get("published_at")
        return [period(moment.astimezone(BEIJING).date(), by) if moment else UNKNOWN]
    if by == "topic":
        # What speaks against an article has a minus before it.
        return [term for term in (row.get("relevance") or {}).get("terms") or [UNKNOWN] if not term.startswith("-")]
    if by == "source":
        return [row.get("source") or UNKNOWN]
    site = row.get("site") or {}
    return [(site.get("province") if by == "region" else site.get("name")) or UNKNOWN]


def period(day: date, by: str) -> str:
    """The day, the month, or the Monday of the week that `day` lies in."""
    if by == "month":
        return f"{day:%Y-%m}"
    return (day - timedelta(days=day.weekday()) if by == "week" else day).isoformat()


def _without_gaps(groups: dict[str, int], by: str) -> Iterator[tuple[str, int]]:
    known = sorted(name for name in groups if name != UNKNOWN)
    if known:
        first, last = (date.fromisoformat(f"{name}-01"[:10]) for name in (known[0], known[-1]))
        step = 7 if by == "week" else 1
        names = dict.fromkeys(period(first + timedelta(days), by) for days in range(0, (last - first).days + 1, step))
        # A wrong date far back must not fill the screen with empty days.
        yield from ((name, groups.get(name, 0)) for name in (names if len(names) <= _MOST_GAPS else known))
    if UNKNOWN in groups:
        yield UNKNOWN, groups[UNKNOWN]
