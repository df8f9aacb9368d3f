"""Hands what is due to a broker's workers. Any number of these may run at once, on any machine."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from scrapy.settings import Settings

from crawler.schedule.broker import AGAIN, QUEUE, Broker, BrokerError
from crawler.schedule.due import Document, DueTimes, store_time
from crawler.storage.errors import StoreError
from crawler.storage.leases import held_and_left_sites
from crawler.storage.mongo import open_store
from crawler.storage.store import Store

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
LOST_AFTER = timedelta(seconds=10)
"""A message sent so long ago, no longer in the queue, and nobody at work on the site: then it was lost."""

MOST_WAITING = 100
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


def main(settings: Settings, broker: Broker, tend: Callable[[], None], *, once: bool) -> int:
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
        chosen += [each for each in missing if queue_of(each[1]) == queue][: max(0, MOST_WAITING - count)]
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
