"""A worker: crawls what is due, many sites at once, each in a crawl of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from crawler.errors import StoreError
from crawler.schedule.jobs import MAX_ATTEMPTS, QUARANTINE_AFTER, Document, Jobs
from crawler.sites.registry import load
from crawler.storage.extension import CRAWL_LEASES, CrawlLeases, lease_host
from crawler.storage.leases import HeldElsewhere, Lease, Leases, held_sites

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0
SHUTDOWN_SECONDS = 20.0
"""How long a worker that stops waits for an unavailable database, with everything that is still to be written."""
OVERTIME_SECONDS = 60.0
"""How long a crawl may take to close after its time limit before it is cut off."""
REQUEUE_REASONS = frozenset({"shutdown", "lease_lost", "store_unavailable", "network_down"})
"""Outcomes of a crawl that are no fault of its site: its job stays due."""


class Worker:
    """Crawls at most `concurrent` sites at once. Jobs come from the database (`work`), or one by one from whoever calls
    `crawl_job`, as the thread does that takes messages from Celery."""

    def __init__(self, settings: Settings, leases: Leases, concurrent: int) -> None:
        self.settings = settings
        self.leases = leases
        self.jobs = Jobs(leases.store)
        self.concurrent = concurrent
        self.runner = AsyncCrawlerRunner(settings)
        self.stopping = asyncio.Event()
        self._quarantine = asyncio.Lock()
        self._running: dict[asyncio.Task[None], str] = {}

    async def work(self, *, once: bool = False) -> None:
        """Crawl what is due until `stop`, or with `once` until all that is due now is done, here or elsewhere."""
        until = self.leases.now() if once else None
        while not self.stopping.is_set():
            left = await self._start_due(until)
            if once and left == 0 and not self._running:
                return
            await self._wait()
        for task in list(self._running):
            await asyncio.wait([task])

    async def stop(self) -> None:
        """Start no more crawls, and close those that run."""
        self.stopping.set()
        # Each request to the database would wait for itself: together longer than a service manager does.
        until = time.monotonic() + SHUTDOWN_SECONDS
        self.leases.store.is_shutting_down = lambda: time.monotonic() > until
        await self.runner.stop()

    async def crawl_job(self, key: str, due_at: datetime) -> str:
        """Crawl the job with the `_id` `key` if it is still due at `due_at`, and return the outcome. Raises
        StoreError."""
        row = await self.jobs.get(key)
        if row is None:
            return "no longer planned"
        if row["due_at"] != due_at:
            return "already done"
        return "shutdown" if self.stopping.is_set() else await self.crawl(row)

    async def crawl(self, row: Document) -> str:
        """Crawl a job if it is still due and nobody else crawls its site, and return the outcome. Raises StoreError."""
        site = load().get(row["site"])
        try:
            rest = self.settings.getfloat("DOWNLOAD_DELAY")
            lease = await self.leases.take(row["site"], lease_host(site), rest=rest)
        except HeldElsewhere as other:
            return f"held by {other}"
        try:
            async with self._quarantine if row["attempts"] >= QUARANTINE_AFTER else nullcontext():
                current = await self.jobs.begin(row)
                return "already done" if current is None else await self._run(current, lease)
        finally:
            await self.leases.release(lease)

    async def _start_due(self, until: datetime | None) -> int | None:
        """Start crawls of what is due at `until` (None: now) while there is room. Return the number of jobs that are
        due, or None if the database is unavailable."""
        try:
            rows = await self.jobs.overdue(until or self.leases.now())
            taken = await held_sites(self.leases.store) | set(self._running.values())
        except StoreError as error:
            logger.error("%s", error)
            return None
        for row in rows:
            if len(self._running) < self.concurrent and row["site"] not in taken:
                taken.add(row["site"])
                task = asyncio.create_task(self._crawl_safely(row))
                self._running[task] = row["site"]
                task.add_done_callback(self._running.pop)
        return len(rows)

    async def _crawl_safely(self, row: Document) -> None:
        try:
            outcome = await self.crawl(row)
            logger.debug("%s: %s", row["_id"], outcome)
        except StoreError as error:
            logger.error("%s: %s", row["_id"], error)

    async def _wait(self) -> None:
        """Wait until a crawl has ended, the next poll is due, or this worker stops."""
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([stop, *self._running], timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()

    async def _run(self, row: Document, lease: Lease) -> str:
        started = self.leases.now()
        if row["attempts"] > MAX_ATTEMPTS:
            logger.error(
                "%s: skipped until it is due again: %d crawls ended with their process", row["_id"], MAX_ATTEMPTS
            )
            await self._end(row, started, "max_attempts", {})
            return "max_attempts"
        if run := await self.jobs.find_finished_run(row):
            stats = {"verdict": run["verdict"], "run_id": run["parent"]}
            await self._end(row, run["started_at"], "finished", stats)
            return "finished before"
        if self.stopping.is_set():
            await self.jobs.release(row)
            return "shutdown"
        crawler = self._create_crawler(row)
        lent = CrawlLeases(self.leases, [lease], lent=True)
        crawler.settings.set(CRAWL_LEASES, lent, priority="cmdline")
        failure = await self._run_crawler(crawler, row)
        lent.is_over = True
        stats = crawler.stats.get_stats() if crawler.stats else {}
        outcome = failure or str(stats["finish_reason"])
        if outcome in REQUEUE_REASONS:
            await self.jobs.release(row)
        else:
            await self._end(row, started, outcome, stats)
        return outcome

    def _create_crawler(self, row: Document) -> Crawler:
        crawler = self.runner.create_crawler(row["spider"])
        crawler.settings.set("CLOSESPIDER_TIMEOUT", row["time_limit"], priority="cmdline")
        return crawler

    async def _run_crawler(self, crawler: Crawler, row: Document) -> str | None:
        """Run the crawl. Whatever goes wrong in it does not leave it: return the outcome then, else None."""
        task = self.runner.crawl(crawler, **row["arguments"])
        done, _ = await asyncio.wait([task], timeout=row["time_limit"] + OVERTIME_SECONDS)
        if not done:
            logger.error("%s: cut off: it did not end within its time limit and %d s", row["_id"], OVERTIME_SECONDS)
            task.cancel()
            await asyncio.wait([task], timeout=OVERTIME_SECONDS)
            return "cut off"
        if error := task.exception():
            logger.error("%s: the crawl failed: %s: %s", row["_id"], type(error).__name__, error, exc_info=error)
            return "failed"
        return None

    async def _end(self, row: Document, started: datetime, outcome: str, stats: dict[str, Any]) -> None:
        """Record how the crawl ended; the job is due again at its next time."""
        now = self.leases.now()
        last = {
            "started_at": started,
            "ended_at": now,
            "outcome": outcome,
            "verdict": stats.get("verdict"),
            "run": stats.get("run_id"),
            "holder": self.leases.owner["id"],
        }
        await self.jobs.end(row, last, now)
