"""What to loosen where nothing was found."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from crawler.query.filters import Condition, Filters, plan_of
from crawler.query.gathering import gather
from crawler.query.language import Query
from crawler.query.newest import windows
from crawler.query.reading import led

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
