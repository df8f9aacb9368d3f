"""Counting articles over time, place, source, topic and type, in one dimension or two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import tantivy

from crawler.errors import QueryError
from crawler.search.compile import compile_filters
from crawler.search.filters import Filters
from crawler.search.index import Snapshot, translate_index_errors
from crawler.sites import registry

TIMES = ("day", "week", "month", "year")
_FIELDS = {
    **{"day": "day", "week": "day", "month": "month", "year": "month"},
    **{"region": "province", "site": "site_name", "place": "place", "source": "source", "section": "section"},
    **{"topic": "topic", "type": "type", "kind": "kind"},
}
BY = tuple(_FIELDS)
UNKNOWN = "unknown"
_MAX_GROUPS = 60_000
_MAX_GAPS = 5000


@dataclass(frozen=True)
class Counts:
    """How many articles each group has: for each of its names in the dimensions `by`, and last its number. In the order
    of time, else the largest first. `articles` of them in all; one with several topics or places counts in each of
    them."""

    by: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    articles: int


def read_by(given: str | Iterable[str]) -> tuple[str, ...]:
    """One or two dimensions: `place` or `place,month`. Raises QueryError."""
    names = tuple(name.strip() for name in given.split(",")) if isinstance(given, str) else tuple(given)
    if (unknown := next((name for name in names if name not in BY), None)) is not None:
        raise QueryError(f"Articles can't be counted by {unknown!r}: choose one or two of {', '.join(BY)}.")
    if len(names) not in (1, 2) or len(set(names)) < len(names):
        raise QueryError("Count by one dimension or by two different ones, such as place,month.")
    return names


def count(snapshot: Snapshot, filters: Filters, by: str | Iterable[str]) -> Counts:
    """The articles that `filters` asks for, grouped `by` one or two of BY; times are Beijing's. With one dimension of
    time, periods between two others are there with 0. Raises QueryError."""
    names = read_by(by)
    with translate_index_errors():
        query = compile_filters(filters, snapshot)
        total = int(snapshot.searcher.search(query, 1).count)  # type: ignore[attr-defined]
        groups = _count_groups(snapshot, query, names)
    if len(names) == 1:
        return Counts(names, tuple(_sort_groups({key[0]: number for key, number in groups.items()}, names[0])), total)
    first = Counter[str]()
    for (name, _), number in groups.items():
        first[name] += number
    outer = {name: at for at, (name, _) in enumerate(_sort_groups(first, names[0], gaps=False))}
    rows: list[tuple[Any, ...]] = [(*key, number) for key, number in groups.items()]
    # Groups of the first dimension in its order; in each, times in order and all else the largest first.
    times = names[1] in TIMES
    rows.sort(key=lambda row: (outer[row[0]], (row[1] == UNKNOWN, row[1]) if times else (-row[2], row[1])))
    return Counts(names, tuple(rows), total)


def _count_groups(snapshot: Snapshot, query: tantivy.Query, names: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    """The number of articles of each combination of names."""
    asked: dict[str, Any] = {}
    for name in reversed(names):
        field = _FIELDS[name]
        terms: dict[str, Any] = {"field": field, "size": _MAX_GROUPS, "missing": -1 if name in TIMES else UNKNOWN}
        asked = {"groups": {"terms": terms, **({"aggs": asked} if asked else {})}}
    try:
        answer = snapshot.searcher.aggregate(query, asked)
    except ValueError as error:
        if "bucket" in str(error).lower():
            raise QueryError("That makes too many groups: narrow it with filters, or count by month.") from error
        raise
    found = Counter[tuple[str, ...]]()
    for outer in answer["groups"]["buckets"]:
        first = _name(outer["key"], names[0])
        if len(names) == 1:
            found[(first,)] += outer["doc_count"]
            continue
        for inner in outer["groups"]["buckets"]:
            found[(first, _name(inner["key"], names[1]))] += inner["doc_count"]
    return dict(found)


def _name(key: Any, by: str) -> str:
    """The name of a group from its key in the index."""
    if by not in TIMES:
        return str(key)
    number = int(key)
    if number < 0:
        return UNKNOWN
    if by == "month":
        return f"{number // 12:04}-{number % 12 + 1:02}"
    if by == "year":
        return f"{number // 12:04}"
    return period(date.fromordinal(number), by)


def _sort_groups(groups: Mapping[str, int], by: str, *, gaps: bool = True) -> list[tuple[str, int]]:
    if by not in TIMES:
        return sorted(groups.items(), key=lambda pair: (-pair[1], pair[0]))
    return (
        list(_without_gaps(groups, by)) if gaps else sorted(groups.items(), key=lambda pair: (pair[0] == UNKNOWN, pair))
    )


def period(day: date, by: str) -> str:
    """The day, the month, the year, or the Monday of the week that `day` lies in."""
    if by == "month":
        return f"{day:%Y-%m}"
    if by == "year":
        return f"{day:%Y}"
    return (day - timedelta(days=day.weekday()) if by == "week" else day).isoformat()


def _without_gaps(groups: Mapping[str, int], by: str) -> Iterator[tuple[str, int]]:
    known = sorted(name for name in groups if name != UNKNOWN)
    if known:
        first, last = (date.fromisoformat(f"{name}-01-01"[:10]) for name in (known[0], known[-1]))
        step = 7 if by == "week" else 1
        names = dict.fromkeys(period(first + timedelta(days), by) for days in range(0, (last - first).days + 1, step))
        # A wrong date far back must not fill the screen with empty days.
        yield from ((name, groups.get(name, 0)) for name in (names if len(names) <= _MAX_GAPS else known))
    if UNKNOWN in groups:
        yield UNKNOWN, groups[UNKNOWN]


def growth_rows(snapshot: Snapshot, filters: Filters, counts: Counts) -> list[dict[str, Any]]:
    """The rows of counts of `filters` whose last dimension is month or year, each with the number of the same period of
    the year before (`year_before`), also if that lies outside of `since` and `until`, and the change in percent
    (`growth`; None if there was none before). Raises QueryError for other dimensions."""
    if counts.by[-1] not in ("month", "year"):
        raise QueryError(
            "Growth compares months or years with those of the year before: use --by month or place,month."
        )
    every = count(snapshot, replace(filters, since=None, until=None), counts.by)
    known = {row[:-1]: row[-1] for row in every.rows}
    rows = []
    for *names, number in counts.rows:
        *outer, time = names
        before = known.get((*outer, f"{int(time[:4]) - 1:04}{time[4:]}"), 0) if time != UNKNOWN else 0
        growth = round(100 * (number - before) / before) if before else None
        rows.append(
            {**dict(zip(counts.by, names, strict=True)), "articles": number, "year_before": before, "growth": growth}
        )
    return rows


@dataclass(frozen=True)
class Silence:
    """A county whose site published nothing for a while: when it last did, and the days since then; None: never."""

    code: str
    name: str
    province: str | None
    last: datetime | None
    days: int | None


def silent_counties(
    snapshot: Snapshot, filters: Filters, days: int, now: datetime, sites: Iterable[str] | None = None
) -> list[Silence]:
    """The counties of the registry (or only `sites`, by code) of whose sites no article that `filters` asks for was
    published in the last `days` before `now`; those that published something earlier first, the longest silent last."""
    latest: dict[str, int] = {}
    with translate_index_errors():
        terms = {"terms": {"field": "site", "size": _MAX_GROUPS}, "aggs": {"last": {"max": {"field": "published"}}}}
        answer = snapshot.searcher.aggregate(compile_filters(filters, snapshot), {"groups": terms})
    for group in answer["groups"]["buckets"]:
        if group["last"]["value"] is not None:
            latest[group["key"]] = int(group["last"]["value"])
    wanted = None if sites is None else set(sites)
    found = []
    for site in registry.load():
        if site.kind != "county" or (wanted is not None and site.code not in wanted):
            continue
        last = datetime.fromtimestamp(latest[site.code] / 1000, UTC) if site.code in latest else None
        silent = (now - last).days if last else None
        if silent is None or silent >= days:
            found.append(Silence(site.code, site.name, site.province, last, silent))
    return sorted(found, key=lambda each: (each.days is None, each.days or 0, each.code))
