"""Reading what people give as filters, and the articles that fit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from crawler.parsing.date_reading import CST
from crawler.query.errors import QueryError
from crawler.query.filters import Filters, Plan
from crawler.query.postings import holding
from crawler.sites.problems import SiteError

BATCH = 500


def matching(articles: Any, filters: Filters, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The articles of a collection (synchronous) that `filters` asks for, with their `fields` at least, in the order of
    the index; of those that hold a rare token their ids are held in memory, else nothing. Raises StoreError."""
    plan = filters.plan()
    # A projection of `_id` alone is answered wrongly by the embedded server.
    for document in led(articles, plan, {*fields, *plan.needs, "title"}):
        if plan.accepts(document):
            yield document


def led(articles: Any, plan: Plan, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The articles that the leading condition of a plan gives, with their `fields`. Raises StoreError."""
    if plan.tokens:
        yield from of_ids(articles, holding(articles.database, plan.tokens), fields)
    else:
        yield from articles.find(plan.leading, dict.fromkeys(fields, 1), batch_size=BATCH)


def of_ids(articles: Any, ids: Sequence[str], fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Those of the articles that are there, with their `fields`."""
    wanted = dict.fromkeys(fields, 1)
    for start in range(0, len(ids), BATCH):
        yield from articles.find({"_id": {"$in": list(ids[start : start + BATCH])}}, wanted)


def words(given: str | Iterable[str]) -> tuple[str, ...]:
    """The words of a list that commas separate, or of several. Raises QueryError for a list that came out empty."""
    parts = re.split(r"[,，、;；]", given) if isinstance(given, str) else [str(each) for each in given]
    found = tuple(part.strip() for part in parts if part.strip())
    if isinstance(given, str) and not found:
        raise QueryError("A filter is empty: give it a value, or leave it out.")
    return found


def read_time(given: str | datetime | None, *, end: bool = False) -> datetime | None:
    """The moment `given` means; a time without zone is Beijing's. Raises QueryError."""
    if given is None or isinstance(given, datetime):
        return given.replace(tzinfo=CST) if given and given.tzinfo is None else given
    from crawler.parsing.moments import read_moment

    try:
        return read_moment(given, datetime.now(UTC), end=end)
    except ValueError as error:
        raise QueryError(f"{error}.") from error


def read_relevance(given: float | str | None) -> float | None:
    """A relevance from 0 to 1. Raises QueryError."""
    if given is None:
        return None
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise QueryError(f"{given!r} is no relevance: it goes from 0 to 1, as in 0.5.")
    return value


def site_codes(sites: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...] | None:
    """Codes of the sites called so that lie in one of the regions; None where neither is given. Raises QueryError."""
    if not sites and not regions:
        return None
    from crawler.sites import registry

    known = registry.load()
    try:
        named = {site.code for term in sites for site in known.find(term)}
        within = {site.code for term in regions for site in known.region(known.get(term))}
    except SiteError as error:
        raise QueryError(str(error)) from error
    return tuple(sorted(named & within if sites and regions else named | within))


def place_codes(places: tuple[str, ...]) -> tuple[str, ...]:
    """GB/T 2260 codes of places. Raises QueryError."""
    if not places:
        return ()
    from crawler.sites import registry

    try:
        found = [registry.load().get(term) for term in places]
    except SiteError as error:
        raise QueryError(str(error)) from error
    if nowhere := next((site for site in found if site.gb_code is None), None):
        raise QueryError(f"{nowhere.name} is no place: give a province, city or county.")
    return tuple(sorted({str(site.gb_code) for site in found}))
