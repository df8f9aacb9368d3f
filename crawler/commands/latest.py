"""`scrapy latest`: the newest articles, no words needed."""

from __future__ import annotations

import argparse

from crawler.commands import search
from crawler.search_command import SearchCommand, add_filter_options


class Command(search.Command):
    examples = (
        "scrapy latest --limit 5",
        "scrapy latest --seen-since 昨天 --type 抽检结果 --sort seen",
        "scrapy latest 学校食堂 --seen-since 昨天",
    )

    def syntax(self) -> str:
        return "[QUERY] [options]"

    def short_desc(self) -> str:
        return "Show the newest articles"

    def long_desc(self) -> str:
        return (
            "Shows articles, the newest first: by publication, or with --sort seen by when we first saw them, which "
            "also catches those put online late. QUERY and the filters are those of `scrapy search`."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super(SearchCommand, self).add_options(parser)
        add_filter_options(parser)
        search.add_page_options(parser, ("newest", "seen"))

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        return self.answer(" ".join(args) if args else None, opts)
