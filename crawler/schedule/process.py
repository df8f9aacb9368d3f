"""The process of one worker that looks in the store for work: started and watched by `supervisor.py`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from scrapy.settings import Settings
from scrapy.utils.log import configure_logging
from scrapy.utils.reactor import install_reactor

from crawler.runs.log import hush_driver
from crawler.schedule.order import ORDER, Order, read_order
from crawler.schedule.worker import Worker
from crawler.storage.errors import StoreError
from crawler.storage.leases import Leases
from crawler.storage.mongo import open_store

logger = logging.getLogger(__name__)

REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
PARENT_SECONDS = 1.0
# What Scrapy tells of its own parts at INFO, for every crawl anew.
_TALKATIVE = (
    "scrapy.addons",
    "scrapy.core.engine",
    "scrapy.crawler",
    "scrapy.extensions",
    "scrapy.middleware",
    "scrapy.utils.log",
)


def main(order: Order) -> int:
    """Work; 0 where all went well, 1 without a store."""
    return run(order, lambda worker: worker.work(once=order.once))


def run(order: Order, task: Callable[[Worker], Awaitable[None]]) -> int:
    """Let a worker do its `task` until that ends, in a process of its own that minds signals and its parent; 0 where
    all went well, 1 without a store."""
    settings = order.read_settings()
    log_briefly(settings)
    install_reactor(REACTOR)
    from twisted.internet import reactor

    here: Any = reactor
    working = asyncio.get_event_loop().create_task(_work(settings, order, task))
    working.add_done_callback(lambda _: here.callLater(0, here.stop))
    here.run(installSignalHandlers=False)
    return working.result()


def log_briefly(settings: Settings) -> None:
    """Logging as the settings say, without what Scrapy tells of itself for every crawl."""
    configure_logging(settings)
    hush_driver()
    for source in _TALKATIVE:
        logging.getLogger(source).setLevel(logging.WARNING)


@asynccontextmanager
async def employed(settings: Settings, concurrent: int) -> AsyncIterator[Worker]:
    """A worker with a store and leases of its own. Raises StoreError."""
    async with AsyncExitStack() as ending:
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
        ending.push_async_callback(store.close)
        leases = Leases(store, settings.getfloat("LEASE_SECONDS"))
        await leases.open()
        ending.push_async_callback(leases.close)
        yield Worker(settings, leases, concurrent)


async def _work(settings: Settings, order: Order, task: Callable[[Worker], Awaitable[None]]) -> int:
    try:
        async with employed(settings, order.concurrent) as worker:
            watching = asyncio.create_task(_watch(worker, order.parent))
            await task(worker)
            watching.cancel()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    return 0


async def _watch(worker: Worker, parent: int) -> None:
    """Stop at a signal, and when the parent is gone; a second signal ends the process as it stands."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def stopped() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped)
    while not stop.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(stop.wait(), PARENT_SECONDS)
        except TimeoutError:
            continue
    logger.info("Ending: crawls that run are closed in order")
    stop.set()
    await worker.stop()


if __name__ == "__main__":
    sys.exit(main(read_order(os.environ[ORDER])))
