"""`scrapy schedule`: crawl the sites of a schedule file when they are due, unattended."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import add_format_option, print_rows

if TYPE_CHECKING:
    from crawler.schedule.jobs import Planner


class Command(cli.Command):
    group = "operate"
    examples = ("scrapy schedule crawler/deploy/schedule.toml --processes 2", "scrapy schedule status")

    def syntax(self) -> str:
        return "FILE | status [options]"

    def short_desc(self) -> str:
        return "Crawl sites when they are due, from a schedule file"

    def long_desc(self) -> str:
        return (
            "Reads the schedule FILE (crawler/deploy/schedule.toml is an example), keeps the due times of its sites in "
            "the database, and crawls what is due in long-lived worker processes, until SIGTERM or Ctrl-C: running "
            "crawls are then closed in order; a second signal ends them at once. `scrapy schedule status` shows what "
            "is running, due, done and next. Exit status: 0 done, 1 a worker or the database failed, 2 wrong use or a "
            "faulty file."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--processes", type=int, default=1, metavar="N", help="worker processes (default: 1)")
        add("--concurrent", type=int, default=16, metavar="M", help="crawls at a time in each (default: 16)")
        add("--once", action="store_true", help="crawl what is due now, then end")
        add("--now", action="store_true", help="make every site of the file due first")
        add("--broker", metavar="URL", help="send the jobs to `scrapy worker`: redis://HOST:6379/0")
        add("--dry-run", action="store_true", help="print what would run when, change nothing")
        add_format_option(parser)
        add("--json", action="store_const", const="json", dest="format", help="same as --format json")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1:
            raise UsageError("give the schedule file, or status", print_help=False)
        if opts.processes < 1 or opts.concurrent < 1:
            raise UsageError("--processes and --concurrent must be at least 1", print_help=False)
        return self._show_status(opts) if args[0] == "status" else self._schedule(Path(args[0]), opts)

    def _schedule(self, path: Path, opts: argparse.Namespace) -> int:
        from crawler.schedule.jobs import Planner
        from crawler.schedule.status import format_plan

        assert self.settings is not None
        planner = Planner(path, self.settings)
        planner.read()
        if opts.dry_run:
            print(format_plan(planner.entries, datetime.now(UTC)))
            return 0
        return self._run(planner, opts)

    def _run(self, planner: Planner, opts: argparse.Namespace) -> int:
        from scrapy.utils.log import configure_logging

        from crawler.schedule.process import Supervisor, WorkerConfig, changed_settings

        assert self.settings is not None
        configure_logging(self.settings)
        if opts.broker:
            return self._enqueue(planner, opts)
        planner.plan(now=opts.now)
        config = WorkerConfig(changed_settings(self.settings), opts.concurrent, opts.once)
        return Supervisor(config, opts.processes, planner.refresh).run()

    def _enqueue(self, planner: Planner, opts: argparse.Namespace) -> int:
        try:
            from crawler.schedule.celery_bridge import Broker, enqueue_due
        except ModuleNotFoundError as error:
            self.print_error(f'{error}: --broker needs pip install -e ".[workers]"')
            return 1
        assert self.settings is not None
        broker = Broker(opts.broker)
        broker.check()
        planner.plan(now=opts.now)
        return enqueue_due(self.settings, broker, planner.refresh, once=opts.once)

    def _show_status(self, opts: argparse.Namespace) -> int:
        from crawler.schedule.status import format_status, read_status

        with self.open_database() as database:
            status = read_status(database)
        if opts.format == "table":
            print(format_status(status))
        else:
            print_rows(map(asdict, status.jobs), opts.format)
        return 0
