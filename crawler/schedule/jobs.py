"""The job queue in the database: a document in `due` for each entry of a schedule and site. Its due time moves on when
its crawl has ended, never before. The planner makes them from the schedule file: at the start, when the file has
changed, and at intervals."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import DeleteOne, ReplaceOne
from scrapy.settings import Settings

from crawler.errors import StoreError
from crawler.schedule.file import Entry, ScheduleError, Timing, read_schedule
from crawler.sites.registry import load
from crawler.sites.site import Site
from crawler.storage.store import Store, open_store

logger = logging.getLogger(__name__)


Document = dict[str, Any]

MAX_ATTEMPTS = 5
"""After so many crawls that ended with their process, the site is skipped until it is due again."""
QUARANTINE_AFTER = 2
"""After so many attempts a site is crawled apart from other such sites, to find out which one ends the process."""
BULK_SIZE = 500


def new_job(schedule: str, entry: Entry, site: Site, now: datetime) -> Document:
    """The job of a site that is planned for the first time: first due at its own point of the spread."""
    timing = entry.timing
    return {
        "_id": f"{schedule}:{entry.name}:{site.code}",
        "schedule": schedule,
        "entry": entry.name,
        "site": site.code,
        "spider": entry.spider,
        "arguments": entry.arguments_for(site),
        "cron": timing.cron,
        "every": timing.every.total_seconds() if timing.every else None,
        "spread": timing.spread.total_seconds(),
        "time_limit": entry.time_limit.total_seconds(),
        "due_at": timing.next_due(now, site.code),
        "attempts": 0,
        "begun_by": None,
        "queued_at": None,
        "queued_attempt": 0,
        "last": None,
    }


async def server_time(store: Store) -> datetime:
    """The time of the database server (UTC): the one clock for due times. Raises StoreError."""
    aware = store.database.codec_options
    hello: Document = await store.retrying(lambda: store.database.command("hello", codec_options=aware))
    return hello["localTime"]


def read_job_timing(row: Document) -> Timing:
    """The timing of a job."""
    every = None if row["every"] is None else timedelta(seconds=row["every"])
    return Timing(row["cron"], every, timedelta(seconds=row["spread"]))


def merge(fresh: Document, known: Document | None, now: datetime) -> Document:
    """`fresh` with what is known of the job: its last crawl, and its due time unless the times of the entry changed or
    only a wrong clock can have set that due time."""
    if known is None:
        return fresh
    row = fresh | {key: known[key] for key in ("last", "attempts", "begun_by")}
    same = all(fresh[key] == known[key] for key in ("cron", "every", "spread"))
    if same and read_job_timing(fresh).is_plausible(known["due_at"], now, fresh["site"]):
        row |= {key: known[key] for key in ("due_at", "queued_at", "queued_attempt")}
    return row


class Jobs:
    """Reads and writes `due`. A `row` is the document of a job. All methods raise StoreError."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def plan(self, schedule: str, entries: Sequence[Entry], now: datetime) -> tuple[int, int]:
        """Make the jobs of `schedule` those of `entries`; return how many are planned, and how many were dropped."""
        rows = {row["_id"]: row for row in await self.find({"schedule": schedule})}
        fresh = [new_job(schedule, entry, site, now) for entry in entries for site in entry.sites]
        wanted = [merge(row, rows.get(row["_id"]), now) for row in fresh]
        changed = [row for row in wanted if row != rows.get(row["_id"])]
        gone = rows.keys() - {row["_id"] for row in wanted}
        work: list[Any] = [_replace(row, rows.get(row["_id"])) for row in changed]
        work += [DeleteOne({"_id": key}) for key in gone]
        for start in range(0, len(work), BULK_SIZE):
            await self._write(work[start : start + BULK_SIZE])
        return len(wanted), len(gone)

    async def _write(self, work: list[Any]) -> None:
        await self.store.retrying(lambda: self.store.database["due"].bulk_write(work, ordered=False))

    async def make_due(self, schedule: str, now: datetime) -> None:
        """Make every job of `schedule` due."""
        due, earlier = self.store.database["due"], {"$min": {"due_at": now}}
        await self.store.retrying(lambda: due.update_many({"schedule": schedule}, earlier))

    async def find(self, query: Document) -> list[Document]:
        """The jobs that match `query`."""
        return await self.store.retrying(lambda: self.store.database["due"].find(query).to_list())

    async def overdue(self, now: datetime) -> list[Document]:
        """The jobs that are due, the longest overdue first."""
        rows = await self.find({"due_at": {"$lte": now}})
        return sorted(rows, key=lambda row: (row["due_at"], row["_id"]))

    async def get(self, key: str) -> Document | None:
        """The job with that `_id`."""
        return await self.store.retrying(lambda: self.store.database["due"].find_one({"_id": key}))

    async def begin(self, row: Document) -> Document | None:
        """Record an attempt at the job and return it (with the `begun_by` of the attempt before), or None if it is no
        longer due: another process, which held the lease of the site before, has done it. Only for the holder of that
        lease."""
        current = await self.get(row["_id"])
        if current is None or current["due_at"] != row["due_at"]:
            return None
        attempt = {"attempts": current["attempts"] + 1, "begun_by": {"host": platform.node(), "pid": os.getpid()}}
        await self._set(row, attempt)
        return {**current, "attempts": attempt["attempts"]}

    async def find_finished_run(self, row: Document) -> Document | None:
        """The run of the attempt before, if that ended and its process died before it could record so in the job."""
        if row["attempts"] < 2 or not row["begun_by"]:
            return None
        query = {"site": row["site"], "started_at": {"$gte": row["due_at"] - timedelta(days=1)}}
        runs = await self.store.retrying(lambda: self.store.database["runs"].find(query).to_list())
        of_attempt = [run for run in runs if {"host": run["host"], "pid": run["pid"]} == row["begun_by"]]
        latest = max(of_attempt, key=lambda run: run["started_at"], default=None)
        known = row["last"] and row["last"]["run"]
        return latest if latest and latest["parent"] != known and latest["finish_reason"] == "finished" else None

    async def end(self, row: Document, last: Document, now: datetime) -> None:
        """Record that the crawl is over (`last` describes it); the next one is due at the entry's next time."""
        due_at = read_job_timing(row).next_due(now, row["site"])
        await self._set(row, {"due_at": due_at, "attempts": 0, "queued_at": None, "last": last})

    async def release(self, row: Document) -> None:
        """Record that the crawl was stopped by us: the job stays due, and the attempt does not count."""
        await self._set(row, {"attempts": row["attempts"] - 1, "queued_at": None})

    async def mark_queued(self, row: Document, attempt: int, now: datetime) -> bool:
        """Record that a message for the job, whose crawl was started so often, is on its way; False if another
        scheduler was faster."""
        due = self.store.database["due"]
        unmoved = {"_id": row["_id"], "due_at": row["due_at"], "queued_at": row["queued_at"]}
        queued = {"$set": {"queued_at": now, "queued_attempt": attempt}}
        answer = await self.store.retrying(lambda: due.update_one(unmoved, queued))
        return answer.modified_count == 1

    async def _set(self, row: Document, update: Document) -> None:
        due = self.store.database["due"]
        unmoved = {"_id": row["_id"], "due_at": row["due_at"]}
        await self.store.retrying(lambda: due.update_one(unmoved, {"$set": update}))


def _replace(row: Document, known: Document | None) -> ReplaceOne[Document]:
    # Not if a crawl has ended since `known` was read: the next planning handles that job.
    unmoved = {"due_at": known["due_at"]} if known else {}
    return ReplaceOne({"_id": row["_id"], **unmoved}, row, upsert=known is None)


# --- The planner ---

POLL_SECONDS = 1.0
"""How often the file is checked for changes."""
REPLAN_SECONDS = 600.0
"""How often due times are checked although the file is the same: a wrong clock may have set some."""


class Planner:
    """Keeps the jobs in step with the schedule file at `path`."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.settings = path, settings
        self.entries: list[Entry] = []
        self._state: tuple[int, int] | None = None
        self._planned = self._checked = 0.0

    def read(self) -> None:
        """Read the file. Raises ScheduleError."""
        self._state = self._file_state()
        self.entries = read_schedule(self.path, load())

    def plan(self, *, now: bool = False) -> int:
        """Write the jobs, with `now` as if all were due, and return how many are planned. Raises StoreError."""
        planned, dropped = asyncio.run(self._plan(now))
        self._planned = time.monotonic()
        sites = sum(len(entry.sites) for entry in self.entries)
        logger.info("%s: %d entries, %d sites planned, %d dropped", self.path, len(self.entries), planned, dropped)
        assert planned == sites
        return planned

    def refresh(self) -> None:
        """Plan again if the file has changed or it is time to. A file with faults is logged and changes nothing."""
        if time.monotonic() - self._checked < POLL_SECONDS:
            return
        self._checked = time.monotonic()
        changed = self._file_state() != self._state
        if not changed and self._checked - self._planned < REPLAN_SECONDS:
            return
        try:
            if changed:
                self.read()
            self.plan()
        except ScheduleError as error:
            logger.error("The schedule stays as it was:\n%s", error)
        except StoreError as error:
            logger.error("%s", error)
            self._planned = time.monotonic()

    def _file_state(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    async def _plan(self, at_once: bool) -> tuple[int, int]:
        settings = self.settings
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
        try:
            jobs, now, name = Jobs(store), await server_time(store), self.path.stem
            result = await jobs.plan(name, self.entries, now)
            if at_once:
                await jobs.make_due(name, now)
            return result
        finally:
            await store.close()
