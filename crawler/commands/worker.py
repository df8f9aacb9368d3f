"""`scrapy worker`: crawl the jobs that a scheduler sends through a broker, on this machine."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from crawler import cli


class Command(cli.Command):
    group = "operate"
    examples = ("scrapy worker --broker redis://queue.example:6379/0 --processes 2",)

    def syntax(self) -> str:
        return "--broker URL [--processes N] [--concurrent M]"

    def short_desc(self) -> str:
        return "Crawl what `scrapy schedule --broker` sends"

    def long_desc(self) -> str:
        return (
            "Runs Celery workers that crawl the sites which `scrapy schedule FILE --broker URL` sends, until SIGTERM "
            "or Ctrl-C: running crawls are then closed in order and stay due. MONGO_URI must be the database of the "
            "scheduler. Exit status: 0 stopped, 1 no broker, no database or a worker failed, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--broker", metavar="URL", help="redis://HOST:6379/0 or amqp://USER:PASSWORD@HOST//")
        add("--processes", type=int, default=1, metavar="N", help="worker processes (default: 1)")
        add("--concurrent", type=int, default=16, metavar="M", help="crawls at a time in each (default: 16)")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int:
        self.reject_arguments(args)
        if not opts.broker:
            raise UsageError("--broker URL is missing", print_help=False)
        if opts.processes < 1 or opts.concurrent < 1:
            raise UsageError("--processes and --concurrent must be at least 1", print_help=False)
        try:
            from crawler.schedule.celery_bridge import Broker
        except ModuleNotFoundError as error:
            self.print_error(f'{error}: it needs pip install -e ".[workers]"')
            return 1
        from scrapy.utils.log import configure_logging

        from crawler.schedule.process import Supervisor, WorkerConfig, changed_settings
        from crawler.storage.store import check_store

        assert self.settings is not None
        Broker(opts.broker).check()
        check_store(self.settings["MONGO_URI"], self.settings["DATA_DIR"])
        configure_logging(self.settings)
        config = WorkerConfig(changed_settings(self.settings), opts.concurrent, broker=opts.broker)
        return Supervisor(config, opts.processes, lambda: None).run()
