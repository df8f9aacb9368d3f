"""A process among those that crawl: its heartbeat in the store, by which the others see that it lives.

Nobody's clock decides. Who watches a holder sees its beat change, or sees by a clock of intervals of its own that it
stayed the same for the holder's `seconds`; then it deletes the holder, if the beat is still that one. A holder that
could not write its beat for so long takes itself for dead before anyone else may. On the same machine a process that
has ended is seen at once.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pymongo import ReturnDocument

from crawler.storage.store import Store

Document = dict[str, Any]

_BEAT = [{"$set": {"beat": {"$add": ["$beat", 1]}, "heartbeat_at": "$$NOW"}}]


def elapsed() -> float:
    """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Holder:
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
