"""`scrapy schedule`: crawl the sites of a schedule file when they are due, unattended."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.parsing.date_forms import CST
from crawler.schedule.file import Entry, write_span
from crawler.storage.leases import described

if TYPE_CHECKING:
    from crawler.schedule.due import Planner


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE | status [options]"

    def short_desc(self) -> str:
        return "Crawl sites when they are due, by a schedule file"

    def long_desc(self) -> str:
        return (
            "Reads the schedule FILE (crawler/deploy/schedule.toml is an example), keeps the due times of its sites in "
            "the store, and crawls what is due in long-lived worker processes, until SIGTERM or Ctrl-C: running crawls "
            "are then closed in order; a second signal ends them at once. `scrapy schedule status` shows what is due, "
            "running and done. Exit status: 0 done, 1 a worker or the store failed, 2 wrong use or a faulty file."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--processes", type=int, default=1, metavar="N", help="worker processes (default: 1)")
        add("--concurrent", type=int, default=16, metavar="M", help="crawls at once in each (default: 16)")
        add("--once", action="store_true", help="crawl what is due now, then end")
        add("--now", action="store_true", help="make every site of the file due first")
        add("--broker", metavar="URL", help="hand the work to `scrapy worker`: redis://HOST:6379/0")
        add("--dry-run", action="store_true", help="print what would run when, change nothing")
        add("--json", action="store_true", help="status: as JSON")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name the schedule file, or say status", print_help=False)
        if opts.processes < 1 or opts.concurrent < 1:
            raise UsageError("--processes and --concurrent are at least 1", print_help=False)
        from crawler.errors import StoreError
        from crawler.sites.site import RegistryError

        try:
            self.exitcode = self._status(opts) if args[0] == "status" else self._schedule(Path(args[0]), opts)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (StoreError, RegistryError) as error:
            print(f"scrapy schedule: {error}", file=sys.stderr)
            self.exitcode = 1

    def _schedule(self, path: Path, opts: argparse.Namespace) -> int:
        from crawler.schedule.due import Planner
        from crawler.schedule.file import ScheduleError

        assert self.settings is not None
        planner = Planner(path, self.settings)
        try:
            planner.read()
        except ScheduleError as error:
            print(error, file=sys.stderr)
            return 2
        if opts.dry_run:
            print_plan(planner.entries)
            return 0
        return self._supervise(planner, opts)

    def _supervise(self, planner: Planner, opts: argparse.Namespace) -> int:
        from scrapy.utils.log import configure_logging

        from crawler.schedule.worker import Supervisor, WorkerConfig, given_settings

        assert self.settings is not None
        configure_logging(self.settings)
        if opts.broker:
            return self._enqueue(planner, opts)
        planner.plan(now=opts.now)
        order = WorkerConfig(given_settings(self.settings), opts.concurrent, opts.once)
        return Supervisor(order, opts.processes, planner.tend).run()

    def _enqueue(self, planner: Planner, opts: argparse.Namespace) -> int:
        try:
            from crawler.schedule.celery_bridge import Broker, BrokerError
        except ModuleNotFoundError as error:
            print(f'scrapy schedule: {error}: --broker takes pip install -e ".[workers]"', file=sys.stderr)
            return 1
        from crawler.schedule.celery_bridge import enqueue_due as main

        assert self.settings is not None
        broker = Broker(opts.broker)
        try:
            broker.check()
        except BrokerError as error:
            print(f"scrapy schedule: {error}", file=sys.stderr)
            return 1
        planner.plan(now=opts.now)
        return main(self.settings, broker, planner.tend, once=opts.once)

    def _status(self, opts: argparse.Namespace) -> int:
        from crawler.storage.store import connect, translate_errors

        assert self.settings is not None
        uri = self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, translate_errors(uri):
            print_status(client[self.settings["MONGO_DATABASE"]], as_json=opts.json)
        return 0


# What is planned, due, running and done: for people, and as JSON.

SHOWN = 20


def print_plan(entries: Sequence[Entry]) -> None:
    """What `entries` would run when, from now on: each entry, then the first starts."""
    now = datetime.now(UTC)
    starts = [(entry.timing.next_due(now, site.code), entry, site) for entry in entries for site in entry.sites]
    for entry in entries:
        every, spread = entry.timing.every, write_span(entry.timing.spread)
        often = f"every {write_span(every)}" if every else f"cron {entry.timing.cron}"
        options = "".join(f" {name}={value}" for name, value in entry.arguments.items())
        print(f"{entry.name}: {entry.spider}{options}, {len(entry.sites)} sites, {often}, spread {spread}")
    print(f"\n{len(starts)} crawls; the first:" if starts else "\nnothing to crawl")
    for due, entry, site in sorted(starts, key=lambda start: start[0])[:SHOWN]:
        print(f"  {_time(due)}  {entry.name}  {site.name}")


def print_status(database: Any, *, as_json: bool) -> None:
    """The state of all schedules in `database` (synchronous)."""
    rows = list(database["due"].find({}))
    holders = {row["_id"]: row for row in database["holders"].find({})}
    held = {row["site"]: row for row in database["leases"].find({"holder": {"$in": list(holders)}})}
    now = database.command("hello", codec_options=database.codec_options)["localTime"]
    state = [_state(row, held, holders, now) for row in sorted(rows, key=lambda row: (row["due_at"], row["_id"]))]
    if as_json:
        print(json.dumps({"at": now.isoformat(), "crawls": state}, ensure_ascii=False, indent=1))
        return
    running = [row for row in state if row["state"] == "running"]
    due = [row for row in state if row["state"] == "due"]
    print(f"{len(state)} sites planned, {len(due)} due, {len(running)} running, {len(holders)} processes")
    ended = [row for row in state if row["last"]]
    _section("running", running, lambda row: f"by {row['held_by']}")
    _section("due", due, lambda row: f"since {row['due_at'][:16].replace('T', ' ')}")
    latest = sorted(ended, key=lambda row: row["last"]["ended_at"], reverse=True)
    _section("ended last", latest, _ending)
    waiting = [row for row in state if row["state"] == "waiting"]
    _section("next", waiting, lambda row: row["due_at"][:16].replace("T", " "))


def _ending(row: dict[str, Any]) -> str:
    last = row["last"]
    return f"{last['ended_at'][:16].replace('T', ' ')} {last['verdict'] or 'no verdict'} ({last['outcome']})"


def _section(title: str, rows: Iterable[dict[str, Any]], told: Any) -> None:
    rows = list(rows)
    if not rows:
        return
    print(f"\n{title}:")
    for row in rows[:SHOWN]:
        print(f"  {row['entry']:<12} {row['site']:<8} {told(row)}")
    if len(rows) > SHOWN:
        print(f"  … and {len(rows) - SHOWN} more")


def _state(row: dict[str, Any], held: dict[str, Any], holders: dict[str, Any], now: datetime) -> dict[str, Any]:
    lease = held.get(row["site"])
    # Two entries may name the site; the one that is due is the one that runs.
    running = lease is not None and row["due_at"] <= now
    state = "running" if running else "due" if row["due_at"] <= now else "waiting"
    last = row["last"] and {key: _plain(value) for key, value in row["last"].items()}
    return {
        "schedule": row["schedule"],
        "entry": row["entry"],
        "site": row["site"],
        "state": state,
        "due_at": _plain(row["due_at"]),
        "attempts": row["attempts"],
        "held_by": described(holders[lease["holder"]]) if running and lease else None,
        "last": last,
    }


def _plain(value: Any) -> Any:
    return value.astimezone(CST).isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(CST):%Y-%m-%d %H:%M:%S}"
