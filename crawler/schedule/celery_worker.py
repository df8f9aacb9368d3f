"""Feeds a worker with the messages of a Celery broker. Celery's threads only take messages and wait; the crawls run in
the worker's event loop. (Celery's prefork pool would run one crawl per process, which mostly waits.)"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import warnings
from datetime import datetime
from typing import Any

import celery.worker.state
from celery.platforms import SecurityWarning
from celery.signals import setup_logging

from crawler.errors import StoreError
from crawler.schedule.celery_bridge import TASK, create_app
from crawler.schedule.worker import Worker

logger = logging.getLogger(__name__)


async def feed(url: str, worker: Worker) -> None:
    """Run the messages of the broker at `url` in `worker` until it stops; crawls that run then are waited for."""
    loop = asyncio.get_running_loop()
    app = create_app(url)
    app.task(name=TASK)(_create_task(worker, loop))
    _quieten_celery()
    ended = asyncio.Event()
    thread = threading.Thread(target=_consume, args=(app, worker.concurrent, loop, ended), name="celery", daemon=True)
    thread.start()
    stopping = asyncio.create_task(worker.stopping.wait())
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait([stopping, waiting], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    # Celery looks at this several times a second; it then waits for the threads that wait for their crawls.
    celery.worker.state.should_stop = os.EX_OK
    await waiting


def _consume(app: Any, concurrent: int, loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    # Celery warns root of pickled messages; ours are JSON, and it accepts nothing else.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    name = f"crawler-{os.getpid()}@{socket.gethostname()}"
    quiet: dict[str, Any] = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True, "quiet": True}
    try:
        app.Worker(pool="threads", concurrency=concurrent, hostname=name, **quiet).start()
    finally:
        loop.call_soon_threadsafe(ended.set)


def _create_task(worker: Worker, loop: asyncio.AbstractEventLoop) -> Any:
    def crawl(*arguments: Any, **named: Any) -> None:
        try:
            key, time = arguments
            due_at = datetime.fromisoformat(time)
        except (TypeError, ValueError):
            logger.error("Skipped a message that does not name a job: %.200r %.200r", arguments, named)
            return
        try:
            outcome = asyncio.run_coroutine_threadsafe(worker.crawl_job(key, due_at), loop).result()
            logger.debug("%s: %s", key, outcome)
        except StoreError as error:
            # Nothing is lost: the job stays due.
            logger.error("%s: %s", key, error)

    return crawl


def _quieten_celery() -> None:
    """One line for a message that Celery rejects, none for each task: the crawl logs its own."""
    setup_logging.connect(_keep_logging, weak=False)
    for source in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(source).setLevel(logging.WARNING)
    logging.getLogger("celery.worker.consumer.consumer").addFilter(_shorten)


def _keep_logging(**_: Any) -> None:
    """Connected to Celery's signal, so that it leaves logging as it is."""


def _shorten(record: logging.LogRecord) -> bool:
    if record.exc_info:
        record.msg, record.args, record.exc_info = record.getMessage().partition("\n")[0], (), None
    return True
