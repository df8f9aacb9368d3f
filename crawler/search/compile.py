"""Queries and filters as queries of the index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import tantivy
from tantivy import FieldType, Occur

from crawler.search.filters import Filters
from crawler.search.index import Snapshot, milliseconds, schema, translate_index_errors
from crawler.search.language import Either, Node, Query, QueryTerm
from crawler.text.tokens import HAN, MARK, fold

IndexQuery = tantivy.Query
TITLE_WEIGHT = 2.0
"""How much more a word of the title counts than one of the body."""


@dataclass(frozen=True)
class Condition:
    """One condition by itself: `said` as the user gave it, and the query for it, or for its opposite if `excludes`."""

    said: str
    query: IndexQuery
    excludes: bool = False


def conditions(filters: Filters, snapshot: Snapshot) -> list[Condition]:
    """Each condition of `filters`, those of the text first."""
    with translate_index_errors():
        return [*_of_text(filters.text, snapshot), *_of_filters(filters, snapshot)]


def join(given: list[Condition], *more: tuple[Occur, IndexQuery]) -> IndexQuery:
    """The query for articles that fulfil all conditions."""
    parts = [(Occur.MustNot if each.excludes else Occur.Must, each.query) for each in given] + list(more)
    if not any(occur == Occur.Must for occur, _ in parts):
        parts.append((Occur.Must, every_article()))
    return IndexQuery.boolean_query(parts)


def every_article() -> IndexQuery:
    """The query for all articles."""
    return _unscored(IndexQuery.term_query(schema(), "article", True))


def compile_filters(filters: Filters, snapshot: Snapshot) -> IndexQuery:
    """The query for the articles that `filters` asks for."""
    return join(conditions(filters, snapshot))


def has(field: str, values: list[Any]) -> IndexQuery:
    """The query for articles with one of `values` in `field`."""
    return _unscored(IndexQuery.term_set_query(schema(), field, values))


def is_true(field: str, value: bool = True) -> IndexQuery:
    """The query for articles whose `field` is `value`."""
    return _unscored(IndexQuery.term_query(schema(), field, value))


def between(field: str, low: int | None, high: int | None) -> IndexQuery:
    """The query for articles whose whole number in `field` is from `low` to `high`, both included."""
    return _unscored(IndexQuery.range_query(schema(), field, FieldType.Integer, low, high))


def _unscored(query: IndexQuery) -> IndexQuery:
    return IndexQuery.const_score_query(query, 0.0)


def _of_text(query: Query | None, snapshot: Snapshot) -> Iterator[Condition]:
    for part in query.parts if query else ():
        yield Condition(str(part), _compile(part, snapshot))
    for part in query.excluded if query else ():
        yield Condition(f"-{part}", _compile(part, snapshot), excludes=True)


def _of_filters(filters: Filters, snapshot: Snapshot) -> Iterator[Condition]:
    yield from _of_times(filters)
    if filters.sites is not None:
        yield Condition("--site or --region", has("site", list(filters.sites)))
    if filters.places:
        yield Condition("--place", has("place_codes", list(filters.places)))
    if filters.types:
        yield Condition("--type", has("type", list(filters.types)))
    if filters.originals:
        yield Condition("--originals", is_true("reprint", False))
    if filters.min_relevance is not None:
        bounds = IndexQuery.range_query(schema(), "relevance", FieldType.Float, filters.min_relevance, None)
        yield Condition("--min-relevance", _unscored(bounds))
    yield from _of_words(filters, snapshot)


def _of_times(filters: Filters) -> Iterator[Condition]:
    if filters.since or filters.until:
        names = [name for name, given in (("--since", filters.since), ("--until", filters.until)) if given]
        yield Condition(" and ".join(names), between("published", _number(filters.since), _number(filters.until)))
    if filters.seen_since:
        yield Condition("--seen-since", between("first_seen", _number(filters.seen_since), None))
    if filters.changed_since:
        yield Condition("--changed-since", between("changed", _number(filters.changed_since), None))


def _of_words(filters: Filters, snapshot: Snapshot) -> Iterator[Condition]:
    for name, wanted in (("source", filters.source), ("section", filters.section)):
        if wanted:
            terms = [QueryTerm(word, folded) for word in wanted if (folded := fold(word))]
            parts = [(Occur.Should, _find(f"{name}_words", term, snapshot)) for term in terms]
            yield Condition(f"--{name}", _unscored(IndexQuery.boolean_query(parts)))


def _number(time: datetime | None) -> int | None:
    return None if time is None else milliseconds(time)


def _compile(node: Node, snapshot: Snapshot) -> IndexQuery:
    if isinstance(node, QueryTerm):
        title = IndexQuery.boost_query(_find("title", node, snapshot), TITLE_WEIGHT)
        if node.in_title:
            return title
        return IndexQuery.boolean_query([(Occur.Should, title), (Occur.Should, _find("body", node, snapshot))])
    parts = [_compile(part, snapshot) for part in node.parts]
    if isinstance(node, Either):
        # Two spellings of one thing don't count twice.
        return IndexQuery.disjunction_max_query(parts)
    excluded = [(Occur.MustNot, _compile(part, snapshot)) for part in node.excluded]
    return IndexQuery.boolean_query([*((Occur.Must, part) for part in parts), *excluded])


def _find(field: str, term: QueryTerm, snapshot: Snapshot) -> IndexQuery:
    """The query for articles in whose `field` the term stands."""
    tokens = term.tokens
    if term.is_open:
        # The last token goes on with whatever character follows.
        head, last = [re.escape(token) for token in tokens[:-1]], f"{re.escape(tokens[-1])}.?"
        marked = "" if term.exact else f"{MARK}?"
        if not head:
            return IndexQuery.regex_query(schema(), field, f"{marked}{last}")
        first = f"{marked}{head[0]}" if _is_han(tokens[0]) else head[0]
        return IndexQuery.regex_phrase_query(schema(), field, [first, *head[1:], last])
    queries = [_sequence(field, tokens)]
    marked = MARK + tokens[0]
    if not term.exact and _is_han(tokens[0]) and snapshot.searcher.doc_freq(field, marked):
        queries.append(_sequence(field, [marked, *tokens[1:]]))
    return queries[0] if len(queries) == 1 else IndexQuery.boolean_query([(Occur.Should, each) for each in queries])


def _sequence(field: str, tokens: list[str]) -> IndexQuery:
    if len(tokens) == 1:
        return IndexQuery.term_query(schema(), field, tokens[0])
    return IndexQuery.phrase_query(schema(), field, list(tokens))


def _is_han(token: str) -> bool:
    return re.match(f"[{HAN}]", token) is not None
