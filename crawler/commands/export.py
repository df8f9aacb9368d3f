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
_FILTERS = {
    "since": "published since: 2026-11-01, '2026-11-01 08:30', 7d, 昨天 (China Standard Time)",
    "until": "published until; a bare day is meant whole",
    "region": "published by sites of these provinces, cities or counties",
    "site": "published by these sites: name, code or pinyin of the registry",
    "place": "the text names these places, or places in them",
    "source": "来源 contains one of these words",
    "section": "栏目 contains one of these words",
    "min-relevance": "at least so much about food safety, from 0 to 1",
}


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
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="where to; - for standard output")
        parser.add_argument("--fields", metavar="NAMES", help="only these columns, in this order: title,site_name,body")
        for name, meaning in _FILTERS.items():
            parser.add_argument(f"--{name}", metavar=name.upper(), help=meaning)
        parser.add_argument("--originals", action="store_true", help="no reprints")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) > 1 or not opts.output:
            raise UsageError('say where to: scrapy export -o news.csv, or "不合格 米粉" -o news.csv', print_help=False)
        from crawler.query.errors import QueryError
        from crawler.storage.errors import StoreError
        from crawler.transfer.errors import TransferError

        # A scheduler's SIGTERM leaves no half file either.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._export(args[0] if args else None, opts)
        except (QueryError, TransferError, StoreError) as error:
            print(f"scrapy export: {error}", file=sys.stderr)
            self.exitcode = 1
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            print("\nscrapy export: interrupted; nothing is left behind.", file=sys.stderr)
            self.exitcode = 130

    def _export(self, text: str | None, opts: argparse.Namespace) -> None:
        from crawler.query.filters import Filters
        from crawler.query.reading import matching
        from crawler.storage.mongo import connect, telling
        from crawler.transfer.columns import choose, projection
        from crawler.transfer.export import export, form_of, stream_to
        from crawler.transfer.progress import bar

        assert self.settings is not None
        columns = choose(opts.fields.split(",") if opts.fields else None)
        target = None if opts.output == _STDOUT else Path(opts.output)
        form = form_of(target or Path("-.jsonl"))
        given = {name.replace("-", "_"): value for name in _FILTERS if (value := _given(opts, name)) is not None}
        filters, uri = Filters.read(text, originals=opts.originals, **given), self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, telling(uri), bar() as progress:
            articles = client[self.settings["MONGO_DATABASE"]]["articles"]
            total = articles.estimated_document_count() if filters == Filters() else None
            documents = matching(articles, filters, projection(columns))
            if target:
                done = export(documents, columns, target, lambda rows: progress("articles", rows, total))
            else:
                done = stream_to(documents, columns, form, sys.stdout.buffer)
        _tell(done, opts.output)


def _given(opts: argparse.Namespace, name: str) -> str | None:
    value: str | None = getattr(opts, name.replace("-", "_"))
    return value


def _tell(done: Exported, output: str) -> None:
    if done.rows:
        print(f"{done.rows} articles written to {output}", file=sys.stderr)
    else:
        print(f"no article matches: {output} has no rows; ask for less, or see `scrapy stats`", file=sys.stderr)
    for note in done.notes:
        print(note, file=sys.stderr)
