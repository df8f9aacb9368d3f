"""`scrapy duplicates`: stories that several articles report, each with its original and its reprints."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import format_count, format_time, plain
from crawler.search_command import SearchCommand, add_filter_options, filters_of

_CHUNK = 200
_FIELDS = dict.fromkeys(
    ("cluster", "original", "original_evidence", "url", "title", "site", "source", "published_at", "first_seen_at"), 1
)


class Command(SearchCommand):
    examples = (
        "scrapy duplicates --site qingtian",
        "scrapy duplicates '米粉 不合格' --since 30d",
        "scrapy duplicates http://www.qingtian.gov.cn/art/2026/10/28/art_1.html",
    )

    def syntax(self) -> str:
        return "[URL | QUERY] [options]"

    def short_desc(self) -> str:
        return "Show stories of several articles: the original and its reprints"

    def long_desc(self) -> str:
        return (
            "Shows each story that several articles report: the original, why it is the original, and its reprints. "
            "URL: only the story of that article. A query or filters as of `scrapy search`: only stories of which an "
            "article matches. Times are +08:00."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_filter_options(parser)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.search.filters import Filters
        from crawler.search.search import matching

        is_url = bool(args) and "://" in args[0]
        filters = filters_of(opts, " ".join(args) if args and not is_url else None)
        if is_url and (len(args) > 1 or filters != Filters()):
            raise UsageError("give the URL of one article, or a query with filters", print_help=False)
        if filters != Filters():
            with self.open_index() as ready:
                rows = matching(ready.snapshot, ready.articles, filters, ("cluster",))
                if not _show(ready.articles, _clusters_of(rows)):
                    cli.require_articles(ready.database)
            return 0
        with self.open_database() as database:
            articles = database["articles"]
            if is_url:
                rows = iter([self.find_article(database, args[0])])
            else:
                rows = articles.find({"original": {"$ne": None}}, {"cluster": 1, "title": 1})
            if not _show(articles, _clusters_of(rows)):
                cli.require_articles(database)
        return 0


def _clusters_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({row["cluster"] for row in rows if row["cluster"]})


def _show(articles: Any, clusters: list[str]) -> int:
    """Print the stories and return their number."""
    stories = reprints = 0
    for story in _stories(articles, clusters):
        stories += 1
        reprints += len(story) - 1
        first, *others = sorted(story, key=lambda row: (row["original"] is not None, row["first_seen_at"], row["_id"]))
        print(f"{plain(first['title'])}\n  original  {_line(first)}\n            {plain(first['original_evidence'])}")
        for row in others:
            print(f"  reprint   {_line(row)}")
        print()
    print(f"{format_count(stories, 'story', 'stories')}, {format_count(reprints, 'reprint')}")
    return stories


def _stories(articles: Any, clusters: list[str]) -> Iterator[list[dict[str, Any]]]:
    """The articles of each of the stories that has several."""
    names = iter(clusters)
    while chunk := list(islice(names, _CHUNK)):
        stories: dict[str, list[dict[str, Any]]] = {}
        for row in articles.find({"cluster": {"$in": chunk}}, _FIELDS):
            stories.setdefault(row["cluster"], []).append(row)
        yield from (story for _, story in sorted(stories.items()) if len(story) > 1)


def _line(row: dict[str, Any]) -> str:
    publisher = row["site"]["name"] if row["site"] else "?"
    source = f", 来源 {plain(row['source'])}" if row["source"] else ""
    return f"{format_time(row['published_at'], missing='no date')}  {publisher}{source}  {plain(row['url'])}"
