"""Which article of a story the others reprint: a pure choice among its articles, with the reason in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from crawler.parsing.date_reading import CST

Document = Mapping[str, Any]
SourceSite = Callable[[str], str | None]
"""The code of the site a 来源 names, or None."""

# What the choice needs of an article.
EVIDENCE = dict.fromkeys(("site", "source", "published_at", "published_precision", "first_seen_at"), 1)


def choose_original(articles: Sequence[Document], source_site: SourceSite) -> tuple[Any, str]:
    """The `_id` of the original among the articles of one story, and why: the article of the site that the others give
    as their 来源; else the one with the earliest displayed time; else the one seen first. Articles in any order give
    the same answer."""
    if named := _named(articles, source_site):
        return named
    dated = [article for article in articles if article["published_at"]]
    first_day = min((_day(article) for article in dated), default=None)
    earliest = [article for article in dated if _day(article) == first_day]
    if len(earliest) > 1 and all(article["published_precision"] == "minute" for article in earliest):
        first_minute = min(article["published_at"] for article in earliest)
        earliest = [article for article in earliest if article["published_at"] == first_minute]
    if len(earliest) == 1:
        shown = earliest[0]["published_at"].astimezone(CST)
        return earliest[0]["_id"], f"displays the earliest time: {shown:%Y-%m-%d %H:%M}"
    first = min(earliest or articles, key=_order)
    tied = f"; {len(earliest)} display the same time" if earliest else "; none displays a time"
    return first["_id"], f"seen first{tied}"


def _named(articles: Sequence[Document], source_site: SourceSite) -> tuple[Any, str] | None:
    """The choice by 来源. A site that itself names another of the story's sites only passed it on."""
    sources = {article["_id"]: source_site(article["source"]) if article["source"] else None for article in articles}
    here = {_site(article) for article in articles} - {None}
    votes = Counter(
        code for article in articles if (code := sources[article["_id"]]) in here and code != _site(article)
    )
    if not votes:
        return None
    code = min(votes, key=lambda named: (-votes[named], str(named)))
    passed: set[Any] = set()
    while code not in passed:
        passed.add(code)
        article = min((article for article in articles if _site(article) == code), key=_order)
        onward = sources[article["_id"]]
        code = onward if onward in here and onward not in passed else code
    return article["_id"], f"its site is the 来源 of {votes[code]} of the others: {article['site']['name']}"


def _site(article: Document) -> str | None:
    return article["site"]["code"] if article["site"] else None


def _day(article: Document) -> date:
    day: date = article["published_at"].astimezone(CST).date()
    return day


def _order(article: Document) -> tuple[Any, ...]:
    return (
        _day(article) if article["published_at"] else date.max,
        article["first_seen_at"],
        article["_id"],
    )
