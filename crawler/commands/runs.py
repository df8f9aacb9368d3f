"""`scrapy runs`: what crawls did, newest first."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import add_format_option, print_rows

if TYPE_CHECKING:
    from crawler.runs.health import RunRow

MAX_ROWS = 20
COLUMNS = ("started_at", "duration", "state", "what", "outcome", "requests", "reasons")


class Command(cli.Command):
    group = "operate"
    examples = ("scrapy runs --failing --since 7d", "scrapy runs --site 青田县 --format csv")

    def short_desc(self) -> str:
        return "Show what crawls did, newest first"

    def long_desc(self) -> str:
        return (
            "Shows whole crawls, or with --site the crawls of one site or region: when they started, how long they "
            f"took, what they found, the verdict and its reasons. Shows the latest {MAX_ROWS}, or with --since all "
            "since then. Exit status 1 if there is none."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="only this site or region: a name, code or pinyin")
        parser.add_argument("--since", help="only runs started since then: 2026-11-01, 7d, 昨天")
        parser.add_argument("--failing", action="store_true", help="only runs that were not ok")
        add_format_option(parser)
        parser.add_argument("--json", action="store_const", const="jsonl", dest="format", help="same as --format jsonl")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int:
        if args:
            raise UsageError(f"unexpected argument {args[0]!r}; did you mean --site {args[0]}?", print_help=False)
        rows, is_empty = self._read(opts)
        if opts.format in {"table", "csv"}:
            print_rows(map(_flatten, rows), opts.format, COLUMNS)
        else:
            print_rows(map(asdict, rows), opts.format)
        if rows:
            return 0
        print("No runs recorded yet." if is_empty else "No run matches.", file=sys.stderr)
        return 1

    def _read(self, opts: argparse.Namespace) -> tuple[list[RunRow], bool]:
        """The runs to show, and whether none is recorded at all."""
        from crawler.runs.health import read_runs
        from crawler.sites.registry import load

        assert self.settings is not None
        now = datetime.now(UTC)
        since = _parse_since(opts.since, now) if opts.since else None
        sites = [site.code for site in load().find(opts.site)] if opts.site else None
        interval = self.settings.getfloat("RUN_PROGRESS_SECONDS")
        with self.open_database() as database:
            rows = read_runs(database, now, sites=sites, since=since, progress_seconds=interval)
            is_empty = not rows and database["runs"].find_one({}, {"_id": 1}) is None
        rows = [row for row in rows if not opts.failing or row.state not in {"ok", "running"}]
        return rows if since else rows[:MAX_ROWS], is_empty


def _parse_since(text: str, now: datetime) -> datetime:
    from crawler.parsing.dates import parse_user_datetime

    try:
        return parse_user_datetime(text, now)
    except ValueError as error:
        raise UsageError(f"--since: {error}", print_help=False) from None


def _flatten(row: RunRow) -> dict[str, Any]:
    from crawler.runs.summary import format_outcomes

    return {
        "started_at": row.started_at,
        "duration": f"{(row.finished_at - row.started_at).total_seconds():.0f} s" if row.finished_at else None,
        "state": row.state,
        "what": row.what,
        "outcome": format_outcomes(row.counts),
        "requests": row.requests,
        "reasons": "; ".join(row.reasons),
    }
