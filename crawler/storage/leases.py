"""Leases: at most one process, on any machine, crawls a host at a time, and the host rests between two crawls.

Collection `leases` has one document a host: `{_id: host, owner, site, taken_at, expires_at}`. Every time in it is the
server's. A process renews its leases several times in LEASE_SECONDS; a lease that was not renewed expires. While
`owner` is null, `expires_at` is when the host has rested enough.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from crawler.errors import StoreError
from crawler.storage.store import Store

logger = logging.getLogger(__name__)

Document = dict[str, Any]

LEASE_SECONDS = 30.0
"""How long after its last renewal a lease expires."""
RENEWALS = 10
"""Renewals in that time."""
MIN_WAIT = 0.01


class HeldElsewhere(Exception):
    """Another crawl holds the lease; the message names its process."""


class Lease:
    """The right to crawl `host` for `site`. Compared by identity: each time a lease is taken there is a new one."""

    def __init__(self, host: str, site: str, rest: float) -> None:
        self.host = host
        self.site = site
        self.rest = rest
        """Seconds for which the host is left alone after the lease is released."""


class Leases:
    """The leases of this process, renewed in the background between `open` and `close`."""

    def __init__(self, store: Store, seconds: float = LEASE_SECONDS) -> None:
        self.store = store
        self.seconds = seconds
        self.owner: Document = {
            "id": f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "machine": _machine(),
        }
        self._held: dict[str, Lease] = {}
        self._lost: set[Lease] = set()
        self._busy: set[str] = set()
        """Hosts whose lease is being taken or released."""
        self._valid_until = 0.0
        self._server_time, self._read_at = datetime.now(UTC), elapsed()
        self._first_seen: dict[str, datetime] = {}
        self._alive: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._renewing = asyncio.Lock()

    @property
    def _collection(self) -> AsyncCollection[Document]:
        return self.store.database["leases"]

    async def open(self) -> None:
        """Start to renew. Raises StoreError."""
        await self._renew()
        self._task = asyncio.create_task(self._renew_regularly())

    async def close(self) -> None:
        """Stop to renew, and release what is still held."""
        # Not by cancelling: the driver may swallow that if an answer has just come.
        self._closing.set()
        if self._task:
            await self._task
        rest = max((lease.rest for lease in self._held.values()), default=0.0)
        self._held.clear()
        try:
            await self.store.retrying(lambda: self._collection.update_many(self._own(), _released(rest)))
        except StoreError as error:
            logger.warning("The leases of this process are not released; they expire by themselves: %s", error)

    def now(self) -> datetime:
        """The server's time (aware, UTC), whatever the clock of this machine shows."""
        return self._server_time + timedelta(seconds=elapsed() - self._read_at)

    async def take(self, site: str, host: str, *, rest: float = 0, wait: bool = False) -> Lease:
        """Take the lease of `host` for `site`, once the host has rested after the crawl before; it will rest for `rest`
        seconds after this one. Raises HeldElsewhere, StoreError. With `wait`, a process that may be dead is watched
        until it renews its leases or they expire."""
        if host in self._held or host in self._busy:
            raise HeldElsewhere(describe(self.owner))
        with self._working_on(host):
            while True:
                row = await self.store.retrying(lambda: self._try_to_take(host, site))
                owner = row["owner"]
                if owner is None:
                    await asyncio.sleep(max(MIN_WAIT, (row["expires_at"] - self.now()).total_seconds()))
                elif owner["id"] == self.owner["id"]:
                    self._held[host] = lease = Lease(host, site, rest)
                    return lease
                elif not await self.store.retrying(lambda row=row: self._release_dead(row, rest)):  # type: ignore[misc]
                    if not wait or self._is_alive(row):
                        raise HeldElsewhere(describe(owner))
                    await asyncio.sleep(self.seconds / 8)

    async def release(self, lease: Lease) -> None:
        """Release `lease`, unless it was lost. Raises StoreError."""
        self._lost.discard(lease)
        if self._held.get(lease.host) is lease:
            del self._held[lease.host]
            await self._release_host(lease.host, lease.rest)

    async def holds(self, leases: Set[Lease]) -> bool:
        """Whether all `leases` are held at this moment: asked before every request. If this process could not renew
        them in time only the database knows; then this waits for it as long as the store's `retry_timeout`."""
        give_up_at = elapsed() + self.store.retry_timeout
        while elapsed() >= self._valid_until:
            try:
                await self._renew()
            except StoreError:
                if self.store.is_embedded:
                    break  # it serves only this machine: while it is unavailable, nobody can take anything
                if elapsed() > give_up_at or self.store.is_shutting_down():
                    return False
                await asyncio.sleep(self.seconds / 8)
        return self._lost.isdisjoint(leases)

    @contextmanager
    def _working_on(self, host: str) -> Iterator[None]:
        self._busy.add(host)
        try:
            yield
        finally:
            self._busy.discard(host)

    async def _release_host(self, host: str, rest: float) -> None:
        with self._working_on(host):
            mine = {"_id": host, **self._own()}
            await self.store.retrying(lambda: self._collection.update_one(mine, _released(rest)))

    def _own(self) -> Document:
        return {"owner.id": self.owner["id"]}

    async def _try_to_take(self, host: str, site: str) -> Document:
        """The host's document after one atomic attempt: ours if it was free. Safe to repeat after a lost answer."""
        is_free = {
            "$and": [
                {"$eq": [{"$ifNull": ["$owner", None]}, None]},
                {"$lte": [{"$ifNull": ["$expires_at", datetime.fromtimestamp(0, UTC)]}, "$$NOW"]},
            ]
        }
        values = {
            "owner": {"$literal": self.owner},
            "site": {"$literal": site},
            "taken_at": "$$NOW",
            "expires_at": _after(self.seconds),
        }
        taken = {name: {"$cond": [is_free, value, {"$ifNull": [f"${name}", None]}]} for name, value in values.items()}
        row = await self._collection.find_one_and_update(
            {"_id": host}, [{"$set": taken}], upsert=True, return_document=ReturnDocument.AFTER
        )
        assert row is not None, "an upsert returns the document"
        return row

    async def _release_dead(self, row: Document, rest: float) -> bool:
        """Release another process's lease if it has expired, or its process ran on this machine and has ended. The host
        rests first: that process may have sent a request a moment ago."""
        dead = {"_id": row["_id"], "owner.id": row["owner"]["id"]}
        if not has_ended(row["owner"]):
            dead["$expr"] = {"$lte": ["$expires_at", "$$NOW"]}
        if (await self._collection.update_one(dead, _released(rest))).modified_count == 0:
            return False
        logger.info("%s is gone; its lease of %s is released", describe(row["owner"]), row["_id"])
        return True

    def _is_alive(self, row: Document) -> bool:
        """Whether the owner of the lease has renewed it since it was first seen."""
        owner = row["owner"]["id"]
        if self._first_seen.setdefault(row["_id"], row["expires_at"]) != row["expires_at"]:
            self._alive.add(owner)
        return owner in self._alive

    async def _renew_regularly(self) -> None:
        while not self._closing.is_set():
            try:
                await asyncio.wait_for(self._closing.wait(), self.seconds / RENEWALS)
            except TimeoutError:
                try:
                    await self._renew()
                except StoreError as error:
                    logger.warning("The leases of this process could not be renewed: %s", error)

    async def _renew(self) -> None:
        """Renew what is held, and find out what was lost. Raises StoreError."""
        async with self._renewing:
            held, sent = dict(self._held), elapsed()
            renewed = await self.store.retrying(self._renew_own, self.seconds / 4)
            if renewed != len(held):
                await self._compare(held)
            self._valid_until = sent + self.seconds
            self._server_time, self._read_at = await self.store.server_time(), elapsed()

    async def _compare(self, held: Mapping[str, Lease]) -> None:
        """Find out which of `held` another process has taken over, because this one slept or was cut off, and release
        what a failed request left behind."""
        ours = await self.store.retrying(self._own_hosts, self.seconds / 4)
        for host, lease in held.items():
            if host not in ours and self._held.get(host) is lease:
                logger.warning("The lease of %s was not renewed in time: another process has taken it", host)
                self._lost.add(self._held.pop(host))
        for host in ours - self._held.keys() - self._busy:
            await self._release_host(host, 0)

    async def _renew_own(self) -> int:
        answer = await self._collection.update_many(self._own(), [{"$set": {"expires_at": _after(self.seconds)}}])
        return answer.matched_count

    async def _own_hosts(self) -> set[str]:
        return {row["_id"] async for row in self._collection.find(self._own(), {"owner": 1})}


def _after(seconds: float) -> Document:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": int(seconds * 1000)}}


def _released(rest: float) -> list[Document]:
    return [{"$set": {"owner": None, "expires_at": _after(rest)}}]


async def held_and_left_sites(store: Store) -> tuple[set[str], dict[str, datetime]]:
    """Return the sites that are being crawled, and those whose crawler died before it could release them, each with the
    time at which that took it. Raises StoreError."""
    # Any text is greater than "": a range of the index, which "not null" isn't.
    rows = await store.retrying(lambda: store.database["leases"].find({"owner.id": {"$gt": ""}}).to_list())
    now = await store.server_time()
    held = {row["site"] for row in rows if is_held(row, now)}
    return held, {row["site"]: row["taken_at"] for row in rows if row["site"] not in held}


async def held_sites(store: Store) -> set[str]:
    """Return the sites that are being crawled. Raises StoreError."""
    return (await held_and_left_sites(store))[0]


def is_held(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether the process that took a lease still has it at `now`, the server's time."""
    return row["owner"] is not None and row["expires_at"] > now and not has_ended(row["owner"])


def has_ended(owner: Mapping[str, Any]) -> bool:
    """Whether the process of a lease ran on this machine and is gone, so that nobody need wait until the lease expires.
    False if that can't be seen from here, or if another process has got its number."""
    if owner["machine"] is None or owner["machine"] != _machine():
        return False
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it runs, as another user
    return False


def describe(owner: Mapping[str, Any]) -> str:
    """Return the process of a lease for people."""
    return f"process {owner['pid']} on {owner['host']}"


@cache
def _machine() -> str | None:
    """This machine since its last start, and the container on it in which process numbers mean the same; None if the
    system has no such thing."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def elapsed() -> float:
    """Return the seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
