"""The articles that a search ranks: all that match, or the newest where very many do, by the shorter way.

Rare words are followed through the postings to all their articles. Common ones are met by reading back in time until
enough matched; whether a site or place is rare enough to be followed through its index, a sample of the newest articles
says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from crawler.query.filters import Filters, plan_of, tokens_of
from crawler.query.newest import windows
from crawler.query.postings import few_holding
from crawler.query.reading import led, of_ids

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
