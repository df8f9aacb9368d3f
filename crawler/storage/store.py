"""The store as crawls use it: what is known, what became of a run, and patience with a server that is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from crawler.storage.embedded import ensure_running, status, stop
from crawler.storage.errors import StoreAway, StoreError
from crawler.storage.runs import RunStore
from crawler.storage.sections import SectionStore

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

REACH_SECONDS = 5
OPTIONS: dict[str, Any] = {
    "tz_aware": True,
    "serverSelectionTimeoutMS": REACH_SECONDS * 1000,
    "connectTimeoutMS": REACH_SECONDS * 1000,
    # A server that hangs is a server that is away; the longest honest answer is an index build.
    "socketTimeoutMS": 120_000,
    # Acknowledged means on disk: without it mongod may lose the last 100 ms at a `kill -9`.
    "journal": True,
    # `Store.retrying` does both, with patience, and starts a dead embedded server again instead of waiting for it.
    "retryWrites": False,
    "retryReads": False,
    "appname": "food-safety-crawler",
}

RETRY_SECONDS = 60.0
FIRST_WAIT, LONGEST_WAIT = 0.25, 10.0

# The server is ending, starting, changing roles, out of sessions or out of space: the same request may succeed later.
TRANSIENT = frozenset({6, 7, 50, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031})
TELL_SECONDS = 30.0
PASSING = ("timeout", "unreachable", "given_up", "http_5", "http_429", "http_408")
"""Reasons of rejects that say nothing of the page: the next crawl asks for it again."""


class Store:
    """One database. Opened by `storage.mongo.open_store`; used under a running asyncio loop."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], name: str, uri: str, directory: Path | None) -> None:
        """`directory` is that of the embedded server, None for one that isn't ours to start again."""
        self._clients = [client]
        self._name = name
        self._uri = uri
        self._directory = directory
        self._told = float("-inf")
        self._away = False
        self.patience = RETRY_SECONDS
        """Seconds that every request waits for a server that is away."""
        self.hurried: Callable[[], bool] = lambda: False
        """Whether nobody has time to wait any more: the crawl is to end."""
        self.keep: Callable[[list[dict[str, Any]]], None] | None = None
        """Where records of runs wait while the server is away: a spool's `append`."""
        self.database: AsyncDatabase[dict[str, Any]] = client[name]

    @property
    def is_embedded(self) -> bool:
        """Whether it is the embedded server, which serves this machine alone."""
        return self._directory is not None

    @property
    def sections(self) -> SectionStore:
        """What earlier crawls left of each section."""
        return SectionStore(self)

    @property
    def runs(self) -> RunStore:
        """What crawls did and how the sites are."""
        return RunStore(self)

    async def known(
        self, ids: Iterable[str], rejected_since: datetime | None = None, relevant_from: float | None = None
    ) -> set[str]:
        """Those of `ids` (hashes of canonical addresses) that need no fetch: stored articles, other addresses of stored
        articles, with `rejected_since` pages rejected since then (unless the site failed), and with `relevant_from`
        articles whose relevance is below, however long ago they were read. Raises StoreError."""
        wanted = list(ids)
        if not wanted:
            return set()
        return await self.retrying(lambda: self._known(wanted, rejected_since, relevant_from))

    async def _known(self, ids: list[str], rejected_since: datetime | None, relevant_from: float | None) -> set[str]:
        # One query each: the embedded server answers an $or, or an index joined with another condition, by a scan.
        among = {"$in": ids}
        found = {row["_id"] async for row in self.database["articles"].find({"_id": among}, {"_id": 1, "revision": 1})}
        async for row in self.database["articles"].find({"also_at._id": among}, {"also_at._id": 1}):
            found.update(other["_id"] for other in row["also_at"])
        async for row in self.database["rejects"].find({"article": among}, {"detail": 0, "site": 0}):
            if row["reason"] == "irrelevant":
                spared = relevant_from is not None and (row.get("score") or 0) < relevant_from
            else:
                lasting = not row["reason"].startswith(PASSING)
                spared = lasting and rejected_since is not None and row["last_seen_at"] >= rejected_since
            if spared:
                found.add(row["article"])
        return found.intersection(ids)

    async def close(self) -> None:
        """Close the connections. The embedded server runs on."""
        for client in self._clients:
            await client.close()

    async def retrying(self, work: Callable[[], Awaitable[Answer]], seconds: float | None = None) -> Answer:
        """What `work` gives, tried again with growing waits while the server is away, for at most `seconds` (None:
        `patience`); an embedded server that died, or whose disk was full, is started again. `work` must bear
        repetition. Raises StoreAway where the server stays away, StoreError for anything else."""
        patience = self.patience if seconds is None else seconds
        started, wait, obstacle = time.monotonic(), FIRST_WAIT, ""
        if self._away and self.hurried():
            raise StoreAway("The store is away, and the crawl is to end.")
        await self._follow()
        while True:
            try:
                answer = await work()
                self._away = False
                return answer
            except (ConnectionFailure, OperationFailure) as error:
                # The embedded server runs on after a failed write, mostly for want of space, and serves nobody.
                broken = self._directory is not None and "WT_PANIC" in _said(error)
                if not (broken or is_transient(error)):
                    raise StoreError(f"The store refused an operation: {_said(error)}.") from error
                self._away = True
                if time.monotonic() - started + wait > patience or self.hurried():
                    if self.hurried():
                        raise StoreAway("The store is away, and the crawl is to end.") from error
                    why = obstacle or "see `scrapy db status`"
                    raise StoreAway(
                        f"The store went away and didn't come back within {patience:g} s: {why}."
                    ) from error
                self._tell(obstacle or type(error).__name__)
            except PyMongoError as error:
                raise StoreError(f"The store can't be used: {_said(error)}.") from error
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
            if self._directory is not None:
                try:
                    await self._revive(self._directory, broken)
                except StoreError as error:
                    obstacle = str(error).rstrip(".")

    def _tell(self, why: str) -> None:
        # Every list page of every site may be waiting: one line now and then tells it.
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            logger.warning("The store is away (%s); trying again until it is back", why)

    async def _follow(self) -> None:
        """Turn to the embedded server where it was away and somebody started it again, at another port: who has no
        patience tries once."""
        if self._away and self._directory and (daemon := await asyncio.to_thread(status, self._directory)):
            self._turn_to(daemon.uri)

    async def _revive(self, directory: Path, broken: bool) -> None:
        if broken:
            await asyncio.to_thread(stop, directory)
        self._turn_to(await asyncio.to_thread(ensure_running, directory))

    def _turn_to(self, uri: str) -> None:
        if uri != self._uri:
            # The client of the old address stays open until the end: another task may be waiting for its answer.
            self._clients.append(AsyncMongoClient(uri, **OPTIONS))
            self._uri, self.database = uri, self._clients[-1][self._name]


def is_transient(error: PyMongoError) -> bool:
    """Whether the same request may succeed a moment later."""
    return isinstance(error, ConnectionFailure) or (isinstance(error, OperationFailure) and error.code in TRANSIENT)


def _said(error: PyMongoError) -> str:
    details = (error.details if isinstance(error, OperationFailure) else None) or {}
    failed = [details, *details.get("writeErrors", ())]
    return str(next((each["errmsg"] for each in failed if each.get("errmsg")), type(error).__name__)).rstrip(".")
