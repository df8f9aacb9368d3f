"""`scrapy worker`: crawl what a scheduler hands out through a broker, on this machine."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "--broker URL [--processes N] [--concurrent M]"

    def short_desc(self) -> str:
        return "Crawl what `scrapy schedule --broker` hands out"

    def long_desc(self) -> str:
        return (
            "Runs Celery workers that crawl sites as messages of `scrapy schedule FILE --broker URL` name them, until "
            "SIGTERM or Ctrl-C: running crawls are then closed in order and stay due. MONGO_URI must be the store of "
            "the scheduler. Exit status: 0 stopped, 1 no broker, no store or a worker failed, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--broker", metavar="URL", help="redis://HOST:6379/0 or amqp://USER:PASSWORD@HOST//")
        add("--processes", type=int, default=1, metavar="N", help="worker processes (default: 1)")
        add("--concurrent", type=int, default=16, metavar="M", help="crawls at once in each (default: 16)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args or not opts.broker:
            raise UsageError("scrapy worker takes --broker URL and no other argument", print_help=False)
        if opts.processes < 1 or opts.concurrent < 1:
            raise UsageError("--processes and --concurrent are at least 1", print_help=False)
        try:
            from crawler.schedule.celery_bridge import Broker, BrokerError
        except ModuleNotFoundError as error:
            print(f'scrapy worker: {error}: it takes pip install -e ".[workers]"', file=sys.stderr)
            self.exitcode = 1
            return
        from crawler.errors import StoreError
        from crawler.storage.store import check_store

        assert self.settings is not None
        try:
            Broker(opts.broker).check()
            check_store(self.settings["MONGO_URI"], self.settings["DATA_DIR"])
            self.exitcode = self._supervise(opts)
        except (BrokerError, StoreError) as error:
            print(f"scrapy worker: {error}", file=sys.stderr)
            self.exitcode = 1

    def _supervise(self, opts: argparse.Namespace) -> int:
        from scrapy.utils.log import configure_logging

        from crawler.schedule.worker import Supervisor, WorkerConfig, given_settings

        assert self.settings is not None
        configure_logging(self.settings)
        order = WorkerConfig(given_settings(self.settings), opts.concurrent, broker=opts.broker)
        return Supervisor(order, opts.processes, lambda: None).run()
