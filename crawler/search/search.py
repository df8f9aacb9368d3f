"""Full-text search: the articles that hold what is asked for, the best first, reprints under their original."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, islice
from typing import Any, Generic, TypeVar

from crawler.search.filters import Condition, Filters, folded_text, led, of_ids, plan_of, tokens_of
from crawler.search.language import Query
from crawler.storage.search_index import few_holding
from crawler.text.tokens import fold

# Reading articles newest first, one window of time after the other, as far as somebody wants to read. The embedded
# server reads the whole range it is asked for before it hands out the first article, and sorts it in memory: a
# `limit` saves nothing. Windows of `published_at` do, on any server. Where few articles are left, they come in one:
# a small store would else be asked a hundred times, back to the beginning of time.

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


# The articles that a search ranks: all that match, or the newest where very many do, by the shorter way. Rare words
# are followed through the postings to all their articles. Common ones are met by reading back in time until enough
# matched; whether a site or place is rare enough to be followed through its index, a sample of the newest articles
# says.

MOST = 1000
"""Articles that are ranked, unless all are asked for."""
SAMPLE = 500
"""Articles after which it is decided."""
_RARE = 0.05
"""Of the sample: what is in a smaller part is followed through its index. How many articles there are the rule does
without: the embedded server counts them one by one, which took longer than a search."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Gathered(Generic[Made]):
    """What was made of the articles that match. Where not all of them were looked for, they are those published from
    `back_to` on."""

    made: list[Made]
    back_to: datetime | None


def gather(
    articles: Any, filters: Filters, fields: Sequence[str], make: Callable[[dict[str, Any]], Made], most: int | None
) -> Gathered[Made]:
    """What `make` makes of the articles of a collection (synchronous) that `filters` asks for, each with its `fields`
    at least: of all of them, or of the newest `most` and as many more as their time holds. Raises StoreError."""
    conditions = filters.conditions()
    needed = {*fields, "title", *(name for each in conditions for name in each.needs)}

    def of(rows: Iterable[dict[str, Any]]) -> list[Made]:
        # The words come first in `conditions`, and cost the most to look for.
        return [make(row) for row in rows if all(condition.accepts(row) for condition in reversed(conditions))]

    if tokens := tokens_of(conditions):
        held = few_holding(articles.database, tokens, partial(_are_few, most))
        if held is not None:
            return Gathered(of(of_ids(articles, held, needed)), None)
    leads = [each for each in conditions if each.leading is not None and each.index != "by_published"]
    found: list[Made] = []
    read, given = 0, [0] * len(leads)
    for window in windows(articles, needed, filters.since, filters.until):
        found += of(window.rows)
        if most is not None and len(found) >= most:
            return Gathered(found, window.begin)
        if leads and window.begin:
            read += len(window.rows)
            given = [count + sum(map(each.accepts, window.rows)) for count, each in zip(given, leads, strict=True)]
            if read >= SAMPLE:
                if min(given) < read * _RARE:
                    plan = plan_of(conditions, leads[given.index(min(given))])
                    return Gathered(of(led(articles, plan, needed)), None)
                leads = []
    return Gathered(found, None)


def _are_few(most: int | None, held: int, indexed: int) -> bool:
    """Whether `held` of `indexed` articles are fewer than would be read back in time until `most` of them were met. An
    article asked for by its id costs as much as one read in passing."""
    return most is None or held**2 <= most * indexed


# The passage of a text that shows why it was found.

WIDTH = 80
"""Characters of a passage."""
_BEFORE = 20
_MAX_SPANS = 400


@dataclass(frozen=True)
class Passage:
    """A piece of a text, one line, and where the terms stand in it (begin, end), in order and apart."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


def passage(text: str, query: Query) -> Passage:
    """The piece of `text` that holds the most of the terms; its beginning where it holds none."""
    found = spans(text, query)
    best, most = 0, 0
    for begin, _ in found:
        held = len({fold(text[at:to]) for at, to in found if begin <= at and to <= begin + WIDTH - _BEFORE})
        if held > most:
            best, most = begin, held
    start = max(0, min(best - _BEFORE, len(text) - WIDTH))
    end = min(len(text), start + WIDTH)
    inside = tuple((a - start, b - start) for a, b in found if start <= a and b <= end)
    return Passage(text[start:end].replace("\n", " "), inside)


def spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the terms of `query` stand in `text`, in order, overlaps joined."""
    folded = fold(text)
    places = [match.span() for term in query.terms for match in term.pattern.finditer(folded)]
    if len(folded) != len(text):
        ends = list(accumulate(len(fold(character)) for character in text))
        places = [(bisect_left(ends, begin + 1), bisect_left(ends, end) + 1) for begin, end in places]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(places)[:_MAX_SPANS]:
        if joined and begin < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


_SHOWN = ("title", "body", "url", "site", "source", "section", "published_at", "original", "cluster", "relevance")
_TITLE, _DENSITY, _RECENCY = 2.0, 1.0, 0.5
"""What each part of the score weighs: all terms in the title, terms crowding the text, and the date."""
_CROWDED = 500
_FADING_DAYS = 730
_CHUNK = 200


@dataclass(frozen=True)
class Hit:
    """One story: its article, the best `passage` of it, and other articles of the story that matched too."""

    article: dict[str, Any]
    score: float
    passage: Passage
    reprints: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Found:
    """`matched` articles in `stories`, of which `hits` are the best. Where older articles were not looked at, these are
    the ones published from `back_to` on; None: all."""

    hits: tuple[Hit, ...]
    matched: int
    stories: int
    back_to: datetime | None = None


@dataclass(frozen=True)
class _Candidate:
    key: str
    story: str
    reprint: bool
    published_at: datetime | None
    base: float


def search(articles: Any, filters: Filters, limit: int, most: int | None = MOST) -> Found:
    """The best `limit` stories that `filters` asks for, in the collection `articles` (synchronous). Where more than
    `most` articles match, the newest of them are counted and ranked; None: all are. Without a text the newest come
    first."""
    query = filters.text or Query(())
    fields = (*_needed(query), "published_at", "cluster", "original")
    gathered = gather(articles, filters, fields, lambda row: _candidate(row, query), most)
    ranked = _ranked(gathered.made)
    stories: dict[str, list[tuple[float, _Candidate]]] = {}
    for score, candidate in ranked:
        stories.setdefault(candidate.story, []).append((score, candidate))
    best = list(stories.values())[:limit]
    rows = _loaded(articles, [candidate.key for story in best for _, candidate in story])
    hits = tuple(hit for story in best if (hit := _hit(story, rows, query)))
    return Found(hits, len(gathered.made), len(stories), gathered.back_to)


def _needed(query: Query) -> tuple[str, ...]:
    return ("title", "body") if query.terms else ("title",)


def _candidate(row: dict[str, Any], query: Query) -> _Candidate:
    story, reprint = row.get("cluster") or row["_id"], bool(row.get("original"))
    return _Candidate(row["_id"], story, reprint, row.get("published_at"), _base(row, query))


def _base(row: dict[str, Any], query: Query) -> float:
    """The part of the score that the text gives."""
    if not query.terms:
        return 0.0
    title, text = fold(row["title"]), folded_text(row)
    patterns = [term.pattern for term in query.terms]
    in_title = sum(pattern.search(title) is not None for pattern in patterns) / len(patterns)
    counts = [sum(1 for _ in pattern.finditer(text)) for pattern in patterns]
    per_page = min(counts) * _CROWDED / max(len(text), _CROWDED)
    return _TITLE * in_title + _DENSITY * (1 - math.exp(-per_page))


def _ranked(candidates: Sequence[_Candidate]) -> list[tuple[float, _Candidate]]:
    newest = max((each.published_at for each in candidates if each.published_at), default=datetime.now(UTC))

    def score(each: _Candidate) -> float:
        age = (newest - each.published_at).total_seconds() / 86400 if each.published_at else math.inf
        return each.base + _RECENCY * math.exp(-age / _FADING_DAYS)

    return sorted(((score(each), each) for each in candidates), key=lambda pair: (-pair[0], pair[1].key))


def _loaded(articles: Any, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), _CHUNK):
        some = {"_id": {"$in": list(keys[start : start + _CHUNK])}}
        rows |= {row["_id"]: row for row in articles.find(some, dict.fromkeys(_SHOWN, 1))}
    return rows


def _hit(story: Iterable[tuple[float, _Candidate]], rows: dict[str, dict[str, Any]], query: Query) -> Hit | None:
    # An article may have gone since it was found.
    there = [(score, each) for score, each in story if each.key in rows]
    if not there:
        return None
    score = there[0][0]
    _, head = min(there, key=lambda pair: (pair[1].reprint, -pair[0]))
    article = rows[head.key]
    others = tuple(rows[each.key] for _, each in there if each is not head)
    return Hit(article, round(score, 3), passage(article.get("body") or "", query), others)


# What to loosen where nothing was found.

_LOOKED_AT = 3000
"""Articles looked at for a suggestion, the newest, where no index gives few."""


def suggestions(articles: Any, filters: Filters) -> list[str]:
    """For an empty answer: which single condition stands in the way, with what there would be without it; else which
    term no article holds. One sentence each, the most promising first."""
    conditions = filters.conditions()
    spared: Counter[str] = Counter()
    rows, whole = _candidates(articles, conditions)
    for row in rows:
        failing = [condition.said for condition in conditions if not condition.accepts(row)]
        if len(failing) == 1:
            spared[failing[0]] += 1
    if spared:
        at_least = "" if whole else " at least"
        return [f"Without {said} there would be{at_least} {count}." for said, count in spared.most_common(3)]
    terms = filters.text.terms if filters.text else ()
    lone = [term for term in terms if not _any(articles, Filters(text=Query((term,))))]
    if lone:
        return [f"No article holds {term.typed}: leave it out, or write it another way." for term in lone]
    if filters.text and _any(articles, Filters(text=filters.text)):
        return ["The words are there, but not with these filters: leave one of them out."]
    return ["Leave out a word or a filter; no single one stands in the way."]


def _candidates(articles: Any, conditions: list[Condition]) -> tuple[list[dict[str, Any]], bool]:
    """Articles of which some may lack one condition only, and whether these are all that the leading one gives."""
    needs = {name for condition in conditions for name in condition.needs} | {"title"}
    first = min(conditions, key=lambda condition: condition.rank, default=None)
    plan = plan_of([first] if first else [], first)
    if plan.index not in (None, "by_published"):
        rows = list(islice(led(articles, plan, needs), _LOOKED_AT))
        return rows, len(rows) < _LOOKED_AT
    rows = []
    for window in windows(articles, needs, None, None):
        rows += window.rows
        if len(rows) >= _LOOKED_AT:
            return rows, window.begin is None
    return rows, True


def _any(articles: Any, filters: Filters) -> bool:
    return bool(gather(articles, filters, (), lambda row: True, 1).made)
