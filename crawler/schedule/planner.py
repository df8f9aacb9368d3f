"""From the schedule file to due times: at the start, when the file has changed, and now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from scrapy.settings import Settings

from crawler.schedule.due import DueTimes, store_time
from crawler.schedule.file import Entry, ScheduleError, read_schedule
from crawler.sites.registry import load
from crawler.storage.errors import StoreError
from crawler.storage.mongo import open_store

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 600.0
"""How often due times are looked over although the file is the same: a wrong clock may have set some."""


class Planner:
    """Keeps `due` in step with the file at `path`."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.settings = path, settings
        self.entries: list[Entry] = []
        self._state: tuple[int, int] | None = None
        self._planned = self._looked = 0.0

    def read(self) -> None:
        """Read the file. Raises ScheduleError."""
        self._state = self._look()
        self.entries = read_schedule(self.path, load())

    def plan(self, *, now: bool = False) -> int:
        """Write the due times, with `now` as if everything were due; how many sites are planned. Raises StoreError."""
        planned, dropped = asyncio.run(self._plan(now))
        self._planned = time.monotonic()
        sites = sum(len(entry.sites) for entry in self.entries)
        logger.info("%s: %d entries, %d sites planned, %d dropped", self.path, len(self.entries), planned, dropped)
        assert planned == sites
        return planned

    def tend(self) -> None:
        """Plan again where the file has changed or it is time to; a file with faults changes nothing."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        changed = self._look() != self._state
        if not changed and self._looked - self._planned < AGAIN_SECONDS:
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

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    async def _plan(self, at_once: bool) -> tuple[int, int]:
        settings = self.settings
        store = await open_store(settings["MONGO_URI"], settings["MONGO_DATABASE"], Path(settings["DATA_DIR"]))
        try:
            due, now, name = DueTimes(store), await store_time(store), self.path.stem
            result = await due.plan(name, self.entries, now)
            if at_once:
                await due.make_due(name, now)
            return result
        finally:
            await store.close()
