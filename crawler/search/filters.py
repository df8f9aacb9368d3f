"""Which articles a question is about: one set of filters for search, export, statistics and the Python API."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.errors import QueryError
from crawler.parsing.date_forms import CST
from crawler.search.language import Either, Query, add_synonyms, read_query
from crawler.sites.site import SiteError
from crawler.text.document_type import TYPES


@dataclass(frozen=True)
class Filters:
    """Conditions that an article has to fulfil, all of them; None or empty: no condition. Times are aware: `since` and
    `until` of publication, `seen_since` when we first saw it, `changed_since` when we saw its text change or first saw
    it. `sites` are codes of the registry, `places` GB/T 2260 codes that the text names (itself, or a place in it),
    `source` and `section` words of which one is in that field, `types` names of `document_type.TYPES`. `synonyms` are
    those that `text` was widened by."""

    since: datetime | None = None
    until: datetime | None = None
    seen_since: datetime | None = None
    changed_since: datetime | None = None
    sites: tuple[str, ...] | None = None
    places: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    min_relevance: float | None = None
    originals: bool = False
    text: Query | None = None
    synonyms: tuple[Either, ...] = ()

    @classmethod
    def read(
        cls,
        text: str | None = None,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        seen_since: str | datetime | None = None,
        changed_since: str | datetime | None = None,
        region: str | Iterable[str] = (),
        site: str | Iterable[str] = (),
        place: str | Iterable[str] = (),
        source: str | Iterable[str] = (),
        section: str | Iterable[str] = (),
        type: str | Iterable[str] = (),
        min_relevance: float | str | None = None,
        originals: bool = False,
        synonyms: bool = True,
    ) -> Filters:
        """The filters that people's words mean: `since` 2026-11-01, 7d or 昨天; `region` a province, city or county,
        `site` and `place` by name or code, several by commas. Raises QueryError."""
        start, end = read_time(since), read_time(until, end=True)
        if start and end and start > end:
            raise QueryError(f"since ({start:%F %H:%M}) is later than until ({end:%F %H:%M}): swap them.")
        query = read_query(text) if text is not None else None
        used: tuple[Either, ...] = ()
        if query and synonyms:
            query, used = add_synonyms(query)
        return cls(
            start,
            end,
            read_time(seen_since),
            read_time(changed_since),
            site_codes(words(site), words(region)),
            place_codes(words(place)),
            words(source),
            words(section),
            read_types(words(type)),
            read_relevance(min_relevance),
            originals,
            query,
            used,
        )


def words(given: str | Iterable[str]) -> tuple[str, ...]:
    """The words of a list that commas separate, or of several. Raises QueryError for a list that came out empty."""
    parts = re.split(r"[,，、;；]", given) if isinstance(given, str) else [str(each) for each in given]
    found = tuple(part.strip() for part in parts if part.strip())
    if isinstance(given, str) and not found:
        raise QueryError("A filter is empty: give it a value, or leave it out.")
    return found


def read_time(given: str | datetime | None, *, end: bool = False) -> datetime | None:
    """The time `given` means; one without a zone is Beijing time. Raises QueryError."""
    if given is None or isinstance(given, datetime):
        return given.replace(tzinfo=CST) if given and given.tzinfo is None else given
    from crawler.parsing.dates import parse_user_datetime

    try:
        return parse_user_datetime(given, datetime.now(UTC), end=end)
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
        raise QueryError(f"{given!r} is not a relevance: give a number from 0 to 1, such as 0.5.")
    return value


def read_types(given: tuple[str, ...]) -> tuple[str, ...]:
    """Document types. Raises QueryError."""
    if unknown := next((name for name in given if name not in TYPES), None):
        raise QueryError(f"{unknown} is not a document type: choose from {'、'.join(TYPES)}.")
    return given


def site_codes(sites: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...] | None:
    """Codes of the sites with these names that lie in one of the regions; None if neither is given. Raises
    QueryError."""
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
        raise QueryError(f"{nowhere.name} is not a place: give a province, city or county.")
    return tuple(sorted({str(site.gb_code) for site in found}))
