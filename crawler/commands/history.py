"""`scrapy history URL`: the versions of one article and what changed between them."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.output import plain
from crawler.parsing.date_forms import CST


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL"

    def short_desc(self) -> str:
        return "Show the versions of an article and what changed"

    def long_desc(self) -> str:
        return (
            "Shows the stored article at URL, each older version with the time it was seen (China Standard Time), and "
            "what changed by paragraph: - what went, + what came."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give the address of one article", print_help=False)
        from crawler.errors import StoreError
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        uri = self.settings["MONGO_URI"]
        try:
            with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
                self.exitcode = _show(client[self.settings["MONGO_DATABASE"]], args[0])
        except StoreError as error:
            print(f"scrapy history: {error}", file=sys.stderr)
            self.exitcode = 1


def _show(database: Any, url: str) -> int:
    from crawler.parsing.urls import article_id, canonical_url

    key = article_id(canonical_url(url))
    article = database["articles"].find_one({"_id": key}) or database["articles"].find_one({"also_at._id": key})
    if article is None:
        print(f"scrapy history: no article is stored for {url}; crawl it first.", file=sys.stderr)
        return 1
    versions = sorted(database["revisions"].find({"article": article["_id"]}), key=lambda row: row["revision"])
    # A kill can leave the current version there too.
    older = [row for row in versions if row["revision"] < article["revision"]]
    print(f"{plain(article['title'])}\n{plain(article['url'])}")
    print(f"\nversion {article['revision']}, {_seen(article['changed_at'], article['last_seen_at'])}, as it is now")
    for row in reversed(older):
        print("".join(f"    {plain(line)}\n" for line in row.get("diff") or ["the text is the same"]), end="")
        print(f"\nversion {row['revision']}, {_seen(row['seen_from'], row['seen_until'])}: {plain(row['title'])}")
    return 0


def _seen(first: datetime, last: datetime) -> str:
    return f"seen from {_shown(first)} to {_shown(last)}"


def _shown(time: datetime) -> str:
    return f"{time.astimezone(CST):%Y-%m-%d %H:%M}"
