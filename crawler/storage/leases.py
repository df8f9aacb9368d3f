"""Who crawls a site: one process at a time, anywhere. A lease belongs to a holder (`holder.py`) and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crawler.errors import StoreError
from crawler.storage.store import Store

logger = logging.getLogger(__name__)


# A process among those that crawl: its heartbeat in the store, by which the others see that it lives. Nobody's
# clock decides. Who watches a holder sees its beat change, or sees by a clock of intervals of its own that it
# stayed the same for the holder's `seconds`; then it deletes the holder, if the beat is still that one. A holder
# that could not write its beat for so long takes itself for dead before anyone else may. On the same machine a
# process that has ended is seen at once.

Document = dict[str, Any]

_BEAT = [{"$set": {"beat": {"$add": ["$beat", 1]}, "heartbeat_at": "$$NOW"}}]


def elapsed() -> float:
    """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class WorkerHeartbeat:
    """This process. `seconds` without a heartbeat and it counts as dead. All methods raise StoreError."""

    def __init__(self, store: Store, seconds: float) -> None:
        self.store = store
        self.seconds = seconds
        self.id = ""
        self._valid_until = 0.0
        self._server_time, self._read_at = datetime.now(UTC), elapsed()
        self._seen: dict[str, tuple[int, float]] = {}
        self._looked = 0.0

    async def join(self) -> None:
        """Become known, under a new id."""
        self.id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        row = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "machine": _machine(),
            "born": _born(os.getpid()),
            "seconds": self.seconds,
            "beat": 0,
            "heartbeat_at": datetime.now(UTC),
            "joined_at": datetime.now(UTC),
        }
        await self.store.retrying(
            lambda: self.store.database["holders"].replace_one({"_id": self.id}, row, upsert=True), self.seconds
        )
        await self.beat()

    async def leave(self) -> None:
        """Be known no longer; leases still held are free."""
        await self.store.retrying(lambda: self.store.database["holders"].delete_one({"_id": self.id}))

    async def beat(self) -> bool:
        """Say that this process lives. False where it had been taken for dead: then nothing it held is its own."""
        sent = elapsed()
        row = await self.store.retrying(self._beat, self.seconds / 4)
        if row is None:
            self._valid_until = 0.0
            return False
        self._valid_until = sent + self.seconds
        self._server_time, self._read_at = row["heartbeat_at"], elapsed()
        return True

    async def _beat(self) -> Document | None:
        return await self.store.database["holders"].find_one_and_update(
            {"_id": self.id}, _BEAT, return_document=ReturnDocument.AFTER
        )

    @property
    def is_valid(self) -> bool:
        """Whether nobody may have taken this process for dead yet."""
        return elapsed() < self._valid_until

    def now(self) -> datetime:
        """The store's time (UTC): the clock that all machines share, whatever their own show."""
        return self._server_time + timedelta(seconds=elapsed() - self._read_at)

    async def bury(self) -> list[Document]:
        """Look at the other holders and delete those that are dead; those deleted. To be called at least every quarter
        of `seconds`: after a longer gap the watching begins anew, for the store may have been away for all."""
        asked = elapsed()
        if asked - self._looked > self.seconds / 2:
            self._seen.clear()
        holders = self.store.database["holders"]
        rows = await self.store.retrying(lambda: holders.find({}).to_list(), self.seconds / 4)
        self._looked = elapsed()
        self._seen = {row["_id"]: self._observed(row) for row in rows}
        dead = [row for row in rows if row["_id"] != self.id and self._is_dead(row, asked)]
        return [row for row in dead if await self._delete(row)]

    def _observed(self, row: Document) -> tuple[int, float]:
        beat, since = self._seen.get(row["_id"], (-1, 0.0))
        return (beat, since) if beat == row["beat"] else (row["beat"], self._looked)

    def _is_dead(self, row: Document, asked: float) -> bool:
        return has_ended(row) or asked - self._seen[row["_id"]][1] >= row["seconds"]

    async def _delete(self, row: Document) -> bool:
        unchanged = {"_id": row["_id"], "beat": row["beat"]}
        answer = await self.store.retrying(lambda: self.store.database["holders"].delete_one(unchanged))
        return answer.deleted_count == 1


def has_ended(row: Document) -> bool:
    """Whether a holder's process is known to be gone: one of this machine that runs no longer."""
    return row["machine"] == _machine() and row["machine"] is not None and _born(row["pid"]) != row["born"]


def described(row: Document) -> str:
    """A holder for people."""
    return f"process {row['pid']} on {row['host']}"


@cache
def _machine() -> str | None:
    """This machine since its last start, and this container of it; None where the system can't say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _born(pid: int) -> int | None:
    """When a process started, in ticks since the machine did: with its pid it tells it from all others; None where it
    has ended."""
    try:
        # proc(5): the name in parentheses may hold anything, so count from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[19])


SECONDS = 30.0
"""How long a process may be silent before its sites are given to others."""
BEATS = 10
"""Heartbeats in that time, and looks at those of others."""


@dataclass(frozen=True)
class Lease:
    """The right to crawl a host. `token` grows with every lease of it: who has an older one has lost it."""

    host: str
    site: str
    holder: str
    token: int


class HeldElsewhere(Exception):
    """Another process crawls the host; the message says which."""


async def held_sites(store: Store) -> set[str]:
    """The sites that are being crawled by processes that nobody has seen dead. Raises StoreError."""
    return (await held_and_left_sites(store))[0]


async def held_and_left_sites(store: Store) -> tuple[set[str], dict[str, datetime]]:
    """The `held_sites`, and those whose crawler is dead, each with the time when that took it. Raises StoreError."""
    database = store.database
    # Leases first: of a holder that joins meanwhile there is none among them. Any text is greater than "": a range of
    # the index, which "not null" isn't.
    leases = await store.retrying(lambda: database["leases"].find({"holder": {"$gt": ""}}).to_list())
    alive = {row["_id"] for row in await store.retrying(lambda: database["holders"].find({}).to_list())}
    held = {row["site"] for row in leases if row["holder"] in alive}
    return held, {row["site"]: row["taken_at"] for row in leases if row["site"] not in held}


class Leases:
    """The leases of this process. Beats and looks after the dead in the background between `open` and `close`."""

    def __init__(self, store: Store, seconds: float = SECONDS) -> None:
        self.holder = WorkerHeartbeat(store, seconds)
        self.store = store
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self._watched: dict[str, int] = {}
        self._steps = asyncio.Lock()

    async def open(self) -> None:
        """Join. Raises StoreError."""
        await self.holder.join()
        await self.holder.bury()
        self._task = asyncio.create_task(self._live())

    async def close(self) -> None:
        """Leave: whatever is still held is free, for it belongs to nobody who lives."""
        # Not by cancelling: the driver may swallow that where an answer just came.
        self._ending.set()
        if self._task:
            await self._task
        with contextlib.suppress(StoreError):  # then it counts as dead after `seconds`
            await self.holder.leave()

    async def take(self, site: str, host: str, *, rest: float = 0, patience: bool = False) -> Lease:
        """The lease of `host` for `site`, once the host was left alone for `rest` seconds. Raises HeldElsewhere,
        StoreError. With `patience` it first waits until a holder that may be dead has moved or is gone, at most its
        `seconds`."""
        # The claim tells this taking from any other, so that it may be repeated after a lost answer.
        claim = {"holder": self.holder.id, "site": site, "claim": uuid.uuid4().hex}
        while True:
            row = await self.store.retrying(lambda: self._take(host, claim))
            if isinstance(row, dict):
                await asyncio.sleep(self._left_to_rest(row, rest))
                return Lease(host, site, claim["holder"], row["token"])
            if not patience or self._watched.setdefault(row.id, row.beat) != row.beat:
                raise HeldElsewhere(row.told)
            await asyncio.sleep(self.holder.seconds / 8)
            await self.holder.bury()

    async def release(self, lease: Lease) -> None:
        """Give `lease` back, unless it was lost. Raises StoreError."""
        mine = {"_id": lease.host, "token": lease.token}
        free = {"$set": {"holder": None, "released_at": self.holder.now()}}
        await self.store.retrying(lambda: self.store.database["leases"].update_one(mine, free))

    async def holds(self, lease: Lease) -> bool:
        """Whether `lease` is still this process's, at this moment: asked before every request. Where this process was
        silent for too long, only the store can tell: then this waits for it as long as the store's `retry_timeout`."""
        enough = elapsed() + self.store.retry_timeout
        while lease.holder == self.holder.id and not self.holder.is_valid:
            try:
                async with self._steps:
                    await self._step()
            except StoreError:
                if self.store.is_embedded:
                    return True  # it serves this machine alone: while it is away, nobody can take anything
                if elapsed() > enough or self.store.is_shutting_down():
                    return False
                await asyncio.sleep(self.holder.seconds / 8)
        return lease.holder == self.holder.id

    def _left_to_rest(self, row: Document, rest: float) -> float:
        if row["token"] == 1:
            return 0.0
        # Whoever died may have asked the host for something a moment ago.
        since = (self.holder.now() - row["released_at"]).total_seconds() if row["released_at"] else 0.0
        return min(rest, max(0.0, rest - since))

    async def _live(self) -> None:
        while not self._ending.is_set():
            try:
                await asyncio.wait_for(self._ending.wait(), self.holder.seconds / BEATS)
            except TimeoutError:
                await self._step_if_possible()

    async def _step_if_possible(self) -> None:
        try:
            async with self._steps:
                await self._step()
        except StoreError as error:
            logger.warning("No heartbeat: %s", error)

    async def _step(self) -> None:
        if not await self.holder.beat():
            logger.warning("This process was silent for too long: others may have taken its sites")
            await self.holder.join()
        for row in await self.holder.bury():
            logger.info("%s is gone; its sites are free", described(row))

    async def _take(self, host: str, claim: Mapping[str, str]) -> Document | _Other:
        """The lease's document once it is ours, or who has it."""
        database = self.store.database
        while True:
            lease = await database["leases"].find_one({"_id": host})
            if lease is not None and lease["claim"] == claim["claim"]:
                return lease
            if lease is not None and lease["holder"] is not None:
                holder = await database["holders"].find_one({"_id": lease["holder"]})
                if holder is not None:
                    return _Other(holder["_id"], holder["beat"], described(holder))
            taken = await self._swap(host, claim, lease)
            if taken:
                return taken

    async def _swap(self, host: str, claim: Mapping[str, str], known: Document | None) -> Document | None:
        """Take the lease if its document is still the `known` one (None: there was none)."""
        leases, ours = self.store.database["leases"], {**claim, "taken_at": self.holder.now()}
        if known is not None:
            released = known["released_at"] if known["holder"] is None else None
            return await leases.find_one_and_update(
                {"_id": host, "token": known["token"]},
                {"$set": {**ours, "released_at": released}, "$inc": {"token": 1}},
                return_document=ReturnDocument.AFTER,
            )
        with contextlib.suppress(DuplicateKeyError):  # another process was faster
            await leases.insert_one({"_id": host, "token": 1, **ours, "released_at": None})
        return None


@dataclass(frozen=True)
class _Other:
    id: str
    beat: int
    told: str
