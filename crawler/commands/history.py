"""`scrapy history URL`: the versions of one article and what changed between them."""

from __future__ import annotations

import argparse
from typing import Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.errors import StoreError
from crawler.output import format_time, plain


class Command(cli.Command):
    group = "look"
    examples = ("scrapy history http://www.qingtian.gov.cn/art/2026/10/28/art_1.html",)

    def syntax(self) -> str:
        return "URL"

    def short_desc(self) -> str:
        return "Show the versions of an article and what changed"

    def long_desc(self) -> str:
        return (
            "Shows the stored article at URL and each older version with the time it was seen, and the changes by "
            "paragraph: - for removed and + for added text. Exit status: 0 done, 1 no such article, 2 wrong use."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if len(args) != 1:
            raise UsageError("give the URL of one article", print_help=False)
        with self.open_database() as database:
            _show(database, args[0])
        return 0


def _show(database: Any, url: str) -> None:
    from crawler.parsing.urls import article_id, canonical_url

    key = article_id(canonical_url(url))
    articles = database["articles"]
    article = articles.find_one({"_id": key}) or articles.find_one({"also_at._id": key})
    if article is None:
        cli.require_articles(database)
        raise StoreError(f"no article is stored for {url}; crawl it first")
    versions = sorted(database["revisions"].find({"article": article["_id"]}), key=lambda row: row["revision"])
    # After a kill the current version can be there too.
    older = [row for row in versions if row["revision"] < article["revision"]]
    print(f"{plain(article['title'])}\n{plain(article['url'])}")
    seen = f"{format_time(article['changed_at'])} to {format_time(article['last_seen_at'])}"
    print(f"\nversion {article['revision']}, seen from {seen}, current")
    for row in reversed(older):
        for line in row.get("diff") or ["the text is the same"]:
            print(f"    {plain(line)}")
        seen = f"{format_time(row['seen_from'])} to {format_time(row['seen_until'])}"
        print(f"\nversion {row['revision']}, seen from {seen}: {plain(row['title'])}")
