"""A worker: one long-lived process that crawls what is due, many sites at once, each in a crawl of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from crawler.pipelines.tenure import TENURES, Tenure, lease_host
from crawler.schedule.due import ATTEMPTS, SUSPECT, Document, DueTimes
from crawler.sites.registry import load
from crawler.storage.errors import StoreError
from crawler.storage.leases import HeldElsewhere, Lease, Leases, held_sites

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
ENDING_SECONDS = 20.0
"""How long the end of a worker waits for a store that is away, with all that is to be written then."""
OVERTIME_SECONDS = 60.0
"""How long a crawl may take to close after its time limit before it is cut off."""
OURS = frozenset({"shutdown", "lease_lost", "store_unavailable"})
"""Ends that are no fault of the site: its crawl stays due."""


class Worker:
    """Crawls at most `concurrent` sites at once."""

    def __init__(self, settings: Settings, leases: Leases, concurrent: int) -> None:
        self.settings = settings
        self.leases = leases
        self.due = DueTimes(leases.store)
        self.concurrent = concurrent
        self.runner = AsyncCrawlerRunner(settings)
        self.stopping = asyncio.Event()
        self._alone = asyncio.Lock()
        self._running: dict[asyncio.Task[None], str] = {}

    async def work(self, *, once: bool = False) -> None:
        """Crawl what is due until `stop`, or with `once` until all that is due now is done, here or elsewhere."""
        until = self.leases.holder.now() if once else None
        while not self.stopping.is_set():
            left = await self._fill(until)
            if once and left == 0 and not self._running:
                return
            await self._wait()
        for task in list(self._running):
            await asyncio.wait([task])

    async def stop(self) -> None:
        """Begin nothing more, and end what runs in order."""
        self.stopping.set()
        # The patience of each request, one after the other, is longer than a service manager's.
        until = time.monotonic() + ENDING_SECONDS
        self.leases.store.hurried = lambda: time.monotonic() > until
        await self.runner.stop()

    async def crawl(self, row: Document) -> str:
        """Crawl one due row if it is due and nobody crawls its site; what became of it, in a word or two."""
        site = load().get(row["site"])
        try:
            rest = self.settings.getfloat("DOWNLOAD_DELAY")
            lease = await self.leases.take(row["site"], lease_host(site), rest=rest)
        except HeldElsewhere as other:
            return f"held by {other}"
        try:
            async with self._alone if row["attempts"] >= SUSPECT else nullcontext():
                current = await self.due.begin(row)
                return "done already" if current is None else await self._run(current, lease)
        finally:
            await self.leases.release(lease)

    async def _fill(self, until: datetime | None) -> int | None:
        """Begin crawls of what is due at `until` (None: now) while there is room. How many are due, None where the
        store can't tell."""
        try:
            rows = await self.due.overdue(until or self.leases.holder.now())
            taken = await held_sites(self.leases.store) | set(self._running.values())
        except StoreError as error:
            logger.error("%s", error)
            return None
        for row in rows:
            if len(self._running) < self.concurrent and row["site"] not in taken:
                taken.add(row["site"])
                self._begin(row)
        return len(rows)

    def _begin(self, row: Document) -> None:
        task = asyncio.create_task(self._crawl_safely(row))
        self._running[task] = row["site"]
        task.add_done_callback(self._running.pop)

    async def _crawl_safely(self, row: Document) -> None:
        try:
            outcome = await self.crawl(row)
            logger.debug("%s: %s", row["_id"], outcome)
        except StoreError as error:
            logger.error("%s: %s", row["_id"], error)

    async def _wait(self) -> None:
        """Until a crawl has ended, the next look is due, or this worker is to stop."""
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([stop, *self._running], timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()

    async def _run(self, row: Document, lease: Lease) -> str:
        started = self.leases.holder.now()
        if row["attempts"] > ATTEMPTS:
            logger.error("%s: given up: %d crawls of it ended with their process", row["_id"], ATTEMPTS)
            await self.due.end(row, self._last(started, "gave up", {}), self.leases.holder.now())
            return "gave up"
        if run := await self.due.finished_run(row):
            stats = {"verdict": run["verdict"], "run_id": run["parent"]}
            await self.due.end(row, self._last(run["started_at"], "finished", stats), self.leases.holder.now())
            return "finished before"
        if self.stopping.is_set():
            await self.due.put_back(row)
            return "shutdown"
        crawler = self._crawler(row)
        TENURES[crawler] = tenure = Tenure(self.leases, [lease], lent=True)
        failure = await self._until_done(crawler, row)
        tenure.over = True
        stats = crawler.stats.get_stats() if crawler.stats else {}
        outcome = failure or str(stats["finish_reason"])
        if outcome in OURS:
            await self.due.put_back(row)
        else:
            await self.due.end(row, self._last(started, outcome, stats), self.leases.holder.now())
        return outcome

    def _crawler(self, row: Document) -> Crawler:
        crawler = self.runner.create_crawler(row["spider"])
        crawler.settings.set("CLOSESPIDER_TIMEOUT", row["time_limit"], priority="cmdline")
        return crawler

    async def _until_done(self, crawler: Crawler, row: Document) -> str | None:
        """Run the crawl; whatever goes wrong in it stays in it, and is returned in a word."""
        task = self.runner.crawl(crawler, **row["arguments"])
        done, _ = await asyncio.wait([task], timeout=row["time_limit"] + OVERTIME_SECONDS)
        if not done:
            logger.error("%s: didn't end within its time limit and %d s; cut off", row["_id"], OVERTIME_SECONDS)
            task.cancel()
            await asyncio.wait([task], timeout=OVERTIME_SECONDS)
            return "cut off"
        if error := task.exception():
            logger.error("%s: the crawl failed: %s: %s", row["_id"], type(error).__name__, error, exc_info=error)
            return "failed"
        return None

    def _last(self, started: datetime, outcome: str, stats: dict[str, Any]) -> Document:
        return {
            "started_at": started,
            "ended_at": self.leases.holder.now(),
            "outcome": outcome,
            "verdict": stats.get("verdict"),
            "run": stats.get("run_id"),
            "holder": self.leases.holder.id,
        }
