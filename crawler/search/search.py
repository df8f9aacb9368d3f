"""Full-text search: the articles a query asks for, the best or newest first, reprints under their original."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import tantivy
from tantivy import Occur

from crawler.search.compile import between, compile_filters, conditions, has, is_true, join
from crawler.search.filters import Filters
from crawler.search.index import Snapshot, number_of, schema, translate_index_errors
from crawler.search.language import Query
from crawler.text.tokens import MARK, fold, sequence

# --- The passage that shows why an article was found ---

WIDTH = 80
"""Characters of a passage."""
_BEFORE = 20
_MAX_SPANS = 400


@dataclass(frozen=True)
class Passage:
    """A piece of a text, one line, and where the terms stand in it (begin, end), in order and apart."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


def find_passage(text: str, query: Query) -> Passage:
    """The piece of `text` that holds the most of the terms; its beginning if it holds none."""
    found = find_spans(text, query)
    best, most = 0, 0
    for begin, _ in found:
        held = len({fold(text[at:to]) for at, to in found if begin <= at and to <= begin + WIDTH - _BEFORE})
        if held > most:
            best, most = begin, held
    start = max(0, min(best - _BEFORE, len(text) - WIDTH))
    end = min(len(text), start + WIDTH)
    inside = tuple((a - start, b - start) for a, b in found if start <= a and b <= end)
    return Passage(text[start:end].replace("\n", " "), inside)


def find_spans(text: str, query: Query, *, in_title: bool = False) -> list[tuple[int, int]]:
    """Where the terms of `query` stand in `text`, in order, overlaps joined; `in_title`: it is a title."""
    folded = fold(text)
    terms = [term for term in query.terms if in_title or not term.in_title]
    places = [match.span() for term in terms for match in term.pattern.finditer(folded)]
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


SORTS = ("relevance", "newest", "seen")
RANKED = 1000
"""Articles, the best by BM25, that are ranked by their age too."""
RECENCY, FADING_DAYS = 0.25, 730
"""The best article gets at most so much of its score for being new; a third of that after so many days."""
_ORDER = {"newest": "published", "seen": "first_seen"}
_SHOWN = (
    *("title", "body", "url", "site", "source", "section", "published_at", "first_seen_at", "changed_at"),
    *("original", "cluster", "relevance", "document_type"),
)
_CHUNK = 200
_MAX_REPRINTS = 500
_MAX_STORIES = 60_000
"""Stories whose reprints are counted as one; a reprint beyond counts as a story of its own."""
_MILLISECONDS_A_DAY = 86_400_000


@dataclass(frozen=True)
class Hit:
    """One story: its article, the best `passage` of it, and other articles of the story that matched too."""

    article: dict[str, Any]
    score: float
    passage: Passage
    reprints: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Found:
    """`matched` articles in `stories`, of which `hits` are those of one page. `note`: what the index did not have yet,
    a sentence, "" if nothing. `gone`: articles that were found and are not in the database any more."""

    hits: tuple[Hit, ...]
    matched: int
    stories: int
    note: str = ""
    gone: int = 0


def search(
    snapshot: Snapshot,
    articles: Any,
    filters: Filters,
    limit: int,
    *,
    page: int = 1,
    sort: str = "relevance",
    note: str = "",
) -> Found:
    """The stories that `filters` asks for, `limit` of them from page `page` on, in the order `sort` (one of SORTS;
    without a query the newest come first). `articles` is the collection (synchronous) they are read from."""
    if sort == "relevance" and filters.text is None:
        sort = "newest"
    with translate_index_errors():
        asked = conditions(filters, snapshot)
        query = join(asked)
        matched, best = _best_stories(snapshot, query, page * limit, sort)
        best = best[(page - 1) * limit :]
        stories = count_stories(snapshot, query, matched)
        members = _members(snapshot, join(asked, (Occur.Must, has("story", list(dict(best)))))) if best else []
    rows = load_articles(articles, members)
    hits = _hits(best, rows, filters.text or Query(()))
    return Found(hits, matched, stories, note, len(members) - len(rows))


def _best_stories(
    snapshot: Snapshot, query: tantivy.Query, wanted: int, sort: str
) -> tuple[int, list[tuple[int, float]]]:
    """How many articles match, and the first `wanted` stories in order, each with its score."""
    window = RANKED
    while True:
        matched, ranked = _rank(snapshot, query, window, sort)
        stories: dict[int, float] = {}
        for story, score in ranked:
            stories.setdefault(story, score)
        if len(stories) >= wanted or window >= matched:
            return matched, list(stories.items())[:wanted]
        window *= 4


def _rank(snapshot: Snapshot, query: tantivy.Query, window: int, sort: str) -> tuple[int, list[tuple[int, float]]]:
    """How many articles match, and the story and score of each of the first `window` of them, in order."""
    searcher = snapshot.searcher
    found = searcher.search(query, window, order_by_field=_ORDER.get(sort))
    hits, matched = found.hits, int(found.count)  # type: ignore[attr-defined]
    addresses = [address for _, address in hits]
    known = [int(story or 0) for story in searcher.fast_field_values("story", addresses)]
    if sort != "relevance":
        return matched, [(story, 0.0) for story in known]
    times = searcher.fast_field_values("published", addresses[:RANKED])
    scored = score_by_age([score for score, _ in hits[:RANKED]], times)
    head = sorted(zip(known, scored, strict=False), key=lambda pair: -pair[1])
    # Beyond these, by BM25 alone: nobody pages that far for new articles.
    return matched, head + [(story, 0.0) for story in known[RANKED:]]


def score_by_age(scores: Sequence[float], published: Sequence[float | None]) -> list[float]:
    """The BM25 scores of articles, as a part of the best one, and for new ones up to RECENCY more; `published` in
    milliseconds."""
    best = max(scores, default=1.0) or 1.0
    newest = max((time for time in published if time is not None), default=0)

    def recency(time: float | None) -> float:
        return 0.0 if time is None else math.exp((time - newest) / _MILLISECONDS_A_DAY / FADING_DAYS)

    return [score / best + RECENCY * recency(time) for score, time in zip(scores, published, strict=True)]


def count_stories(snapshot: Snapshot, query: tantivy.Query, matched: int) -> int:
    """How many stories the matching articles tell: those with their first article among them, and those without."""
    # One pass, since a phrase of common words is what costs: 食品安全 is in nearly every article.
    terms = {"terms": {"field": "joined_story", "size": _MAX_STORIES}}
    answer = snapshot.searcher.aggregate(query, {"joined": terms})["joined"]
    joined = {int(bucket["key"]): bucket["doc_count"] for bucket in answer["buckets"]}
    if not joined:
        return matched
    first = _count(snapshot, _with(query, (Occur.Must, is_true("root")), (Occur.Must, has("story", list(joined)))))
    return matched - sum(joined.values()) + len(joined) - first


def _with(query: tantivy.Query, *more: tuple[Occur, tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(Occur.Must, query), *more])


def _count(snapshot: Snapshot, query: tantivy.Query) -> int:
    return int(snapshot.searcher.search(query, 1).count)  # type: ignore[attr-defined]


def _members(snapshot: Snapshot, query: tantivy.Query) -> list[str]:
    hits = snapshot.searcher.search(query, _MAX_REPRINTS, count=False).hits
    return snapshot.ids([address for _, address in hits])


def load_articles(articles: Any, keys: Sequence[str], fields: Iterable[str] = _SHOWN) -> dict[str, dict[str, Any]]:
    """The articles with these `_id`s that are there, by `_id`, in the order of `keys`."""
    wanted = dict.fromkeys(fields, 1)
    rows: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), _CHUNK):
        some = {"_id": {"$in": list(keys[start : start + _CHUNK])}}
        rows |= {row["_id"]: row for row in articles.find(some, wanted)}
    return {key: rows[key] for key in keys if key in rows}


def _hits(best: Sequence[tuple[int, float]], rows: dict[str, dict[str, Any]], query: Query) -> tuple[Hit, ...]:
    told: dict[int, list[dict[str, Any]]] = {}
    for row in rows.values():
        told.setdefault(number_of(row.get("cluster") or row["_id"]), []).append(row)
    hits = []
    for story, score in best:
        if members := told.get(story):
            # The members come in the order of their own scores; the original goes first.
            head, *others = sorted(members, key=lambda row: bool(row.get("original")))
            hits.append(Hit(head, round(score, 3), find_passage(head.get("body") or "", query), tuple(others)))
    return tuple(hits)


def matching_ids(snapshot: Snapshot, filters: Filters) -> list[str]:
    """The `_id`s of all articles that `filters` asks for, the newest first."""
    with translate_index_errors():
        query = compile_filters(filters, snapshot)
        limit = max(1, snapshot.articles)
        hits = snapshot.searcher.search(query, limit, count=False, order_by_field="published").hits
    return snapshot.ids([address for _, address in hits])


def changed_ids(snapshot: Snapshot, filters: Filters) -> list[str]:
    """The `_id`s of the articles that `filters` asks for and that were changed, the latest change first."""
    with translate_index_errors():
        query = join(conditions(filters, snapshot), (Occur.Must, between("revision", 2, None)))
        limit = max(1, snapshot.articles)
        hits = snapshot.searcher.search(query, limit, count=False, order_by_field="changed").hits
    return snapshot.ids([address for _, address in hits])


def count_matching(snapshot: Snapshot, filters: Filters) -> int:
    """How many articles `filters` asks for."""
    with translate_index_errors():
        return _count(snapshot, compile_filters(filters, snapshot))


def matching(snapshot: Snapshot, articles: Any, filters: Filters, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The articles of a collection (synchronous) that `filters` asks for, with their `fields`, the newest first. Their
    ids are held in memory."""
    keys, wanted = matching_ids(snapshot, filters), (*fields, "title")
    for start in range(0, len(keys), _CHUNK):
        yield from load_articles(articles, keys[start : start + _CHUNK], wanted).values()


def read_all(articles: Any, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """All articles of a collection (synchronous), with their `fields`, in no order."""
    # A projection of `_id` alone is answered wrongly by the embedded server.
    yield from articles.find({}, {**dict.fromkeys(fields, 1), "title": 1}, batch_size=_CHUNK)


def count_conditions(snapshot: Snapshot, filters: Filters) -> list[tuple[str, int]]:
    """Each condition of `filters` as the user gave it, and how many articles fulfil it alone."""
    with translate_index_errors():
        asked = conditions(filters, snapshot)
        return [(each.said, _count(snapshot, join([each]))) for each in asked]


# What to leave out if nothing was found.


def suggestions(snapshot: Snapshot, filters: Filters) -> list[str]:
    """For an empty answer: which single condition stands in the way, with what there would be without it; else which
    word no article has. One sentence each, the most promising first."""
    with translate_index_errors():
        asked = conditions(filters, snapshot)
        spared = {
            each.said: _count(snapshot, join([other for other in asked if other is not each]))
            for each in asked
            if len(asked) > 1
        }
        found = sorted(((number, said) for said, number in spared.items() if number), reverse=True)
        if found:
            return [f"Without {said} there would be {number:,}." for number, said in found[:3]]
        lone = [each.said for each in asked if not each.excludes and not _count(snapshot, each.query)]
    if lone:
        return [f"No article has {said}: leave it out, or write it differently." for said in lone]
    return ["No single word or filter stands in the way: leave out several."]


# --- Articles like one article: those that share its most telling terms ---

MAX_TERMS = 25
"""Tokens of the article that are looked for."""
MIN_ARTICLES, MAX_SHARE = 2, 0.1
"""A token is telling if at least so many articles have it, and at most such a part of all."""
MIN_SCORE = 0.1
"""Of the score that the article itself has: what is less like it is not shown."""


def find_similar(snapshot: Snapshot, articles: Any, article: dict[str, Any], limit: int) -> Found:
    """The `limit` stories most like that of `article` (with `title`, `body`, `cluster`), each with the part of the
    article's own score that it reaches; its own story is not among them."""
    terms = telling_tokens(snapshot, article["title"], article.get("body"))
    if not terms:
        return Found((), 0, 0)
    own = number_of(article.get("cluster") or article["_id"])
    with translate_index_errors():
        wanted = [
            (Occur.Should, _weighed(field, term, weight)) for term, weight in terms for field in ("title", "body")
        ]
        likeness = tantivy.Query.boolean_query(wanted)
        mine = tantivy.Query.boolean_query([(Occur.Must, likeness), (Occur.Must, has("story", [own]))])
        others = tantivy.Query.boolean_query([(Occur.Must, likeness), (Occur.MustNot, has("story", [own]))])
        best = snapshot.searcher.search(mine, 1).hits
        top = best[0][0] if best else math.inf
        hits = [hit for hit in snapshot.searcher.search(others, 5 * limit).hits if hit[0] >= MIN_SCORE * top]
        stories = snapshot.searcher.fast_field_values("story", [address for _, address in hits])
        keys = snapshot.ids([address for _, address in hits])
    first: dict[int, tuple[str, float]] = {}
    for story, key, (score, _) in zip(stories, keys, hits, strict=True):
        first.setdefault(int(story or 0), (key, score / top))
    chosen = list(first.values())[:limit]
    rows = load_articles(articles, [key for key, _ in chosen])
    shown = tuple(
        Hit(rows[key], round(score, 3), find_passage(rows[key].get("body") or "", Query(())))
        for key, score in chosen
        if key in rows
    )
    return Found(shown, len(hits), len(first))


def telling_tokens(snapshot: Snapshot, title: str, body: str | None) -> list[tuple[str, float]]:
    """The tokens of a text that say most about it, with their weights: frequent in it, and rare elsewhere."""
    counts = Counter(sequence(fold(f"{title}\n{title}\n{body or ''}")))
    every = max(1, snapshot.articles)
    weights: dict[str, float] = {}
    with translate_index_errors():
        for token, count in counts.items():
            if len(token.removeprefix(MARK)) < 2:
                continue
            holders = snapshot.searcher.doc_freq("body", token)
            if MIN_ARTICLES <= holders <= max(MIN_ARTICLES, MAX_SHARE * every):
                weights[token] = (1 + math.log(count)) * math.log(every / holders + 1)
    return sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_TERMS]


def _weighed(field: str, token: str, weight: float) -> tantivy.Query:
    found = tantivy.Query.term_query(schema(), field, token)
    return tantivy.Query.boost_query(tantivy.Query.const_score_query(found, 1.0), weight)
