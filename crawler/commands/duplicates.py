"""`scrapy duplicates`: stories that several articles report, each with its original and its reprints."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from typing import Any

from crawler import cli
from crawler.output import format_count, format_time, plain

_CHUNK = 200
_FIELDS = dict.fromkeys(
    ("cluster", "original", "original_evidence", "url", "title", "site", "source", "published_at", "first_seen_at"), 1
)


class Command(cli.Command):
    group = "look"
    examples = ("scrapy duplicates --site qingtian",)

    def syntax(self) -> str:
        return "[--site SITE]"

    def short_desc(self) -> str:
        return "Show stories of several articles: the original and its reprints"

    def long_desc(self) -> str:
        return (
            "Shows each story that several articles report: the original, why it is the original, and its reprints. "
            "Times are +08:00."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="only stories that this site reports too: a name, code or pinyin")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        self.reject_arguments(args)
        from crawler.sites.registry import load

        codes = [site.code for site in load().find(opts.site)] if opts.site else None
        with self.open_database() as database:
            if not _show(database["articles"], codes):
                cli.require_articles(database)
        return 0


def _show(articles: Any, codes: list[str] | None) -> int:
    """Print the stories and return their number."""
    stories = reprints = 0
    for story in _stories(articles, codes):
        stories += 1
        reprints += len(story) - 1
        first, *others = sorted(story, key=lambda row: (row["original"] is not None, row["first_seen_at"], row["_id"]))
        print(f"{plain(first['title'])}\n  original  {_line(first)}\n            {plain(first['original_evidence'])}")
        for row in others:
            print(f"  reprint   {_line(row)}")
        print()
    print(f"{format_count(stories, 'story', 'stories')}, {format_count(reprints, 'reprint')}")
    return stories


def _stories(articles: Any, codes: list[str] | None) -> Iterator[list[dict[str, Any]]]:
    """The articles of each story that has several."""
    wanted = {"original": {"$ne": None}} if codes is None else {"site.code": {"$in": codes}}
    clusters = iter(sorted({row["cluster"] for row in articles.find(wanted, {"cluster": 1, "title": 1})} - {None}))
    while chunk := list(islice(clusters, _CHUNK)):
        stories: dict[str, list[dict[str, Any]]] = {}
        for row in articles.find({"cluster": {"$in": chunk}}, _FIELDS):
            stories.setdefault(row["cluster"], []).append(row)
        yield from (story for _, story in sorted(stories.items()) if len(story) > 1)


def _line(row: dict[str, Any]) -> str:
    publisher = row["site"]["name"] if row["site"] else "?"
    source = f", 来源 {plain(row['source'])}" if row["source"] else ""
    return f"{format_time(row['published_at'], missing='no date')}  {publisher}{source}  {plain(row['url'])}"
