"""Articles like one article: those that share its most telling pairs of characters and words."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import tantivy
from tantivy import Occur

from crawler.search.compile import has
from crawler.search.index import Snapshot, number_of, schema, translate_index_errors
from crawler.search.language import Query
from crawler.search.search import Found, Hit, find_passage, load_articles
from crawler.text.tokens import MARK, fold, sequence

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
