"""Full-text search: the articles that hold what is asked for, the best first, reprints under their original."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crawler.query.filters import Filters, folded_text
from crawler.query.gathering import MOST, gather
from crawler.query.language import Query
from crawler.query.passages import Passage, passage
from crawler.text.tokens import fold

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
