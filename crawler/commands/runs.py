"""`scrapy runs`: what crawls did, newest first."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from crawler.runs.health import RunRow

SHOWN = 20


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Show what crawls did, newest first"

    def long_desc(self) -> str:
        return (
            "Shows whole crawls, or with --site those of one site or region: when, how long, what came of it, the "
            f"verdict and its reasons. The latest {SHOWN}, or all --since then. Exit status 1 where there is none."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", help="what crawls did on this site or region: a name, code or pinyin")
        parser.add_argument("--since", help="only runs begun since: 2026-11-01, 7d, 昨天")
        parser.add_argument("--failing", action="store_true", help="only runs that were not ok")
        parser.add_argument("--json", action="store_true", help="print a JSON object a line instead of a table")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError(f"scrapy runs takes no argument; did you mean --site {args[0]}?", print_help=False)
        from crawler.errors import StoreError
        from crawler.sites.site import RegistryError, SiteError

        try:
            rows = self._rows(opts)
            for row in rows:
                print(_as_json(row) if opts.json else _line(row))
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (StoreError, SiteError, RegistryError) as error:
            print(f"scrapy runs: {error}", file=sys.stderr)
            self.exitcode = 1
        else:
            if not rows:
                print("no such run", file=sys.stderr)
                self.exitcode = 1

    def _rows(self, opts: argparse.Namespace) -> list[RunRow]:
        from crawler.runs import health as reading
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        now = datetime.now(UTC)
        since = _since(opts.since, now) if opts.since else None
        sites = _codes(opts.site) if opts.site else None
        uri = self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            database = client[self.settings["MONGO_DATABASE"]]
            patience = self.settings.getfloat("RUN_PROGRESS_SECONDS")
            rows = reading.runs(database, now, sites=sites, since=since, progress_seconds=patience)
        rows = [row for row in rows if not opts.failing or row.state not in {"ok", "running"}]
        return rows if since else rows[:SHOWN]


def _since(given: str, now: datetime) -> datetime:
    from crawler.parsing.dates import parse_user_datetime

    try:
        return parse_user_datetime(given, now)
    except ValueError as error:
        raise UsageError(f"--since: {error}", print_help=False) from None


def _codes(name: str) -> list[str]:
    from crawler.sites.registry import load

    return [site.code for site in load().find(name)]


def _line(row: RunRow) -> str:
    from crawler.runs.alert_channels import plain
    from crawler.runs.health import in_china
    from crawler.runs.summary import outcomes

    seconds = f"{(row.finished_at - row.started_at).total_seconds():.0f} s" if row.finished_at else "·"
    why = f": {'; '.join(row.reasons)}" if row.reasons else ""
    head = f"{in_china(row.started_at)}  {seconds:>7}  {row.state:<11}  {row.what}"
    return plain(f"{head}  {outcomes(row.counts)}; {row.requests} requests{why}")


def _as_json(row: RunRow) -> str:
    return json.dumps(asdict(row), ensure_ascii=False, default=lambda moment: moment.isoformat())
