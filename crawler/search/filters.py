"""Which articles a question is about: one set of filters for search, export, statistics and the Python API.

The embedded server uses an index only for a filter of one index's fields and scans the collection for any other. So a
plan has a leading condition, which the server answers from an index, and the others are looked at here; the whole as
one MongoDB filter is what a server with a full planner would be asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from crawler.errors import QueryError
from crawler.parsing.date_forms import CST
from crawler.search.language import Query, Term, read_query
from crawler.sites.site import SiteError
from crawler.storage.search_index import holding
from crawler.text.tokens import fold

Document = dict[str, Any]
_FOLDED = "folded text"
"""Where a document keeps its text folded while conditions are looked at: folding costs more than reading it."""
_NEVER = float("inf")
COMMON = 92
"""Pairs that cost less (食品, 安全, 市场) are in so many articles that reading all of them is faster than asking for
each."""
POSTINGS = "postings"
"""What serves a plan that starts from tokens, in place of an index of the server."""


@dataclass(frozen=True)
class Condition:
    """One condition: `said` as the user gave it, `filter` for MongoDB, `accepts` for a document with the `needs`;
    `index` serves `leading`, where there is one, which gives just those articles; `token` is one that all accepted
    articles hold, and others may. The smaller `rank`, the fewer there are likely to be."""

    said: str
    filter: dict[str, Any]
    accepts: Callable[[Document], bool]
    needs: tuple[str, ...]
    leading: dict[str, Any] | None = None
    index: str | None = None
    rank: float = _NEVER
    token: str | None = None


@dataclass(frozen=True)
class Plan:
    """`leading` goes to the server and is served by `index` (None: all articles are read), or the articles that hold
    all `tokens` are asked for (`POSTINGS`); `rest` is looked at here; `filter` is the whole."""

    leading: dict[str, Any]
    index: str | None
    rest: tuple[Condition, ...]
    filter: dict[str, Any]
    needs: frozenset[str]
    tokens: tuple[str, ...] = ()

    def accepts(self, document: Document) -> bool:
        """Whether a document that the leading filter gave is asked for."""
        return all(condition.accepts(document) for condition in self.rest)


@dataclass(frozen=True)
class Filters:
    """Conditions that an article has to fulfil, all of them; what is None or empty is none. Times are aware, `sites`
    codes of the registry, `places` GB/T 2260 codes that the text names (itself, or a place in it), `source` and
    `section` words of which one is in that field."""

    since: datetime | None = None
    until: datetime | None = None
    sites: tuple[str, ...] | None = None
    places: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    min_relevance: float | None = None
    originals: bool = False
    text: Query | None = None

    @classmethod
    def read(
        cls,
        text: str | None = None,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        region: str | Iterable[str] = (),
        site: str | Iterable[str] = (),
        place: str | Iterable[str] = (),
        source: str | Iterable[str] = (),
        section: str | Iterable[str] = (),
        min_relevance: float | str | None = None,
        originals: bool = False,
    ) -> Filters:
        """The filters that people's words mean: `since` 2026-11-01, 7d or 昨天; `region` a province, city or county,
        `site` and `place` by name or code, several by commas. Raises QueryError."""

        start, end = read_time(since), read_time(until, end=True)
        if start and end and start > end:
            raise QueryError(f"since ({start:%F %H:%M}) is later than until ({end:%F %H:%M}): turn them round.")
        return cls(
            start,
            end,
            site_codes(words(site), words(region)),
            place_codes(words(place)),
            words(source),
            words(section),
            read_relevance(min_relevance),
            originals,
            read_query(text) if text is not None else None,
        )

    def conditions(self) -> list[Condition]:
        """Each condition by itself, those of the text first."""
        return [*_text_conditions(self.text), *self._publisher(), *self._time(), *self._words(), *self._others()]

    def plan(self) -> Plan:
        """How to find the articles, from what is known without a look at them."""
        conditions = self.conditions()
        return plan_of(conditions, min(conditions, key=lambda condition: condition.rank, default=None))

    def _publisher(self) -> Iterator[Condition]:
        if self.sites is not None:
            codes = frozenset(self.sites)
            asked = {"site.code": {"$in": sorted(codes)} if len(codes) != 1 else min(codes)}
            yield Condition(
                "--site or --region",
                asked,
                lambda document: (document.get("site") or {}).get("code") in codes,
                ("site",),
                asked,
                "by_site_and_published",
                2 if len(codes) < 5 else 4,
            )
        if self.places:
            named = frozenset(self.places)
            asked = {"place_codes": {"$in": sorted(named)} if len(named) > 1 else min(named)}
            yield Condition(
                "--place",
                asked,
                lambda document: not named.isdisjoint(document.get("place_codes") or ()),
                ("place_codes",),
                asked,
                "by_place_and_published",
                2.5,
            )

    def _time(self) -> Iterator[Condition]:
        if self.since or self.until:
            since = self.since or datetime.min.replace(tzinfo=UTC)
            until = self.until or datetime.max.replace(tzinfo=UTC)
            bounds = {**({"$gte": self.since} if self.since else {}), **({"$lte": self.until} if self.until else {})}
            said = " and ".join(name for name, given in (("--since", self.since), ("--until", self.until)) if given)
            asked = {"published_at": bounds}

            def within(document: Document) -> bool:
                moment = document.get("published_at")
                return moment is not None and since <= moment <= until

            yield Condition(said, asked, within, ("published_at",), asked, "by_published", 3)

    def _words(self) -> Iterator[Condition]:
        for field, wanted in (("source", self.source), ("section", self.section)):
            if wanted:
                pattern = "|".join(map(re.escape, wanted))

                def holds(document: Document, field: str = field, wanted: tuple[str, ...] = wanted) -> bool:
                    return any(word in (document.get(field) or "") for word in wanted)

                yield Condition(f"--{field}", {field: {"$regex": pattern}}, holds, (field,))

    def _others(self) -> Iterator[Condition]:
        if (least := self.min_relevance) is not None:

            def relevant(document: Document) -> bool:
                return ((document.get("relevance") or {}).get("score") or 0) >= least

            yield Condition("--min-relevance", {"relevance.score": {"$gte": least}}, relevant, ("relevance",))
        if self.originals:
            yield Condition("--originals", {"original": None}, lambda document: not document["original"], ("original",))


def plan_of(conditions: Sequence[Condition], first: Condition | None) -> Plan:
    """The plan that finds what fulfils all `conditions` through the index of `first`, one of them, or where that has a
    token through the tokens of all; without an index where it is None or has none."""
    led = first if first and first.leading is not None else None
    rest = tuple(each for each in conditions if each is not led)
    needs = frozenset(name for condition in rest for name in condition.needs)
    whole = _joined([condition.filter for condition in conditions])
    if first and first.token:
        return Plan({}, POSTINGS, rest, whole, needs, tokens_of(conditions))
    leading = led.leading if led and led.leading else {}
    return Plan(leading, led.index if led else None, rest, whole, needs)


def tokens_of(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """What an article that is accepted holds: of each term a token, where it has a rare one."""
    return tuple(dict.fromkeys(each.token for each in conditions if each.token))


def folded_text(document: Document) -> str:
    """Title and body as terms are looked for in them; kept in the document for the next condition."""
    if (text := document.get(_FOLDED)) is None:
        text = document[_FOLDED] = fold(f"{document['title']}\n{document.get('body') or ''}")
    return str(text)


def _text_conditions(query: Query | None) -> Iterator[Condition]:
    for term in query.terms if query else ():
        yield _term_condition(term)
    for term in query.excluded if query else ():
        pattern = term.pattern

        def lacks(document: Document, pattern: re.Pattern[str] = pattern) -> bool:
            return pattern.search(folded_text(document)) is None

        banned = {"$nor": [_holding(term)]}
        yield Condition(f"-{term.typed}", banned, lacks, ("title", "body"))


def _term_condition(term: Term) -> Condition:
    pattern = term.pattern

    def holds(document: Document) -> bool:
        return pattern.search(folded_text(document)) is not None

    asked, needs = _holding(term), ("title", "body")
    if not term.tokens:
        return Condition(term.typed, asked, holds, needs)
    rarity, token = max((_rarity(token), token) for token in term.tokens)
    if rarity < COMMON:
        return Condition(term.typed, asked, holds, needs)
    return Condition(term.typed, asked, holds, needs, rank=-rarity, token=token)


def _holding(term: Term) -> dict[str, Any]:
    """The MongoDB filter for a term: its tokens, and where those alone prove too little the text as well."""
    tokens = sorted(term.tokens)
    by_token = {"tokens": tokens[0] if len(tokens) == 1 else {"$all": tokens}}
    if tokens == [term.folded]:
        return by_token
    literal = {"$regex": re.escape(term.folded), "$options": "i"}
    by_text = {"$or": [{"title": literal}, {"body": literal}]}
    return {**by_token, **by_text} if tokens else by_text


def _rarity(token: str) -> float:
    """How rare a token is likely to be: what its characters cost one after the other in Chinese news."""
    from crawler.text.characters import characters
    from crawler.text.characters import fold as fold_class

    costs, classes = characters(), [fold_class(character) for character in token]
    return costs.rarity(classes[0]) + sum(costs.cost("", *pair) for pair in pairwise(classes))


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    keys = [key for part in parts for key in part]
    if len(keys) == len(set(keys)):
        return {key: value for part in parts for key, value in part.items()}
    return {"$and": parts}


# Reading what people give as filters, and the articles that fit.

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
