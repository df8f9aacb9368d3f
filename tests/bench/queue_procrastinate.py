"""Workers and a scheduler on Procrastinate, a queue in PostgreSQL, for `bench_workers.py` to compare with ours.

    python -m tests.bench.queue_procrastinate workers --queue URL [--processes N] [--concurrent M] -s NAME=VALUE …
    python -m tests.bench.queue_procrastinate scheduler --queue URL --file FILE -s NAME=VALUE …

As with Celery, the store says what is due and the lease who crawls it. Procrastinate does the rest with its own means,
set to what should serve it best: every due site is deferred at once, in one statement; a notification wakes the
workers; a queueing lock keeps two schedulers from deferring a site twice; jobs whose worker's heartbeat stands still
are retried, before all that wait. No job has a `lock`: that would be the lease once more, at the price of a longer
query.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from scrapy.settings import Settings

from crawler.errors import StoreError
from crawler.runs.progress import configure_worker_logging
from crawler.schedule.jobs import Jobs, Planner, server_time
from crawler.schedule.process import CONFIG_VARIABLE, Supervisor, WorkerConfig, read_config, run
from crawler.schedule.worker import POLL_SECONDS, Worker
from crawler.storage.leases import held_sites
from crawler.storage.store import open_store

logger = logging.getLogger(__name__)

TASK = "crawl"
BEAT_SECONDS = 2.0
STALLED_SECONDS = 6.0
"""A worker silent for so long is dead: three heartbeats, for one that crawls is busy as well. The leases of a process
that died on this machine are free within 3 s, so a job comes back when its site can be taken."""
FETCH_SECONDS = 0.5
"""How often an idle worker looks for jobs: nothing notifies it of one that is retried."""
AGAIN = 1
"""The priority of a crawl whose first process died."""


class QueueConfig(WorkerConfig):
    """The configuration of a worker of this module; `broker` is the address of PostgreSQL."""

    @property
    def program(self) -> str:
        return "tests.bench.queue_procrastinate"


def prepare(address: str) -> None:
    """Make Procrastinate's tables."""
    app = App(connector=SyncPsycopgConnector(conninfo=address))
    with app.open():
        app.schema_manager.apply_schema()


def application(address: str) -> App:
    """The application of the queue at `address`. One line for each job would be many."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    return App(connector=PsycopgConnector(conninfo=address))


async def work(address: str, worker: Worker) -> None:
    """Run jobs until the worker is to stop; those that run then are waited for."""
    async with application(address).open_async() as app:
        app.task(name=TASK)(_task(worker))
        await _until_stopped(app, worker)


async def _until_stopped(app: App, worker: Worker) -> None:
    running = asyncio.create_task(
        app.run_worker_async(
            concurrency=worker.concurrent,
            listen_notify=True,
            fetch_job_polling_interval=FETCH_SECONDS,
            update_heartbeat_interval=BEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            delete_jobs="always",
            install_signal_handlers=False,
        )
    )
    stopping = asyncio.create_task(worker.stopping.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    stopping.cancel()


def _task(worker: Worker) -> Any:
    async def crawl(key: str, due_at: str) -> None:
        try:
            logger.debug("%s: %s", key, await worker.crawl_job(key, datetime.fromisoformat(due_at)))
        except StoreError as error:
            # Nothing is lost: the site stays due.
            logger.error("%s: %s", key, error)

    return crawl


async def look(app: App, due: Jobs) -> tuple[int, int]:
    """Retry the jobs of dead workers and defer what is due and has no job; how many of each. Raises StoreError."""
    jobs, retried = app.job_manager, 0
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        with contextlib.suppress(ConnectorException):  # another scheduler was faster
            await jobs.retry_job(job, priority=AGAIN)
            retried += 1
    # Those that are done are deleted: what is left waits or runs.
    known = {job.queueing_lock for job in await jobs.list_jobs_async()}
    rows = await due.overdue(await server_time(due.store))
    held = await held_sites(due.store)
    new = [
        app.configure_task(TASK, queueing_lock=row["_id"], priority=AGAIN if row["attempts"] else 0).make_new_job(
            key=row["_id"], due_at=row["due_at"].isoformat()
        )
        for row in rows
        if row["_id"] not in known and row["site"] not in held
    ]
    try:
        return len(await jobs.batch_defer_jobs_async(new)) if new else 0, retried
    except AlreadyEnqueued:  # another scheduler was faster; what it has left is seen by the next look
        return 0, retried


async def schedule(settings: Settings, address: str, planner: Planner) -> None:
    """Look again and again until SIGTERM."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
    async with contextlib.AsyncExitStack() as ending:
        ending.push_async_callback(store.close)
        app = await ending.enter_async_context(application(address).open_async())
        while not stopping.is_set():
            try:
                deferred, retried = await look(app, Jobs(store))
                if deferred or retried:
                    logger.info("%d sites deferred, %d retried", deferred, retried)
            except (StoreError, ConnectorException) as error:
                logger.error("%s", error)
            await asyncio.to_thread(planner.refresh)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), POLL_SECONDS)


def main() -> int:
    if CONFIG_VARIABLE in os.environ:
        config = read_config(os.environ[CONFIG_VARIABLE])
        assert config.broker
        return run(config, partial(work, config.broker))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("workers", "scheduler"))
    parser.add_argument("--queue", required=True)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--concurrent", type=int, default=16)
    parser.add_argument("-s", action="append", default=[], dest="given")
    options = parser.parse_args()
    given = dict(pair.split("=", 1) for pair in options.given)
    config = QueueConfig(given, options.concurrent, broker=options.queue)
    settings = config.read_settings()
    configure_worker_logging(settings)
    if options.part == "workers":
        return Supervisor(config, options.processes, lambda: None).run()
    planner = Planner(options.file, settings)
    planner.read()
    planner.plan(now=True)
    asyncio.run(schedule(settings, options.queue, planner))
    return 0


if __name__ == "__main__":
    sys.exit(main())
