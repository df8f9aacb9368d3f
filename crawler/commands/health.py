"""`scrapy health`: the state of the sites, the worst first."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import BEIJING, add_format_option, format_count, print_rows

if TYPE_CHECKING:
    from crawler.runs.health import HealthRow

COLUMNS = ("code", "name", "verdict", "since", "run_at", "newest_at", "new", "reasons")
HEADERS = {"run_at": "last run", "newest_at": "newest article", "new": "new in 30 days"}


class Command(cli.Command):
    group = "operate"
    examples = ("scrapy health --failing", "scrapy health --region 浙江 --html health.html")

    def short_desc(self) -> str:
        return "Show the state of the sites: verdict, since when, news of 30 days"

    def long_desc(self) -> str:
        return (
            "Shows every site that was ever crawled, the worst first: its verdict, since when and why, and the new "
            "articles of the last 30 days. --html writes one static page. --accept resets the baseline of a site: the "
            "next crawl is evaluated like a first one. Exit status 1 if a site shown is broken or blocked."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--site", help="only this site: a name, code or pinyin")
        which.add_argument("--region", help="only the sites of this province or city: 浙江, 丽水, 3311")
        parser.add_argument("--failing", action="store_true", help="only sites that are not ok")
        parser.add_argument("--html", metavar="FILE", help="write a page for a browser")
        parser.add_argument("--accept", action="store_true", help="reset the baseline of --site")
        add_format_option(parser)
        parser.add_argument("--json", action="store_const", const="jsonl", dest="format", help="same as --format jsonl")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise UsageError(f"unexpected argument {args[0]!r}; did you mean --site {args[0]}?", print_help=False)
        if opts.accept and not opts.site:
            raise UsageError("--accept needs --site: the site whose baseline is reset", print_help=False)
        if opts.accept and opts.html:
            raise UsageError("--accept and --html can't be used together", print_help=False)
        if opts.accept:
            return self._accept(opts.site)
        rows = self._read(opts)
        if opts.html:
            _write_page(rows, opts.html)
        elif opts.format in {"table", "csv"}:
            print_rows(map(_flatten, rows), opts.format, COLUMNS, headers=HEADERS)
        else:
            print_rows(({**asdict(row), "new": row.new} for row in rows), opts.format)
        counts = Counter(row.verdict for row in rows)
        parts = ", ".join(f"{n} {word}" for word, n in counts.items())
        print(f"{format_count(len(rows), 'site')}{': ' + parts if parts else ''}", file=sys.stderr)
        return 1 if counts.keys() & {"broken", "blocked"} else 0

    def _read(self, opts: argparse.Namespace) -> list[HealthRow]:
        from crawler.runs.health import read_health
        from crawler.sites.registry import load

        term = opts.site or opts.region
        codes = [site.code for site in load().find(term)] if term else None
        # Reading the registry takes a moment, and the table shows no region.
        registry = () if opts.format in {"table", "csv"} and not opts.html else load()
        with self.open_database() as database:
            rows = read_health(database, registry, datetime.now(BEIJING).date(), codes)
        return [row for row in rows if row.is_failing or not opts.failing]

    def _accept(self, name: str) -> int:
        from crawler.sites.registry import load

        codes = [site.code for site in load().find(name)]
        with self.open_database() as database:
            known = database["sites"].update_many({"_id": {"$in": codes}}, {"$set": {"recent": []}}).matched_count
        if not known:
            print(f"{name} was never crawled: it has no baseline yet.", file=sys.stderr)
            return 1
        print(f"{name}: baseline reset; the next crawl is evaluated like a first one.", file=sys.stderr)
        return 0


def _write_page(rows: Sequence[HealthRow], path: str) -> None:
    from crawler.runs.health import render

    try:
        Path(path).write_text(render(rows, datetime.now(UTC)), "utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}", print_help=False) from None


def _flatten(row: HealthRow) -> dict[str, Any]:
    return {**asdict(row), "new": row.new, "reasons": "; ".join(row.reasons)}
