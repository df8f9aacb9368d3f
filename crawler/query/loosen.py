"""What to loosen where nothing was found."""

from __future__ import annotations

from collections import Counter
from typing import Any

from crawler.query.filters import Filters
from crawler.query.language import Query


def suggestions(articles: Any, filters: Filters) -> list[str]:
    """For an empty answer: which single condition stands in the way, with what there would be without it; else which
    term no article holds. One sentence each, the most promising first."""
    conditions = filters.conditions()
    plan = filters.plan()
    needs = {name for condition in conditions for name in condition.needs}
    spared: Counter[str] = Counter()
    for row in articles.find(plan.leading, dict.fromkeys({*needs, "title"}, 1)):
        failing = [condition.said for condition in conditions if not condition.accepts(row)]
        if len(failing) == 1:
            spared[failing[0]] += 1
    if spared:
        return [f"Without {said} there would be {count}." for said, count in spared.most_common(3)]
    terms = filters.text.terms if filters.text else ()
    lone = [term for term in terms if not _any(articles, Filters(text=Query((term,))))]
    if lone:
        return [f"No article holds {term.typed}: leave it out, or write it another way." for term in lone]
    if filters.text and _any(articles, Filters(text=filters.text)):
        return ["The words are there, but not with these filters: leave one of them out."]
    return ["Leave out a word or a filter; no single one stands in the way."]


def _any(articles: Any, filters: Filters) -> bool:
    from crawler.query.reading import matching

    return next(matching(articles, filters, ("title",)), None) is not None
