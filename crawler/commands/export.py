"""`scrapy export`: articles into a file for a spreadsheet, pandas, polars or DuckDB."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from crawler.transfer.export import Exported

_STDOUT = "-"
_BATCH = 500


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "-o FILE.{jsonl,csv,xlsx,parquet} [options]"

    def short_desc(self) -> str:
        return "Write articles to a file: JSON lines, CSV, Excel or Parquet"

    def long_desc(self) -> str:
        return (
            "The file's name says the format; .jsonl and .csv may be compressed (.jsonl.gz, .csv.zst). `-o -` writes "
            "JSON lines to standard output. The file is whole or not there."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="where to; - for standard output")
        parser.add_argument("--fields", metavar="NAMES", help="only these columns, in this order: title,site_name,body")
        from crawler.transfer.selection import add_options

        add_options(parser)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args or not opts.output:
            raise UsageError("say where to: scrapy export -o news.csv", print_help=False)
        from crawler.sites.registry import RegistryError, SiteError
        from crawler.storage.errors import StoreError
        from crawler.transfer.errors import TransferError

        # A scheduler's SIGTERM leaves no half file either.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._export(opts)
        except (TransferError, StoreError, SiteError, RegistryError) as error:
            print(f"scrapy export: {error}", file=sys.stderr)
            self.exitcode = 1
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            print("\nscrapy export: interrupted; nothing is left behind.", file=sys.stderr)
            self.exitcode = 130

    def _export(self, opts: argparse.Namespace) -> None:
        from crawler.storage.mongo import connect, telling
        from crawler.transfer.columns import choose, projection
        from crawler.transfer.export import export, form_of, stream_to
        from crawler.transfer.progress import bar
        from crawler.transfer.selection import selection

        assert self.settings is not None
        columns = choose(opts.fields.split(",") if opts.fields else None)
        target = None if opts.output == _STDOUT else Path(opts.output)
        form = form_of(target or Path("-.jsonl"))
        query, uri = selection(opts, datetime.now(UTC)), self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, telling(uri), bar() as progress:
            articles = client[self.settings["MONGO_DATABASE"]]["articles"]
            total = None if query else articles.estimated_document_count()
            documents = articles.find(query, projection(columns), batch_size=_BATCH)
            if target:
                done = export(documents, columns, target, lambda rows: progress("articles", rows, total))
            else:
                done = stream_to(documents, columns, form, sys.stdout.buffer)
        _tell(done, opts.output)


def _tell(done: Exported, output: str) -> None:
    if done.rows:
        print(f"{done.rows} articles written to {output}", file=sys.stderr)
    else:
        print(f"no article matches: {output} has no rows; ask for less, or see `scrapy stats`", file=sys.stderr)
    for note in done.notes:
        print(note, file=sys.stderr)
