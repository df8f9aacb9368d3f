"""Who crawls a site: one process at a time, anywhere. A lease belongs to a holder (`holder.py`) and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from crawler.storage.errors import StoreError
from crawler.storage.holder import Document, Holder, described, elapsed
from crawler.storage.store import Store

logger = logging.getLogger(__name__)

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
        self.holder = Holder(store, seconds)
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
        silent for too long, only the store can tell: then this waits for it as long as the store's `patience`."""
        enough = elapsed() + self.store.patience
        while lease.holder == self.holder.id and not self.holder.is_valid:
            try:
                async with self._steps:
                    await self._step()
            except StoreError:
                if self.store.is_embedded:
                    return True  # it serves this machine alone: while it is away, nobody can take anything
                if elapsed() > enough or self.store.hurried():
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
