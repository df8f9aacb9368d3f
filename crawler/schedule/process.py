"""The process of one worker: its configuration, its event loop, and how it stops. The supervisor starts it as
`python -m crawler.schedule.process`."""

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
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, Settings
from scrapy.utils.project import get_project_settings
from scrapy.utils.reactor import install_reactor

from crawler.errors import StoreError
from crawler.middlewares.performance import set_gc_threshold
from crawler.runs.progress import configure_worker_logging
from crawler.schedule.worker import Worker
from crawler.storage.leases import Leases
from crawler.storage.store import open_store

logger = logging.getLogger(__name__)


CONFIG_VARIABLE = "CRAWLER_WORKER_CONFIG"
"""The environment variable with the configuration. Other users of the machine can't read it, unlike a command line; the
URL of a broker may hold a password."""
PROGRESS = "crawler.runs.progress.Progress"
REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
PARENT_SECONDS = 1.0
"""How often a worker checks that its supervisor still lives."""


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker process does: the settings that differ from the project's, crawls at a time, whether to end when
    nothing is due, the URL of the broker that brings its jobs (None: it polls the database), and the supervisor's
    process id."""

    settings: dict[str, Any] = field(default_factory=dict)
    concurrent: int = 1
    once: bool = False
    broker: str | None = None
    parent: int = 0

    @property
    def program(self) -> str:
        """The module that the supervisor starts."""
        return "crawler.schedule.process"

    def as_text(self) -> str:
        """As text for the environment; `read_config` is the inverse."""
        return json.dumps(asdict(self))

    def read_settings(self) -> Settings:
        """The project's settings with those of this configuration, and no progress line: many crawls run at once."""
        settings = get_project_settings()
        settings.setdict(self.settings, priority="cmdline")
        settings.set("PROGRESS_SECONDS", 0, priority="cmdline")
        if not settings.getbool("LOG_JSON"):  # which the same extension switches on
            extensions = {**settings.getdict("EXTENSIONS"), PROGRESS: None}
            settings.set("EXTENSIONS", extensions, priority="cmdline")
        return settings


def read_config(text: str) -> WorkerConfig:
    """The inverse of `WorkerConfig.as_text`."""
    return WorkerConfig(**json.loads(text))


def changed_settings(settings: Settings) -> dict[str, Any]:
    """The settings that the command line changed."""
    lowest = SETTINGS_PRIORITIES["cmdline"]
    return {name: value for name, value in settings.items() if (settings.getpriority(name) or 0) >= lowest}


def main(config: WorkerConfig) -> int:
    """Crawl what is due until a signal, or with `once` until nothing is due: jobs come from the database or from a
    broker. Return the exit status."""
    if config.broker is None:
        return run(config, lambda worker: worker.work(once=config.once))
    # Not at the top: Celery is an extra.
    from crawler.schedule.celery_worker import feed

    return run(config, partial(feed, config.broker))


def run(config: WorkerConfig, task: Callable[[Worker], Awaitable[None]]) -> int:
    """Run a worker in this process until its `task` ends, which it does soon after `Worker.stop`. Signals and the death
    of the supervisor stop it. Return 0, or 1 if the database is unavailable."""
    settings = config.read_settings()
    configure_worker_logging(settings)
    set_gc_threshold(settings)
    install_reactor(REACTOR)
    from twisted.internet import reactor

    here: Any = reactor
    working = asyncio.get_event_loop().create_task(_run(settings, config, task))
    working.add_done_callback(lambda _: here.callLater(0, here.stop))
    here.run(installSignalHandlers=False)
    return working.result()


@asynccontextmanager
async def running_worker(settings: Settings, concurrent: int) -> AsyncIterator[Worker]:
    """A worker with a database connection and leases of its own. Raises StoreError."""
    async with AsyncExitStack() as stack:
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
        stack.push_async_callback(store.close)
        leases = Leases(store, settings.getfloat("LEASE_SECONDS"))
        await leases.open()
        stack.push_async_callback(leases.close)
        yield Worker(settings, leases, concurrent)


async def _run(settings: Settings, config: WorkerConfig, task: Callable[[Worker], Awaitable[None]]) -> int:
    try:
        async with running_worker(settings, config.concurrent) as worker:
            watching = asyncio.create_task(_stop_on_signal(worker, config.parent))
            await task(worker)
            watching.cancel()
    except StoreError as error:
        logger.error("%s", error)
        return 1
    return 0


async def _stop_on_signal(worker: Worker, parent: int) -> None:
    """Stop the worker at a signal, or when the supervisor is gone; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    while not stop.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(stop.wait(), PARENT_SECONDS)
        except TimeoutError:
            continue
    logger.info("Stopping: running crawls are closed in order")
    stop.set()
    await worker.stop()


if __name__ == "__main__":
    sys.exit(main(read_config(os.environ[CONFIG_VARIABLE])))


# --- The supervisor: starts worker processes, restarts dead ones with growing waits, stops all ---

POLL_SECONDS = 0.2
FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS = 1.0, 60.0
HEALTHY_SECONDS = 60.0
"""After a worker lived so long, the wait before the next restart is short again."""


@dataclass
class _Slot:
    process: subprocess.Popen[bytes]
    started: float
    wait: float = FIRST_WAIT_SECONDS
    start_at: float | None = None


class Supervisor:
    """Runs `count` worker processes until they end (`once`) or a signal stops them. `on_poll` is called every
    POLL_SECONDS."""

    def __init__(self, config: WorkerConfig, count: int, on_poll: Callable[[], None]) -> None:
        self.config, self.count, self.on_poll = config, count, on_poll
        self.signals = 0
        self.restarts = 0

    def run(self) -> int:
        """Return 0 if all workers ended without an error, else 1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        slots = [_Slot(self._start(), time.monotonic()) for _ in range(self.count)]
        handled = 0
        while any(slot.process.poll() is None or slot.start_at for slot in slots):
            time.sleep(POLL_SECONDS)
            if handled < self.signals:
                handled = self.signals
                for slot in slots:
                    slot.start_at = None
                    if slot.process.poll() is None:
                        slot.process.send_signal(signal.SIGTERM)
            if not handled:
                for slot in slots:
                    self._restart(slot)
                self.on_poll()
        # A worker that was still starting when the signal came ends by it.
        fine = {0, -signal.SIGTERM} if handled else {0}
        return int(any(slot.process.returncode not in fine for slot in slots))

    def _restart(self, slot: _Slot) -> None:
        """Start another worker for one that died, after a wait."""
        code, now = slot.process.poll(), time.monotonic()
        if code is None or (code >= 0 and self.config.once):
            return
        if slot.start_at is None:
            if now - slot.started > HEALTHY_SECONDS:
                slot.wait = FIRST_WAIT_SECONDS
            logger.warning(
                "Worker %d ended (%s); starting another in %.0f s", slot.process.pid, _describe(code), slot.wait
            )
            slot.start_at, slot.wait = now + slot.wait, min(2 * slot.wait, MAX_WAIT_SECONDS)
        elif now >= slot.start_at:
            slot.process, slot.started, slot.start_at = self._start(), now, None
            self.restarts += 1

    def _start(self) -> subprocess.Popen[bytes]:
        config = replace(self.config, parent=os.getpid())
        return subprocess.Popen(
            [sys.executable, "-m", config.program],
            env={**os.environ, CONFIG_VARIABLE: config.as_text()},
            # In a session of its own, so that Ctrl-C reaches the worker only once, through us.
            start_new_session=True,
        )

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
