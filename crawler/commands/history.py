"""`scrapy history`: the versions of one article, or of those a query finds, and what changed between them."""

from __future__ import annotations

import argparse
from typing import Any

from scrapy.exceptions import UsageError

from crawler.output import format_count, format_time, plain
from crawler.search_command import SearchCommand, add_filter_options, filters_of

_FIELDS = ("title", "url", "revision", "changed_at", "last_seen_at")


class Command(SearchCommand):
    examples = (
        "scrapy history http://www.qingtian.gov.cn/art/2026/10/28/art_1.html",
        "scrapy history '抽检 不合格' --changed-since 7d",
    )

    def syntax(self) -> str:
        return "URL | QUERY [options]"

    def short_desc(self) -> str:
        return "Show the versions of articles and what changed"

    def long_desc(self) -> str:
        return (
            "Shows the stored article at URL and each older version with the time it was seen, and the changes by "
            "paragraph: - for removed and + for added text. With a query or filters as of `scrapy search`: the "
            "articles that match now and were changed, the latest change first. Exit status: 0 done, 1 no such "
            "article, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_filter_options(parser)
        parser.add_argument(
            "--limit", type=int, default=10, metavar="N", help="maximum number of articles (default 10)"
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.search.filters import Filters

        is_url = bool(args) and "://" in args[0]
        filters = filters_of(opts, " ".join(args) if args and not is_url else None)
        if len(args) > 1 if is_url else filters == Filters():
            raise UsageError("give the URL of one article, or a query", print_help=False)
        if is_url:
            with self.open_database() as database:
                _show(database, self.find_article(database, args[0]))
            return 0
        from crawler.search.search import changed_ids, load_articles

        with self.open_index() as ready:
            keys = changed_ids(ready.snapshot, filters)
            for number, article in enumerate(load_articles(ready.articles, keys[: opts.limit], _FIELDS).values()):
                print("\n" * bool(number), end="")
                _show(ready.database, article)
            if not keys:
                self.print_nothing_found(ready, filters)
            else:
                print(f"\n{format_count(len(keys), 'changed article')}")
        return 0


def _show(database: Any, article: dict[str, Any]) -> None:
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
