"""Synonyms of the trade (`synonyms.toml`): 农残 finds 农药残留 too."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crawler.search.language import Either, Every, Node, Query, QueryTerm
from crawler.text.tokens import fold


@cache
def load_synonyms() -> Mapping[str, tuple[str, ...]]:
    """The other words for a folded word, as the file writes them."""
    groups = tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text("utf-8"))["groups"]
    found: dict[str, dict[str, None]] = {}
    for group in groups:
        for word in group:
            found.setdefault(fold(word), {}).update(dict.fromkeys(other for other in group if other != word))
    return {word: tuple(others) for word, others in found.items()}


def add_synonyms(query: Query) -> tuple[Query, tuple[Either, ...]]:
    """The query with each word replaced by itself and its synonyms, and those replacements. Phrases in quotes and exact
    words have none."""
    used: dict[Either, None] = {}

    def widen(node: Node) -> Node:
        if isinstance(node, Either):
            return Either(tuple(map(widen, node.parts)), node.synonyms)
        if isinstance(node, Every):
            return Every(tuple(map(widen, node.parts)), tuple(map(widen, node.excluded)))
        others = load_synonyms().get(node.folded, ()) if not (node.exact or node.quoted) else ()
        if not others:
            return node
        either = Either(
            (node, *(QueryTerm(word, fold(word), in_title=node.in_title) for word in others)), synonyms=True
        )
        used[either] = None
        return either

    return Query(tuple(map(widen, query.parts)), tuple(map(widen, query.excluded))), tuple(used)
