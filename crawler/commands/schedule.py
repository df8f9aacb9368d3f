"""`scrapy schedule`: crawl the sites of a schedule file when they are due, unattended."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from crawler.schedule.planner import Planner


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
        from crawler.sites.problems import RegistryError
        from crawler.storage.errors import StoreError

        try:
            self.exitcode = self._status(opts) if args[0] == "status" else self._schedule(Path(args[0]), opts)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (StoreError, RegistryError) as error:
            print(f"scrapy schedule: {error}", file=sys.stderr)
            self.exitcode = 1

    def _schedule(self, path: Path, opts: argparse.Namespace) -> int:
        from crawler.schedule.file import ScheduleError
        from crawler.schedule.planner import Planner

        assert self.settings is not None
        planner = Planner(path, self.settings)
        try:
            planner.read()
        except ScheduleError as error:
            print(error, file=sys.stderr)
            return 2
        if opts.dry_run:
            from crawler.schedule.status import print_plan

            print_plan(planner.entries)
            return 0
        return self._supervise(planner, opts)

    def _supervise(self, planner: Planner, opts: argparse.Namespace) -> int:
        from scrapy.utils.log import configure_logging

        from crawler.schedule.order import Order, given_settings
        from crawler.schedule.supervisor import Supervisor

        assert self.settings is not None
        configure_logging(self.settings)
        if opts.broker:
            return self._enqueue(planner, opts)
        planner.plan(now=opts.now)
        order = Order(given_settings(self.settings), opts.concurrent, opts.once)
        return Supervisor(order, opts.processes, planner.tend).run()

    def _enqueue(self, planner: Planner, opts: argparse.Namespace) -> int:
        try:
            from crawler.schedule.broker import Broker, BrokerError
        except ModuleNotFoundError as error:
            print(f'scrapy schedule: {error}: --broker takes pip install -e ".[workers]"', file=sys.stderr)
            return 1
        from crawler.schedule.enqueuer import main

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
        from crawler.schedule.status import print_status
        from crawler.storage.mongo import connect, telling

        assert self.settings is not None
        uri = self.settings["MONGO_URI"]
        with connect(uri, Path(self.settings["DATA_DIR"])) as client, telling(uri):
            print_status(client[self.settings["MONGO_DATABASE"]], as_json=opts.json)
        return 0
