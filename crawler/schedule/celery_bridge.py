"""Due sites as messages of a Celery broker (Redis, RabbitMQ). It is only the messenger: what is due and who crawls it
is in the store, so a message that is lost, late or repeated costs a delay and nothing else."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amqp.exceptions import AMQPError
from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_shutting_down
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from crawler.errors import CrawlerError, StoreError
from crawler.runs.logs import configure_worker_logging
from crawler.schedule.due import Document, DueTimes, store_time
from crawler.schedule.worker import (
    ORDER,
    PARENT_SECONDS,
    REACTOR,
    Worker,
    WorkerConfig,
    employed,
    read_order,
)
from crawler.storage.leases import held_and_left_sites
from crawler.storage.store import Store, open_store

logger = logging.getLogger(__name__)


QUEUE, AGAIN = "food_safety", "food_safety.again"
"""The queue of what is due, and one of their own for crawls that were begun by a worker that is dead. A worker takes
from both in turn, so that what was begun doesn't wait behind what wasn't."""
TASK = "crawl"
REACH_SECONDS = 5
_ERRORS = (OperationalError, AMQPError, RedisError, OSError, ValueError)
"""kombu hands on some of its clients' errors as they are: a wrong password or virtual host, a server of no broker."""
VISIBLE_SECONDS = 3600
"""When Redis gives a message to another worker although the first still works on it: the lease refuses the second."""


class BrokerError(CrawlerError):
    """The broker can't be used. The message says why and what to do; it never holds credentials."""


def application(url: str) -> Celery:
    """The Celery application of the broker at `url`."""
    app = Celery("food_safety", broker=url)
    app.conf.update(
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, routing_key=QUEUE), Queue(AGAIN, routing_key=AGAIN)],
        task_acks_late=True,  # a message is done when the crawl is
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=REACH_SECONDS,
        broker_transport_options={
            "visibility_timeout": VISIBLE_SECONDS,
            "socket_connect_timeout": REACH_SECONDS,
            "socket_timeout": 30,
        },
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    return app


class Broker:
    """Sends messages and counts those that wait. Methods raise BrokerError."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = application(url)

    def check(self) -> None:
        """See that the broker answers."""
        if not re.match(r"(?:rediss?|amqps?|pyamqp)://\S", self.url):
            raise BrokerError(
                f"{_hidden(self.url)} is no address of a broker: it looks like redis://HOST:6379/0 or amqp://USER@HOST//"
            )
        self.waiting()

    def waiting(self) -> dict[str, int]:
        """How many messages of each queue no worker has taken yet."""
        try:
            with self.app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=REACH_SECONDS)
                queues = [self.app.amqp.queues[name].bind(connection.default_channel) for name in (QUEUE, AGAIN)]
                return {queue.name: queue.queue_declare().message_count for queue in queues}
        except _ERRORS as error:
            raise BrokerError(
                f"No broker can be used at {_hidden(self.url)} ({self._said(error)}): start it, or correct --broker."
            ) from error

    def send(self, messages: list[tuple[str, str, str]]) -> None:
        """A message for each crawl: its queue, the `_id` of its due row, and the due time it is for."""
        try:
            with self.app.connection_for_write() as connection, self.app.amqp.Producer(connection) as producer:
                for queue, row, due_at in messages:
                    self.app.send_task(TASK, args=[row, due_at], queue=queue, producer=producer, retry=False)
        except _ERRORS as error:
            raise BrokerError(f"The broker at {_hidden(self.url)} went away ({self._said(error)}).") from error

    def _said(self, error: Exception) -> str:
        """What the broker's client says, without the password it may quote."""
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        password = urlsplit(self.url).password or ""
        for secret in filter(None, (password, unquote(password))):
            said = said.replace(secret, "***")
        return said.rstrip(".")


def _hidden(url: str) -> str:
    """`url` without credentials and options."""
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if found else repr(url)


# The process of one worker that a broker brings its work: Celery with a pool of threads, which wait while the
# crawls run in one more thread, under one asyncio loop. Not Celery's prefork pool: its processes each run one task
# at a time, and a crawl is mostly waiting.


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


def main(order: WorkerConfig) -> int:
    """Work until SIGTERM; 0 then, 1 without a store."""
    assert order.broker
    settings = order.read_settings()
    configure_worker_logging(settings)
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


# Hands what is due to a broker's workers. Any number of these may run at once, on any machine.

POLL_SECONDS = 2.0
LOST_AFTER = timedelta(seconds=10)
"""A message sent so long ago, no longer in the queue, and nobody at work on the site: then it was lost."""

MAX_WAITING = 100
"""Messages in a queue at once: enough for all workers until the next look. What is due beyond them waits in the
store."""


class Enqueuer:
    """Sends a message for each site that is due, and again where one was lost."""

    def __init__(self, broker: Broker, store: Store) -> None:
        self.broker = broker
        self.store = store
        self.due = DueTimes(store)

    async def look(self) -> int:
        """Send what is to be sent; how many messages. Raises StoreError, BrokerError."""
        now = await store_time(self.store)
        rows = await self.due.overdue(now)
        if not rows:
            return 0
        held, left = await held_and_left_sites(self.store)
        waiting = await asyncio.to_thread(self.broker.waiting)
        wanted = to_send([row for row in rows if row["site"] not in held], left, waiting, now)
        # Marked before it is sent: of two schedulers one sends it. One that is killed in between has lost it.
        marked = [(row, attempt) for row, attempt in wanted if await self.due.mark_queued(row, attempt, now)]
        messages = [(queue_of(attempt), row["_id"], row["due_at"].isoformat()) for row, attempt in marked]
        await asyncio.to_thread(self.broker.send, messages)
        return len(marked)

    async def run(self, stopping: asyncio.Event, *, once: bool) -> None:
        """Look again and again until `stopping`, or with `once` until nothing is due."""
        while not stopping.is_set():
            try:
                sent = await self.look()
                if sent:
                    logger.info("%d sites handed to the workers", sent)
                if once and not await self.due.overdue(await store_time(self.store)):
                    return
            except (StoreError, BrokerError) as error:
                logger.error("%s", error)
            try:
                await asyncio.wait_for(stopping.wait(), POLL_SECONDS)
            except TimeoutError:
                continue


def enqueue_due(settings: Settings, broker: Broker, tend: Callable[[], None], *, once: bool) -> int:
    """Send until SIGTERM or Ctrl-C; 0 then, 1 where the store can't be reached. `tend` is called in between."""
    return asyncio.run(_main(settings, broker, tend, once))


async def _main(settings: Settings, broker: Broker, tend: Callable[[], None], once: bool) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
        try:
            tending = asyncio.create_task(_tend(tend))
            await Enqueuer(broker, store).run(stopping, once=once)
            tending.cancel()
        finally:
            await store.close()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    return 0


async def _tend(tend: Callable[[], None]) -> None:
    while True:
        await asyncio.to_thread(tend)
        await asyncio.sleep(POLL_SECONDS)


def queue_of(attempts: int) -> str:
    """The queue for a crawl that was begun so often."""
    return AGAIN if attempts else QUEUE


def to_send(
    rows: list[Document], left: Mapping[str, datetime], waiting: Mapping[str, int], now: datetime
) -> list[tuple[Document, int]]:
    """Of due rows whose sites nobody crawls, longest due first, those that are to get a message now, while there is
    room in its queue: it never had one, whoever took it is dead, or it was lost. With each, how often its crawl was
    begun: at least once where its taker died, as `left` tells by the time at which the dead took a site."""
    died = {row["_id"] for row in rows if _taker_died(row, left)}
    sent = [row for row in rows if row["queued_at"] is not None and row["_id"] not in died]
    on_its_way = {row["_id"] for queue, count in waiting.items() for row in _on_its_way(sent, queue, count, now)}
    missing = [(row, max(row["attempts"], int(row["_id"] in died))) for row in rows if row["_id"] not in on_its_way]
    chosen: list[tuple[Document, int]] = []
    for queue, count in waiting.items():
        chosen += [each for each in missing if queue_of(each[1]) == queue][: max(0, MAX_WAITING - count)]
    return chosen


def _taker_died(row: Document, left: Mapping[str, datetime]) -> bool:
    """Whether the row's message was taken by somebody who is dead: he began the crawl, or was about to."""
    if row["queued_at"] is None:
        return False
    taken = left.get(row["site"])
    return row["attempts"] > row["queued_attempt"] or (taken is not None and taken >= row["queued_at"])


def _on_its_way(sent: list[Document], queue: str, waiting: int, now: datetime) -> list[Document]:
    """Of the rows sent those whose message is in the `queue`, or was taken a moment ago by somebody who is about to
    begin. A queue gives out first what it was given first: the `waiting` messages are those sent last."""
    there = sorted((row for row in sent if queue_of(row["queued_attempt"]) == queue), key=lambda row: row["queued_at"])
    taken = there[: max(0, len(there) - waiting)]
    return [row for row in taken if now - row["queued_at"] <= LOST_AFTER] + there[len(taken) :]
