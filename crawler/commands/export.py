"""`scrapy export`: articles into a file for a spreadsheet, pandas, polars or DuckDB."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from crawler.output import format_count
from crawler.search_command import Ready, SearchCommand, add_filter_options, filters_of

if TYPE_CHECKING:
    from crawler.transfer.export import Exported

_STDOUT = "-"


class Command(SearchCommand):
    group = "data"
    examples = (
        "scrapy export -o news.csv --since 2026-01-01",
        "scrapy export '不合格 (米粉|米线)' -o noodles.xlsx",
        "scrapy export -o - --site 青田县 --fields title,published_on,url",
    )
    interrupted = "; nothing is left behind"

    def syntax(self) -> str:
        return "[QUERY] -o FILE.{jsonl,csv,xlsx,parquet} [options]"

    def short_desc(self) -> str:
        return "Write articles to a file: JSON lines, CSV, Excel or Parquet"

    def long_desc(self) -> str:
        return (
            "QUERY is what `scrapy search` takes; without it, and without options, all articles are written. "
            "The file's name says the format; .jsonl and .csv may be compressed (.jsonl.gz, .csv.zst). `-o -` writes "
            "JSON lines to standard output. The file is whole or not there."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="where to; - for standard output")
        parser.add_argument("--fields", metavar="NAMES", help="only these columns, in this order: title,site_name,body")
        add_filter_options(parser)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if len(args) > 1 or not opts.output:
            raise UsageError(
                'missing -o FILE: scrapy export -o news.csv, or "不合格 米粉" -o news.csv', print_help=False
            )
        from crawler.search.filters import Filters
        from crawler.search.search import matching, read_all
        from crawler.transfer.columns import choose, projection
        from crawler.transfer.dump import bar
        from crawler.transfer.export import export, form_of, stream_to

        # A scheduler's SIGTERM leaves no half file either.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        columns = choose(opts.fields.split(",") if opts.fields else None)
        target = None if opts.output == _STDOUT else Path(opts.output)
        form = form_of(target or Path("-.jsonl"))
        filters = filters_of(opts, args[0] if args else None)
        # All articles are read as they are: no index is needed.
        opened = self.open_database() if filters == Filters() else self.open_index()
        with opened as ready:
            if isinstance(ready, Ready):
                total, documents = None, matching(ready.snapshot, ready.articles, filters, projection(columns))
            else:
                # The embedded server counts them one by one: only for somebody who watches.
                watched = target is not None and sys.stderr.isatty()
                total = ready["articles"].estimated_document_count() if watched else None
                documents = read_all(ready["articles"], projection(columns))
            with bar() as progress:
                if target:
                    done = export(documents, columns, target, lambda rows: progress("articles", rows, total))
                else:
                    done = stream_to(documents, columns, form, sys.stdout.buffer)
            _print_done(done, opts.output if target else "standard output")
            if not done.rows and isinstance(ready, Ready):
                self.print_nothing_found(ready, filters)
        return None


def _print_done(done: Exported, output: str) -> None:
    if done.rows:
        print(f"{format_count(done.rows, 'article')} written to {output}", file=sys.stderr)
    else:
        print(f"{output} has no rows.", file=sys.stderr)
    for note in done.notes:
        print(note, file=sys.stderr)
