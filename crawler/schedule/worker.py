"""A worker: one long-lived process that crawls what is due, many sites at once, each in a crawl of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import SETTINGS_PRIORITIES, Settings
from scrapy.utils.project import get_project_settings
from scrapy.utils.reactor import install_reactor

from crawler.errors import StoreError
from crawler.runs.logs import configure_worker_logging
from crawler.schedule.due import ATTEMPTS, SUSPECT, Document, DueTimes
from crawler.sites.registry import load
from crawler.storage.extension import CRAWL_LEASES, CrawlLeases, lease_host
from crawler.storage.leases import HeldElsewhere, Lease, Leases, held_sites
from crawler.storage.store import open_store

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
        self.leases.store.is_shutting_down = lambda: time.monotonic() > until
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
        lent = CrawlLeases(self.leases, [lease], lent=True)
        crawler.settings.set(CRAWL_LEASES, lent, priority="cmdline")
        failure = await self._until_done(crawler, row)
        lent.is_over = True
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


# What a supervisor tells its worker processes.

ORDER = "CRAWLER_WORKER_ORDER"
"""Where the order stands: in the environment, which other users of the machine can't read; a broker's address may hold
a password."""
PROGRESS = "crawler.runs.progress.Progress"


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker process is to do: the settings that differ from the project's, how many crawls at once, whose child
    it is, whether to end when nothing is due, and the broker that brings its work (None: it looks in the store)."""

    settings: dict[str, Any] = field(default_factory=dict)
    concurrent: int = 1
    once: bool = False
    broker: str | None = None
    parent: int = 0

    @property
    def program(self) -> str:
        """The module to run with the order as its argument."""
        return "crawler.schedule.celery_bridge" if self.broker else "crawler.schedule.worker"

    def as_text(self) -> str:
        """For the command line or the environment."""
        return json.dumps(asdict(self))

    def read_settings(self) -> Settings:
        """The project's settings with those of the order. No crawl tells its progress: there are many at once."""
        settings = get_project_settings()
        settings.setdict(self.settings, priority="cmdline")
        settings.set("PROGRESS_SECONDS", 0, priority="cmdline")
        if not settings.getbool("LOG_JSON"):  # what sees to that logs no progress
            silent = {**settings.getdict("EXTENSIONS"), PROGRESS: None}
            settings.set("EXTENSIONS", silent, priority="cmdline")
        return settings


def given_settings(settings: Settings) -> dict[str, Any]:
    """The settings that the command line changed."""
    least = SETTINGS_PRIORITIES["cmdline"]
    return {name: value for name, value in settings.items() if (settings.getpriority(name) or 0) >= least}


def read_order(text: str) -> WorkerConfig:
    """The order that `as_text` gave."""
    return WorkerConfig(**json.loads(text))


# The process of one worker that looks in the store for work: started and watched by `supervisor.py`.

REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
PARENT_SECONDS = 1.0


def main(order: WorkerConfig) -> int:
    """Work; 0 where all went well, 1 without a store."""
    return run(order, lambda worker: worker.work(once=order.once))


def run(order: WorkerConfig, task: Callable[[Worker], Awaitable[None]]) -> int:
    """Let a worker do its `task` until that ends, in a process of its own that minds signals and its parent; 0 where
    all went well, 1 without a store."""
    settings = order.read_settings()
    configure_worker_logging(settings)
    install_reactor(REACTOR)
    from twisted.internet import reactor

    here: Any = reactor
    working = asyncio.get_event_loop().create_task(_work(settings, order, task))
    working.add_done_callback(lambda _: here.callLater(0, here.stop))
    here.run(installSignalHandlers=False)
    return working.result()


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


async def _work(settings: Settings, order: WorkerConfig, task: Callable[[Worker], Awaitable[None]]) -> int:
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


# Keeps worker processes alive: starts them, starts dead ones again with growing waits, and ends them together.

LOOK_SECONDS = 0.2
FIRST_WAIT, MAX_WAIT = 1.0, 60.0
HEALTHY_SECONDS = 60.0
"""A worker that lived so long is started again without a wait that grows."""


@dataclass
class _Place:
    process: subprocess.Popen[bytes]
    started: float
    wait: float = FIRST_WAIT
    start_at: float | None = None


class Supervisor:
    """Runs `count` workers that follow `order` until they end (`once`) or `stop` is called. `tend` is called in
    between, all the time."""

    def __init__(self, order: WorkerConfig, count: int, tend: Callable[[], None]) -> None:
        self.order, self.count, self.tend = order, count, tend
        self.signals = 0
        self.restarts = 0

    def run(self) -> int:
        """0 where all workers ended well, else 1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        places = [_Place(self._start(), time.monotonic()) for _ in range(self.count)]
        told = 0
        while any(place.process.poll() is None or place.start_at for place in places):
            time.sleep(LOOK_SECONDS)
            if told < self.signals:
                told = self.signals
                for place in places:
                    place.start_at = None
                    if place.process.poll() is None:
                        place.process.send_signal(signal.SIGTERM)
            if not told:
                for place in places:
                    self._see_to(place)
                self.tend()
        return int(any(place.process.returncode for place in places))

    def _see_to(self, place: _Place) -> None:
        """Start a worker that died again, after a wait."""
        code, now = place.process.poll(), time.monotonic()
        if code is None or (code >= 0 and self.order.once):
            return
        if place.start_at is None:
            if now - place.started > HEALTHY_SECONDS:
                place.wait = FIRST_WAIT
            logger.warning(
                "Worker %d ended (%s); starting another in %.0f s", place.process.pid, _said(code), place.wait
            )
            place.start_at, place.wait = now + place.wait, min(2 * place.wait, MAX_WAIT)
        elif now >= place.start_at:
            place.process, place.started, place.start_at = self._start(), now, None
            self.restarts += 1

    def _start(self) -> subprocess.Popen[bytes]:
        order = replace(self.order, parent=os.getpid())
        return subprocess.Popen(
            [sys.executable, "-m", order.program],
            env={**os.environ, ORDER: order.as_text()},
            # A session of its own: Ctrl-C reaches the worker through us alone, once.
            start_new_session=True,
        )

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1


def _said(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
