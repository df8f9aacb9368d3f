"""`scrapy export`: articles into a file for a spreadsheet, pandas, polars or DuckDB."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from crawler.transfer.export import Exported

_STDOUT = "-"


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return '["QUERY"] -o FILE.{jsonl,csv,xlsx,parquet} [options]'

    def short_desc(self) -> str:
        return "Write articles to a file: JSON lines, CSV, Excel or Parquet"

    def long_desc(self) -> str:
        return (
            "QUERY is what `scrapy search` takes; without it, and without options, all articles are written. "
            "The file's name says the format; .jsonl and .csv may be compressed (.jsonl.gz, .csv.zst). `-o -` writes "
            "JSON lines to standard output. The file is whole or not there."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from crawler.search.output import add_filter_options

        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="where to; - for standard output")
        parser.add_argument("--fields", metavar="NAMES", help="only these columns, in this order: title,site_name,body")
        add_filter_options(parser)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) > 1 or not opts.output:
            raise UsageError('say where to: scrapy export -o news.csv, or "不合格 米粉" -o news.csv', print_help=False)
        from crawler.errors import QueryError, StoreError, TransferError
        from crawler.sites.site import RegistryError

        # A scheduler's SIGTERM leaves no half file either.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._export(args[0] if args else None, opts)
        except QueryError as error:
            print(f"scrapy export: {error}", file=sys.stderr)
            self.exitcode = 2
        except (TransferError, StoreError, RegistryError) as error:
            print(f"scrapy export: {error}", file=sys.stderr)
            self.exitcode = 1
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            print("\nscrapy export: interrupted; nothing is left behind.", file=sys.stderr)
            self.exitcode = 130

    def _export(self, text: str | None, opts: argparse.Namespace) -> None:
        from crawler.search.filters import Filters, matching
        from crawler.search.output import filters_of
        from crawler.search.search import suggestions
        from crawler.storage.store import connect, translate_errors
        from crawler.transfer.columns import choose, projection
        from crawler.transfer.dump import bar
        from crawler.transfer.export import export, form_of, stream_to

        assert self.settings is not None
        columns = choose(opts.fields.split(",") if opts.fields else None)
        target = None if opts.output == _STDOUT else Path(opts.output)
        form = form_of(target or Path("-.jsonl"))
        filters, uri = filters_of(opts, text), self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            articles = client[self.settings["MONGO_DATABASE"]]["articles"]
            # The embedded server counts them one by one: only for somebody who watches.
            watched = filters == Filters() and target is not None and sys.stderr.isatty()
            total = articles.estimated_document_count() if watched else None
            documents = matching(articles, filters, projection(columns))
            with bar() as progress:
                if target:
                    done = export(documents, columns, target, lambda rows: progress("articles", rows, total))
                else:
                    done = stream_to(documents, columns, form, sys.stdout.buffer)
            hints = [] if done.rows or filters == Filters() else suggestions(articles, filters)
        _tell(done, opts.output if target else "standard output", hints)


def _tell(done: Exported, output: str, hints: list[str]) -> None:
    if done.rows:
        print(f"{done.rows} articles written to {output}", file=sys.stderr)
    else:
        print(f"Nothing matched: {output} has no rows.", *hints, file=sys.stderr)
    for note in done.notes:
        print(note, file=sys.stderr)
