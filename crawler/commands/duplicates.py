"""`scrapy duplicates`: the stories that several articles tell, each with its original and its reprints."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.output import plain
from crawler.parsing.date_forms import CST

_CHUNK = 200
_SHOWN = dict.fromkeys(
    ("cluster", "original", "original_evidence", "url", "title", "site", "source", "published_at", "first_seen_at"), 1
)


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--site SITE]"

    def short_desc(self) -> str:
        return "Show stories told more than once: originals and their reprints"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="only stories this site tells too: a name, code or pinyin of the registry")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy duplicates takes no argument but --site", print_help=False)
        from crawler.errors import StoreError
        from crawler.sites.registry import RegistryError, SiteError, load
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        uri = self.settings["MONGO_URI"]
        try:
            codes = [site.code for site in load().find(opts.site)] if opts.site else None
            with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
                _show(client[self.settings["MONGO_DATABASE"]]["articles"], codes)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (StoreError, SiteError, RegistryError) as error:
            print(f"scrapy duplicates: {error}", file=sys.stderr)
            self.exitcode = 1


def _show(articles: Any, codes: list[str] | None) -> None:
    stories = reprints = 0
    for story in _stories(articles, codes):
        stories += 1
        reprints += len(story) - 1
        first, *others = sorted(story, key=lambda row: (row["original"] is not None, row["first_seen_at"], row["_id"]))
        print(f"{plain(first['title'])}\n  original  {_line(first)}\n            {plain(first['original_evidence'])}")
        for row in others:
            print(f"  reprint   {_line(row)}")
        print()
    print(f"{stories} stories told more than once, {reprints} reprints")


def _stories(articles: Any, codes: list[str] | None) -> Iterator[list[dict[str, Any]]]:
    """The articles of each story that has several."""
    wanted = {"original": {"$ne": None}} if codes is None else {"site.code": {"$in": codes}}
    clusters = iter(sorted({row["cluster"] for row in articles.find(wanted, {"cluster": 1, "title": 1})} - {None}))
    while chunk := list(islice(clusters, _CHUNK)):
        stories: dict[str, list[dict[str, Any]]] = {}
        for row in articles.find({"cluster": {"$in": chunk}}, _SHOWN):
            stories.setdefault(row["cluster"], []).append(row)
        yield from (story for _, story in sorted(stories.items()) if len(story) > 1)


def _line(row: dict[str, Any]) -> str:
    time = row["published_at"]
    shown = f"{time.astimezone(CST):%Y-%m-%d %H:%M}" if time else "no date shown "
    publisher = row["site"]["name"] if row["site"] else "?"
    source = f", 来源 {plain(row['source'])}" if row["source"] else ""
    return f"{shown}  {publisher}{source}  {plain(row['url'])}"
