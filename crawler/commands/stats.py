"""`scrapy stats`: how many articles, over time and place."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

if TYPE_CHECKING:
    from crawler.search.stats import Counts

_BY = ("day", "week", "month", "region", "site", "source", "topic")
_MAX_ROWS = 40
_BAR_WIDTH = 40


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[QUERY] [--by WHAT] [options]"

    def short_desc(self) -> str:
        return "Count articles over time, place, source or topic; as a table or a plot"

    def long_desc(self) -> str:
        return (
            "QUERY is what `scrapy search` takes. Days, weeks (by their Monday) and months are Beijing's; region is "
            "the province that published, topic a term that an article's relevance rests on (an article has several)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from crawler.search.output import add_filter_options

        super().add_options(parser)
        add_filter_options(parser)
        parser.add_argument("--by", choices=_BY, default="month", help="default month")
        parser.add_argument("--plot", metavar="FILE", help="also draw it: FILE.png, .svg or .html")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.errors import QueryError, StoreError, TransferError
        from crawler.sites.site import RegistryError

        try:
            self._count(" ".join(args) if args else None, opts)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except QueryError as error:
            print(f"scrapy stats: {error}", file=sys.stderr)
            self.exitcode = 2
        except (StoreError, RegistryError, TransferError) as error:
            print(f"scrapy stats: {error}", file=sys.stderr)
            self.exitcode = 1
        except KeyboardInterrupt:
            print("\nscrapy stats: interrupted.", file=sys.stderr)
            self.exitcode = 130

    def _count(self, text: str | None, opts: argparse.Namespace) -> None:
        from crawler.search.output import filters_of
        from crawler.search.stats import count
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        filters, uri = filters_of(opts, text), self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            articles = client[self.settings["MONGO_DATABASE"]]["articles"]
            counts = count(articles, filters, opts.by)
            if not counts.articles:
                from crawler.search.search import suggestions

                print("Nothing matched.", *suggestions(articles, filters), file=sys.stderr)
                return
        if opts.plot:
            from crawler.search.stats import plot

            plot(counts, f"{text or '全部文章'}: {counts.articles} 篇, by {opts.by}", Path(opts.plot))
        print("\n".join(_lines(counts)), flush=True)


def _lines(counts: Counts) -> Iterator[str]:
    from rich.cells import cell_len

    from crawler.output import plain
    from crawler.search.stats import TIMES

    rows = counts.rows[-_MAX_ROWS:] if counts.by in TIMES else counts.rows[:_MAX_ROWS]
    shown = [(plain(name), size) for name, size in rows]
    width, most = max(cell_len(name) for name, _ in shown), max(size for _, size in shown)
    for name, size in shown:
        bar = "█" * max(round(size / most * _BAR_WIDTH), 1 if size else 0)
        yield f"{name}{' ' * (width - cell_len(name))}  {size:>{len(str(most))}}  {bar}".rstrip()
    more = len(counts.rows) - len(rows)
    left = f"; {more} more rows are not shown" if more else ""
    yield f"{counts.articles} articles by {counts.by}{left}"
