"""`scrapy health`: how the sites are, the worst first."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from crawler.runs.health import HealthRow

_FAILED = {"broken", "blocked"}


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Show how the sites are: verdicts, since when, and the news of 30 days"

    def long_desc(self) -> str:
        return (
            "Shows every site ever crawled, the worst first: its verdict, since when and why, the new articles of the "
            "last 30 days. --html writes one static page. --accept takes a site as it is now for its custom: the next "
            "crawl is judged like a first one. Exit status 0, 1 where a site shown is broken or blocked."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--site", help="only this site: a name, code or pinyin")
        which.add_argument("--region", help="only the sites of this province or city: 浙江, 丽水, 3311")
        parser.add_argument("--failing", action="store_true", help="only sites that are not ok")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--json", action="store_true", help="print a JSON object a line instead of a table")
        how.add_argument("--html", metavar="FILE", help="write a page for a browser")
        how.add_argument("--accept", action="store_true", help="forget the history of --site")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError(f"scrapy health takes no argument; did you mean --site {args[0]}?", print_help=False)
        if opts.accept and not opts.site:
            raise UsageError("--accept needs --site: say whose history to forget", print_help=False)
        from crawler.errors import StoreError
        from crawler.sites.site import RegistryError, SiteError

        try:
            rows = self._rows(opts)
            if not opts.accept:
                self.exitcode = _show(rows, opts)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (StoreError, SiteError, RegistryError) as error:
            print(f"scrapy health: {error}", file=sys.stderr)
            self.exitcode = 1
        except OSError as error:
            print(f"scrapy health: {opts.html} can't be written: {error.strerror}", file=sys.stderr)
            self.exitcode = 2

    def _rows(self, opts: argparse.Namespace) -> list[HealthRow]:
        from crawler.parsing.date_forms import CST
        from crawler.runs.health import health
        from crawler.sites.registry import load
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        term = opts.site or opts.region
        codes = [site.code for site in load().find(term)] if term else None
        regions = load() if opts.json or opts.html else ()
        uri = self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            database = client[self.settings["MONGO_DATABASE"]]
            if opts.accept:
                database["sites"].update_many({"_id": {"$in": codes or []}}, {"$set": {"recent": []}})
                print(f"{opts.site}: the next crawl is judged like a first one", file=sys.stderr)
                return []
            rows = health(database, regions, datetime.now(CST).date(), codes)
        return [row for row in rows if row.is_failing or not opts.failing]


def _show(rows: Sequence[HealthRow], opts: argparse.Namespace) -> int:
    from crawler.runs.health import page

    if opts.html:
        Path(opts.html).write_text(page(rows, datetime.now(UTC)), "utf-8")
    for row in () if opts.html else rows:
        print(_as_json(row) if opts.json else _line(row))
    counts = Counter(row.verdict for row in rows)
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    print(f"{len(rows)} {'site' if len(rows) == 1 else 'sites'}{': ' + told if told else ''}", file=sys.stderr)
    return 1 if _FAILED & counts.keys() else 0


def _line(row: HealthRow) -> str:
    from rich.cells import set_cell_size

    from crawler.runs.alert_channels import plain
    from crawler.runs.health import in_china

    why = f"  {'; '.join(row.reasons)}" if row.reasons else ""
    newest = in_china(row.newest_at)[:10] or "no date"
    name = set_cell_size(plain(row.name), 16)
    return plain(
        f"{row.code:<6}  {name}  {row.verdict:<8} since {in_china(row.since)[:10]}  run {in_china(row.run_at)}  "
        f"newest {newest}  {row.new:>5} new{why}"
    )


def _as_json(row: HealthRow) -> str:
    return json.dumps({**asdict(row), "new": row.new}, ensure_ascii=False, default=lambda moment: moment.isoformat())
