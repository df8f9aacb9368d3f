"""The articles that a search ranks: all that match, or the newest where very many do, by the shorter way.

On the embedded server an article found through an index of `tokens` costs three times one read in passing (it looks at
its 800 tokens again). So a rare word is followed through the index to all its articles, and a common one is met by
reading back in time until enough matched. Which is which, a sample of the newest articles says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from crawler.query.filters import Condition, Filters, Plan, plan_of
from crawler.query.newest import windows

MOST = 1000
"""Articles that are ranked, unless all are asked for."""
SAMPLE = 500
"""Articles after which it is decided."""
_RARE = 0.05
"""Of the sample: what is in a smaller part is followed through its index. How many articles there are the rule does
without: the embedded server counts them one by one, which took longer than a search."""
_BATCH = 500
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
    at least: of all of them, or of the newest `most` and as many more as their time holds."""
    conditions = filters.conditions()
    leads = [each for each in conditions if each.leading is not None and each.index != "by_published"]
    needed = {*fields, "title", *(name for each in conditions for name in each.needs)}
    found: list[Made] = []
    read, given = 0, [0] * len(leads)
    for window in windows(articles, needed, filters.since, filters.until):
        found += [make(row) for row in window.rows if _accepted(conditions, row)]
        if most is not None and len(found) >= most:
            return Gathered(found, window.begin)
        if leads:
            read += len(window.rows)
            given = [count + sum(map(each.gives, window.rows)) for count, each in zip(given, leads, strict=True)]
            if read >= SAMPLE:
                if min(given) < read * _RARE:
                    plan = plan_of(conditions, leads[given.index(min(given))])
                    return Gathered(_through_index(articles, plan, needed, make), None)
                leads = []
    return Gathered(found, None)


def _accepted(conditions: Sequence[Condition], row: dict[str, Any]) -> bool:
    # The words come first, and cost the most to look for.
    return all(condition.accepts(row) for condition in reversed(conditions))


def _through_index(articles: Any, plan: Plan, needed: set[str], make: Callable[[dict[str, Any]], Made]) -> list[Made]:
    found = articles.find(plan.leading, dict.fromkeys(needed, 1), batch_size=_BATCH)
    return [make(row) for row in found if plan.accepts(row)]
