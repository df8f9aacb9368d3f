"""`scrapy also URL`: articles like one article."""

from __future__ import annotations

import argparse
import sys

from scrapy.exceptions import UsageError

from crawler.output import add_format_option
from crawler.search_command import SearchCommand


class Command(SearchCommand):
    examples = ("scrapy also http://www.qingtian.gov.cn/art/2026/10/28/art_1.html",)

    def syntax(self) -> str:
        return "URL [options]"

    def short_desc(self) -> str:
        return "Show articles like one article"

    def long_desc(self) -> str:
        return (
            "Shows other stories that share the most telling words of the stored article at URL, the most alike first. "
            "Reprints of the same story are what `scrapy duplicates URL` shows."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--limit", type=int, default=10, metavar="N", help="maximum number of stories (default 10)")
        add_format_option(parser)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if len(args) != 1:
            raise UsageError("give the URL of one article", print_help=False)
        if opts.limit < 1:
            raise UsageError("--limit must be 1 or more", print_help=False)
        from crawler.search.filters import Filters
        from crawler.search.output import print_found
        from crawler.search.search import find_similar

        with self.open_index() as ready:
            article = self.find_article(ready.database, args[0])
            found = find_similar(ready.snapshot, ready.articles, article, opts.limit)
        if found.hits or opts.format == "json":
            print_found(found, Filters(), opts.format, colour=sys.stdout.isatty())
        else:
            print("No article is like it.", file=sys.stderr)
        return None
