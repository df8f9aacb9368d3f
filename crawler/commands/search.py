"""`scrapy search`: full-text search in Chinese over the stored articles."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

_FORMATS = ("table", "json", "jsonl", "csv")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "'WORDS \"A PHRASE\" -WITHOUT' [options]"

    def short_desc(self) -> str:
        return "Search the articles: all words, phrases, exclusions; simplified or traditional"

    def long_desc(self) -> str:
        return (
            "Every word must be in title or body. Han text is found wherever it stands, a Latin word or a number as a "
            "whole. Terms in the title, crowding the text, and new articles come first. Where more than a thousand "
            "articles match, the newest thousand or so are ranked, and the answer says back to when."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from crawler.search.output import add_filter_options

        super().add_options(parser)
        add_filter_options(parser)
        parser.add_argument("--limit", type=int, default=10, metavar="N", help="at most so many stories (default 10)")
        parser.add_argument("--all", action="store_true", help="count and rank all that match, not the newest 1,000")
        parser.add_argument("--format", choices=_FORMATS, default="table", help="default table")
        parser.add_argument("--explain", action="store_true", help="print the MongoDB filter and its index, then end")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("say what to look for: scrapy search '食品抽检 不合格 米粉'", print_help=False)
        if opts.limit < 1:
            raise UsageError("--limit must be 1 or more", print_help=False)
        from crawler.errors import QueryError, StoreError
        from crawler.sites.site import RegistryError

        try:
            self._answer(" ".join(args), opts)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except QueryError as error:
            print(f"scrapy search: {error}", file=sys.stderr)
            self.exitcode = 2
        except (StoreError, RegistryError) as error:
            print(f"scrapy search: {error}", file=sys.stderr)
            self.exitcode = 1
        except KeyboardInterrupt:
            print("\nscrapy search: interrupted.", file=sys.stderr)
            self.exitcode = 130

    def _answer(self, text: str, opts: argparse.Namespace) -> None:
        from crawler.search.output import bounded, explained, filters_of, printed
        from crawler.search.search import MOST, search, suggestions
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        filters = filters_of(opts, text)
        if opts.explain:
            print("\n".join(explained(filters, filters.plan())), flush=True)
            return
        uri = self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            articles = client[self.settings["MONGO_DATABASE"]]["articles"]
            found = search(articles, filters, opts.limit, None if opts.all else MOST)
            hints = [] if found.matched else suggestions(articles, filters)
        if hints:
            print("Nothing matched.", *hints, file=sys.stderr)
        if found.matched or opts.format == "json":
            for line in printed(found, filters, opts.format, colour=sys.stdout.isatty()):
                print(line)
        if opts.format in ("jsonl", "csv"):
            for line in bounded(found):
                print(line, file=sys.stderr)
        sys.stdout.flush()
