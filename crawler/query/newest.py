"""Reading articles newest first, one window of time after the other, as far as somebody wants to read.

The embedded server reads the whole range it is asked for before it hands out the first article, and sorts it in memory:
a `limit` saves nothing. Windows of `published_at` do, on any server. Where few articles are left, they come in one: a
small store would else be asked a hundred times, back to the beginning of time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

AIM = 500
"""Articles of a window: enough that the round trip doesn't count."""
FEW = AIM
"""Articles that are read at once, however long a time they are spread over."""
_FIRST, _NARROWEST, _WIDEST = timedelta(days=1), timedelta(minutes=1), timedelta(days=128)
"""The widest bounds what the first window behind a long silence may hold."""
_FACTOR = 4
_BEGINNING = datetime(1995, 1, 1, tzinfo=UTC)
"""What is older than the first Chinese news on the web bears a wrong date; it comes in the last window."""


@dataclass(frozen=True)
class Window:
    """The articles published from `begin` on, and before those of the window before it; `begin` is None for the last
    window, which holds what was left."""

    begin: datetime | None
    rows: list[dict[str, Any]]


def windows(articles: Any, fields: Iterable[str], since: datetime | None, until: datetime | None) -> Iterator[Window]:
    """The articles of a collection (synchronous) from `since` to `until`, both included, with their `fields`; those
    without a date at the end, where neither bound is given."""
    wanted = dict.fromkeys(fields, 1)
    bound: dict[str, datetime] = {} if until is None else {"$lte": until}
    floor = max(since, _BEGINNING) if since else _BEGINNING
    begin, width = until or datetime.now(UTC), _FIRST
    undated = not since and not until
    left = _indexed(articles)
    while begin > floor:
        if left <= FEW:
            rows = list(islice(_rest(articles, wanted, since, bound, undated), FEW + 1))
            if len(rows) <= FEW:
                yield Window(None, rows)
                return
            # Not all of them are indexed: nobody knows how many there are.
            left = math.inf
        begin = max(begin - width, floor)
        rows = list(articles.find({"published_at": {"$gte": begin, **bound}}, wanted))
        yield Window(begin, rows)
        bound, width = {"$lt": begin}, _next(width, len(rows))
        left -= len(rows)
    yield Window(None, list(_rest(articles, wanted, since, bound, undated)))


def _rest(
    articles: Any,
    wanted: dict[str, int],
    since: datetime | None,
    bound: dict[str, datetime],
    undated: bool,
) -> Iterator[dict[str, Any]]:
    """The articles from `since` to `bound`, then those without a date if `undated`."""
    dated = {**({"$gte": since} if since else {}), **bound}
    if not dated:
        yield from articles.find({}, wanted)
    elif not since or bound.get("$lt") != since:
        yield from articles.find({"published_at": dated}, wanted)
    if dated and undated:
        yield from articles.find({"published_at": None}, wanted)


def _indexed(articles: Any) -> float:
    """How many articles the index of words holds, about: the embedded server counts articles one by one."""
    return sum(row["articles"] for row in articles.database["segments"].find({}, {"articles": 1}))


def _next(width: timedelta, got: int) -> timedelta:
    """The width that would have held about `AIM` articles."""
    factor = min(max(AIM / max(got, 1), 1 / _FACTOR), _FACTOR)
    return min(max(width * factor, _NARROWEST), _WIDEST)
