"""Jobs as messages of a Celery broker (Redis, RabbitMQ), for the scheduler. The broker is only the messenger: what is
due and who crawls it is in the database, so a message that is lost, late or repeated costs a delay and nothing else."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from amqp.exceptions import AMQPError
from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from scrapy.settings import Settings

from crawler.errors import CrawlerError, StoreError
from crawler.schedule.jobs import Document, Jobs, server_time
from crawler.storage.leases import held_and_left_sites
from crawler.storage.store import Store, open_store

logger = logging.getLogger(__name__)


QUEUE, RETRY_QUEUE = "food_safety", "food_safety.again"
"""The queue of what is due, and one for crawls whose worker died. A worker takes from both in turn, so that a retry
does not wait behind everything else."""
TASK = "crawl"
CONNECT_SECONDS = 5
_ERRORS = (OperationalError, AMQPError, RedisError, OSError, ValueError)
"""kombu passes on some errors of its clients as they are: a wrong password or virtual host, a server that is not a
broker."""
POLL_SECONDS = 2.0
LOST_AFTER = timedelta(seconds=10)
"""A message was lost if it was sent so long ago, is no longer in the queue, and nobody crawls the site."""

MAX_WAITING = 100
"""Messages in a queue at a time: enough for all workers until the next poll. What else is due waits in the database."""
VISIBLE_SECONDS = 3600
"""After this time Redis gives a message to another worker although the first one still works on it; the lease then
refuses the second."""


class BrokerError(CrawlerError):
    """The broker can't be used. The message says why and what to do, without credentials."""


def create_app(url: str) -> Celery:
    """The Celery application of the broker at `url`."""
    app = Celery("food_safety", broker=url)
    app.conf.update(
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, routing_key=QUEUE), Queue(RETRY_QUEUE, routing_key=RETRY_QUEUE)],
        task_acks_late=True,  # a message is done when the crawl is
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_transport_options={
            "visibility_timeout": VISIBLE_SECONDS,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": 30,
        },
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    return app


class Broker:
    """Sends messages and counts the waiting ones. Methods raise BrokerError."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = create_app(url)

    def check(self) -> None:
        """Check that the broker answers."""
        if not re.match(r"(?:rediss?|amqps?|pyamqp)://\S", self.url):
            raise BrokerError(
                f"{_hidden(self.url)} is not the URL of a broker: write redis://HOST:6379/0 or amqp://USER@HOST//"
            )
        self.waiting()

    def waiting(self) -> dict[str, int]:
        """The number of messages in each queue that no worker has taken yet."""
        try:
            with self.app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=CONNECT_SECONDS)
                queues = [self.app.amqp.queues[name].bind(connection.default_channel) for name in (QUEUE, RETRY_QUEUE)]
                return {queue.name: queue.queue_declare().message_count for queue in queues}
        except _ERRORS as error:
            raise BrokerError(
                f"No broker can be used at {_hidden(self.url)} ({self._describe(error)}): "
                "start it, or correct --broker."
            ) from error

    def send(self, messages: list[tuple[str, str, str]]) -> None:
        """Send messages, each given by its queue, the `_id` of the job, and the due time that is meant."""
        try:
            with self.app.connection_for_write() as connection, self.app.amqp.Producer(connection) as producer:
                for queue, row, due_at in messages:
                    self.app.send_task(TASK, args=[row, due_at], queue=queue, producer=producer, retry=False)
        except _ERRORS as error:
            raise BrokerError(f"The broker at {_hidden(self.url)} is unavailable ({self._describe(error)}).") from error

    def _describe(self, error: Exception) -> str:
        """The error text of the broker's client, without the password it may quote."""
        text = next(iter(str(error).splitlines()), "") or type(error).__name__
        password = urlsplit(self.url).password or ""
        for secret in filter(None, (password, unquote(password))):
            text = text.replace(secret, "***")
        return text.rstrip(".")


def _hidden(url: str) -> str:
    """`url` without credentials and options."""
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if found else repr(url)


class Enqueuer:
    """Sends a message for each site that is due, and another if it was lost."""

    def __init__(self, broker: Broker, store: Store) -> None:
        self.broker = broker
        self.store = store
        self.jobs = Jobs(store)

    async def enqueue(self) -> int:
        """Send the messages that are missing and return their number. Raises StoreError, BrokerError."""
        now = await server_time(self.store)
        rows = await self.jobs.overdue(now)
        if not rows:
            return 0
        held, abandoned = await held_and_left_sites(self.store)
        waiting = await asyncio.to_thread(self.broker.waiting)
        wanted = choose_messages([row for row in rows if row["site"] not in held], abandoned, waiting, now)
        # Marked before it is sent, so that only one of two schedulers sends it. If that is killed in between, the
        # message is lost, and sent again later.
        marked = [(row, attempt) for row, attempt in wanted if await self.jobs.mark_queued(row, attempt, now)]
        messages = [(choose_queue(attempt), row["_id"], row["due_at"].isoformat()) for row, attempt in marked]
        await asyncio.to_thread(self.broker.send, messages)
        return len(marked)

    async def run(self, stopping: asyncio.Event, *, once: bool) -> None:
        """Enqueue every POLL_SECONDS until `stopping`, or with `once` until nothing is due."""
        while not stopping.is_set():
            try:
                sent = await self.enqueue()
                if sent:
                    logger.info("Sent %d sites to the workers", sent)
                if once and not await self.jobs.overdue(await server_time(self.store)):
                    return
            except (StoreError, BrokerError) as error:
                logger.error("%s", error)
            try:
                await asyncio.wait_for(stopping.wait(), POLL_SECONDS)
            except TimeoutError:
                continue


def enqueue_due(settings: Settings, broker: Broker, on_poll: Callable[[], None], *, once: bool) -> int:
    """Send messages until SIGTERM or Ctrl-C, and call `on_poll` every POLL_SECONDS. Return 0, or 1 if the database is
    unavailable."""
    return asyncio.run(_enqueue(settings, broker, on_poll, once))


async def _enqueue(settings: Settings, broker: Broker, on_poll: Callable[[], None], once: bool) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
        try:
            polling = asyncio.create_task(_poll(on_poll))
            await Enqueuer(broker, store).run(stopping, once=once)
            polling.cancel()
        finally:
            await store.close()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    return 0


async def _poll(on_poll: Callable[[], None]) -> None:
    while True:
        await asyncio.to_thread(on_poll)
        await asyncio.sleep(POLL_SECONDS)


def choose_queue(attempts: int) -> str:
    """The queue for a crawl that was started so often."""
    return RETRY_QUEUE if attempts else QUEUE


def choose_messages(
    rows: list[Document], abandoned: Mapping[str, datetime], waiting: Mapping[str, int], now: datetime
) -> list[tuple[Document, int]]:
    """Of due jobs whose sites nobody crawls (the longest overdue first), those that need a message now, while there is
    room in the queue: it never had one, the worker that took it is dead, or it was lost. With each, how often its crawl
    was started: at least once if its worker died. `abandoned` has the sites of dead workers, with the time at which
    they took them."""
    died = {row["_id"] for row in rows if _worker_died(row, abandoned)}
    sent = [row for row in rows if row["queued_at"] is not None and row["_id"] not in died]
    on_its_way = {row["_id"] for queue, count in waiting.items() for row in _on_its_way(sent, queue, count, now)}
    missing = [(row, max(row["attempts"], int(row["_id"] in died))) for row in rows if row["_id"] not in on_its_way]
    chosen: list[tuple[Document, int]] = []
    for queue, count in waiting.items():
        chosen += [each for each in missing if choose_queue(each[1]) == queue][: max(0, MAX_WAITING - count)]
    return chosen


def _worker_died(row: Document, abandoned: Mapping[str, datetime]) -> bool:
    """Whether a worker that is dead took the message of the job: it started the crawl, or was about to."""
    if row["queued_at"] is None:
        return False
    taken = abandoned.get(row["site"])
    return row["attempts"] > row["queued_attempt"] or (taken is not None and taken >= row["queued_at"])


def _on_its_way(sent: list[Document], queue: str, waiting: int, now: datetime) -> list[Document]:
    """Of the jobs with a message, those whose message is still in the `queue`, or was taken a moment ago by a worker
    that is about to start. Queues are first in, first out: the `waiting` messages are those sent last."""
    there = sorted(
        (row for row in sent if choose_queue(row["queued_attempt"]) == queue), key=lambda row: row["queued_at"]
    )
    taken = there[: max(0, len(there) - waiting)]
    return [row for row in taken if now - row["queued_at"] <= LOST_AFTER] + there[len(taken) :]
