"""From the schedule file to jobs: at the start, when the file has changed, and now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from scrapy.settings import Settings

from crawler.errors import StoreError
from crawler.schedule.file import Entry, ScheduleError, read_schedule
from crawler.schedule.jobs import Jobs, server_time
from crawler.sites.registry import load
from crawler.storage.store import open_store

logger = logging.getLogger(__name__)

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
