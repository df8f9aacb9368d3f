"""The filters as options of a command, and the base of the commands that ask the search index."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import cli

if TYPE_CHECKING:
    from crawler.search.filters import Filters
    from crawler.search.index import Snapshot

NAMES = (
    *("since", "until", "seen_since", "changed_since", "region", "site", "place", "source", "section", "type"),
    *("min_relevance", "originals", "synonyms"),
)


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `filters_of` reads."""
    group = parser.add_argument_group("which articles")
    group.add_argument("--since", metavar="TIME", help="published since then: 2026-11-01, 7d, 昨天 (Beijing time)")
    group.add_argument("--until", metavar="TIME", help="published up to then (a day: its end)")
    group.add_argument("--seen-since", metavar="TIME", help="new to us since then, whatever their date")
    group.add_argument("--changed-since", metavar="TIME", help="new to us, or their text changed, since then")
    group.add_argument("--region", default=(), metavar="NAMES", help="published in this province, city or county")
    group.add_argument("--site", default=(), metavar="NAMES", help="published by these sites: 青田县, qingtian, cfsn")
    group.add_argument("--place", default=(), metavar="NAMES", help="the text names this province, city or county")
    group.add_argument("--source", default=(), metavar="WORDS", help="来源 contains one of these words")
    group.add_argument("--section", default=(), metavar="WORDS", help="栏目 contains one of these words")
    group.add_argument("--type", default=(), metavar="NAMES", help="document type: 抽检结果, 抽检计划, 处罚, 召回 …")
    group.add_argument("--min-relevance", metavar="NUMBER", help="about food safety at least this much, 0 to 1")
    group.add_argument("--originals", action="store_true", help="no reprints")
    group.add_argument("--no-synonyms", dest="synonyms", action="store_false", help="only the words as typed")


def filters_of(opts: argparse.Namespace, text: str | None) -> Filters:
    """The filters that the options say, and the query `text`. Raises QueryError."""
    from crawler.search.filters import Filters

    return Filters.read(text, **{name: getattr(opts, name) for name in NAMES})


@dataclass(frozen=True)
class Ready:
    """An open database with a snapshot of its search index; `note` says what the index does not have yet."""

    database: Any
    snapshot: Snapshot
    note: str

    @property
    def articles(self) -> Any:
        """The collection of articles."""
        return self.database["articles"]


class SearchCommand(cli.Command):
    """Base of the commands that ask the search index."""

    group = "look"

    @contextmanager
    def open_index(self, *, compare: bool | None = None) -> Iterator[Ready]:
        """The database and its search index, brought up to date; prints a note if that was not possible in time."""
        from crawler.search.follow import catch_up
        from crawler.search.index import SearchIndex

        assert self.settings is not None
        uri, data = self.settings["MONGO_URI"], Path(self.settings["DATA_DIR"])
        with self.open_database() as database:
            index = SearchIndex(data, uri, database.name)
            fresh = catch_up(
                index,
                database,
                self.settings.getfloat("SEARCH_CATCH_UP_SECONDS"),
                compare=compare,
                progress=print_progress,
            )
            if fresh.note:
                print(fresh.note, file=sys.stderr)
            yield Ready(database, fresh.snapshot, fresh.note)

    def find_article(self, database: Any, url: str) -> dict[str, Any]:
        """The stored article at `url`, or at another address of the same text. Raises EmptyDatabase or StoreError."""
        from crawler.errors import StoreError
        from crawler.parsing.urls import article_id, canonical_url

        key, articles = article_id(canonical_url(url)), database["articles"]
        found: dict[str, Any] | None = articles.find_one({"_id": key}) or articles.find_one({"also_at._id": key})
        if found is None:
            cli.require_articles(database)
            raise StoreError(f"no article is stored for {url}; crawl it first")
        return found

    def print_nothing_found(self, ready: Ready, filters: Filters) -> None:
        """Say on standard error why nothing matched. Raises EmptyDatabase."""
        from crawler.search.search import suggestions

        cli.require_articles(ready.database)
        print("Nothing matched.", *suggestions(ready.snapshot, filters), file=sys.stderr)


def print_progress(what: str, done: int, total: int | None) -> None:
    """Show on a terminal how far long work is; nothing elsewhere, nor for short work."""
    if sys.stderr.isatty() and done >= 1000:
        print(f"\r{what}: {done:,}{f' of {total:,}' if total else ''}", end="", file=sys.stderr, flush=True)
        if total == done:
            print(file=sys.stderr)
