"""The process of one worker: `python -m crawler.schedule.process ORDER`, started and watched by `supervisor.py`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, Settings
from scrapy.utils.log import configure_logging
from scrapy.utils.project import get_project_settings
from scrapy.utils.reactor import install_reactor

from crawler.schedule.worker import Worker
from crawler.storage.errors import StoreError
from crawler.storage.leases import Leases
from crawler.storage.mongo import open_store

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True)
class Order:
    """What a worker process is to do: the settings that differ from the project's, how many crawls at once, whether to
    end when nothing is due, and whose child it is."""

    settings: dict[str, Any] = field(default_factory=dict)
    concurrent: int = 1
    once: bool = False
    parent: int = 0

    def as_text(self) -> str:
        """For the command line."""
        return json.dumps(asdict(self))


def given_settings(settings: Settings) -> dict[str, Any]:
    """The settings that the command line changed."""
    least = SETTINGS_PRIORITIES["cmdline"]
    return {name: value for name, value in settings.items() if (settings.getpriority(name) or 0) >= least}


def main(order: Order) -> int:
    """Work; 0 where all went well, 1 without a store."""
    settings = get_project_settings()
    settings.setdict(order.settings, priority="cmdline")
    configure_logging(settings)
    for source in _TALKATIVE:
        logging.getLogger(source).setLevel(logging.WARNING)
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    here: Any = reactor
    task = asyncio.get_event_loop().create_task(_work(settings, order))
    task.add_done_callback(lambda _: here.callLater(0, here.stop))
    here.run(installSignalHandlers=False)
    return task.result()


async def _work(settings: Settings, order: Order) -> int:
    try:
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
    except StoreError as error:
        logger.error("%s", error)
        return 1
    leases = Leases(store, settings.getfloat("LEASE_SECONDS"))
    try:
        await leases.open()
        worker = Worker(settings, leases, order.concurrent)
        watching = asyncio.create_task(_watch(worker, order.parent))
        await worker.work(once=order.once)
        watching.cancel()
        await leases.close()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    finally:
        await store.close()
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
    sys.exit(main(Order(**json.loads(sys.argv[1]))))
