"""The process of one worker that a broker brings its work: Celery with a pool of threads, which wait while the crawls
run in one more thread, under one asyncio loop.

Not Celery's prefork pool: its processes each run one task at a time, and a crawl is mostly waiting.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from datetime import datetime
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_shutting_down
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from crawler.schedule.broker import TASK, application
from crawler.schedule.order import ORDER, Order, read_order
from crawler.schedule.process import PARENT_SECONDS, REACTOR, employed, log_briefly
from crawler.schedule.worker import Worker
from crawler.storage.errors import StoreError

logger = logging.getLogger(__name__)


class CrawlThread(threading.Thread):
    """Runs the crawls. `ready` is done once it can, with StoreError where it can't."""

    def __init__(self, settings: Settings, concurrent_crawls: int) -> None:
        super().__init__(name="crawls", daemon=True)
        self.settings, self.concurrent = settings, concurrent_crawls
        self.ready: concurrent.futures.Future[Worker] = concurrent.futures.Future()
        self.loop = asyncio.new_event_loop()
        self.ending: asyncio.Event

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        install_reactor(REACTOR)
        from twisted.internet import reactor

        here: Any = reactor
        task = self.loop.create_task(self._live())
        task.add_done_callback(lambda _: here.callLater(0, here.stop))
        here.run(installSignalHandlers=False)

    async def _live(self) -> None:
        self.ending = asyncio.Event()
        try:
            async with employed(self.settings, self.concurrent) as worker:
                self.ready.set_result(worker)
                await self.ending.wait()
        except StoreError as error:
            self.ready.set_exception(error)

    def crawl(self, key: str, due_at: datetime) -> str:
        """Crawl a due row, from another thread; what became of it."""
        return asyncio.run_coroutine_threadsafe(self._crawl(key, due_at), self.loop).result()

    async def _crawl(self, key: str, due_at: datetime) -> str:
        worker = self.ready.result()
        row = await worker.due.row(key)
        if row is None:
            return "no longer planned"
        if row["due_at"] != due_at:
            return "done already"
        return "stopping" if worker.stopping.is_set() else await worker.crawl(row)

    def stop_crawls(self) -> None:
        """Close running crawls in order."""
        asyncio.run_coroutine_threadsafe(self.ready.result().stop(), self.loop)

    def end(self) -> None:
        """Leave the store and end the thread."""
        self.loop.call_soon_threadsafe(self.ending.set)
        self.join()


def main(order: Order) -> int:
    """Work until SIGTERM; 0 then, 1 without a store."""
    assert order.broker
    settings = order.read_settings()
    log_briefly(settings)
    _quieten_celery()
    crawls = CrawlThread(settings, order.concurrent)
    crawls.start()
    try:
        crawls.ready.result()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    app = application(order.broker)
    app.task(name=TASK)(_task(crawls))
    worker_shutting_down.connect(lambda **_: crawls.stop_crawls(), weak=False)
    threading.Thread(target=_watch, args=(order.parent,), name="parent", daemon=True).start()
    # It warns root of pickled messages; ours are JSON, and nothing else is accepted.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    name = f"crawler-{os.getpid()}@{socket.gethostname()}"
    quiet: dict[str, Any] = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True, "quiet": True}
    worker = app.Worker(pool="threads", concurrency=order.concurrent, hostname=name, **quiet)
    worker.start()
    crawls.end()
    return int(worker.exitcode or 0)


def _task(crawls: CrawlThread) -> Any:
    def crawl(*arguments: Any, **named: Any) -> None:
        try:
            key, moment = arguments
            due_at = datetime.fromisoformat(moment)
        except (TypeError, ValueError):
            logger.error("A message that names no crawl was skipped: %.200r %.200r", arguments, named)
            return
        try:
            logger.debug("%s: %s", key, crawls.crawl(key, due_at))
        except StoreError as error:
            # Nothing is lost: the site stays due.
            logger.error("%s: %s", key, error)

    return crawl


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _quieten_celery() -> None:
    """One line for a message that Celery throws away, none for each task: the crawl has its own."""
    setup_logging.connect(_keep_ours, weak=False)
    for source in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(source).setLevel(logging.WARNING)
    logging.getLogger("celery.worker.consumer.consumer").addFilter(_shorten)


def _keep_ours(**_: Any) -> None:
    """Connected to Celery's signal, so that it leaves logging as it is."""


def _shorten(record: logging.LogRecord) -> bool:
    if record.exc_info:
        record.msg, record.args, record.exc_info = record.getMessage().partition("\n")[0], (), None
    return True


if __name__ == "__main__":
    sys.exit(main(read_order(os.environ[ORDER])))
