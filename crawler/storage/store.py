"""The store as crawls use it: what is known, what became of a run, and patience with a server that is away."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidName, OperationFailure, PyMongoError

from crawler.errors import StoreError, StoreUnavailable
from crawler.storage.embedded import data_dir, ensure_running, status, stop
from crawler.storage.schema import COLLECTIONS, VERSION, Collection
from crawler.storage.state import RunStore, SectionStore
from crawler.storage.views import VIEWS, View

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
FIRST_WAIT, MAX_WAIT = 0.25, 10.0

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
        repetition. Raises StoreUnavailable where the server stays away, StoreError for anything else."""
        patience = self.patience if seconds is None else seconds
        started, wait, obstacle = time.monotonic(), FIRST_WAIT, ""
        if self._away and self.hurried():
            raise StoreUnavailable("The store is away, and the crawl is to end.")
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
                        raise StoreUnavailable("The store is away, and the crawl is to end.") from error
                    why = obstacle or "see `scrapy db status`"
                    raise StoreUnavailable(
                        f"The store went away and didn't come back within {patience:g} s: {why}."
                    ) from error
                self._tell(obstacle or type(error).__name__)
            except PyMongoError as error:
                raise StoreError(f"The store can't be used: {_said(error)}.") from error
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_WAIT)
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


# Setting up a database: its version, collections, validators, indexes and views.

_NAMESPACE_EXISTS, _UNAUTHORIZED, _OPTIONS_CONFLICT, _KEYS_CONFLICT = 48, 13, 85, 86
_VERSION_KEY = "schema"


async def ensure(database: Any) -> None:
    """Create the collections, validators, indexes and views that `database` (async) lacks: a few requests where nothing
    is missing, safe for several processes at once. Raises StoreError, also for a database of another version of the
    schema, and PyMongoError for a lost server."""
    present = {entry["name"]: entry async for entry in await database.list_collections()}
    if is_fresh(present):
        await _ensure_collection(database, "maintenance", COLLECTIONS["maintenance"], present.get("maintenance"))
        await _mark_fresh(database)
    else:
        check_version(await stored_version(database), database.name)
    collections = (_ensure_collection(database, name, spec, present.get(name)) for name, spec in COLLECTIONS.items())
    await asyncio.gather(*collections)
    await asyncio.gather(*(_ensure_view(database, name, view, present.get(name)) for name, view in VIEWS.items()))


def is_fresh(names: Any) -> bool:
    """Whether none of our collections is among `names`, or only what another process has just begun with."""
    return set(names) & set(COLLECTIONS) <= {"maintenance"}


async def stored_version(database: Any) -> int:
    """The schema version of a database (async) that isn't fresh; 1 for one that doesn't say."""
    entry = await database["maintenance"].find_one({"_id": _VERSION_KEY})
    return int(entry["version"]) if entry else 1


async def store_version(database: Any, version: int) -> None:
    """Write down the schema version that all documents of `database` (async) follow."""
    await database["maintenance"].update_one({"_id": _VERSION_KEY}, {"$set": {"version": version}}, upsert=True)


def check_version(version: int, name: str) -> None:
    """Raises StoreError, saying what to do, where `version` of the database `name` isn't the one of this program."""
    if version < VERSION:
        raise StoreError(
            f"The database {name} follows version {version} of the schema and this program version {VERSION}: "
            "run `scrapy migrate` once, then try again."
        )
    if version > VERSION:
        raise StoreError(
            f"The database {name} follows version {version} of the schema, newer than version {VERSION} of this "
            "program: update the program, or choose another MONGO_DATABASE."
        )


async def _mark_fresh(database: Any) -> None:
    from pymongo.errors import DuplicateKeyError

    try:
        await database["maintenance"].update_one(
            {"_id": _VERSION_KEY}, {"$setOnInsert": {"version": VERSION}}, upsert=True
        )
    except DuplicateKeyError:
        # Another process was faster.
        return


async def _ensure_collection(database: Any, name: str, spec: Collection, present: dict[str, Any] | None) -> None:
    from pymongo import IndexModel
    from pymongo.errors import OperationFailure

    try:
        if present is None:
            await _create(database, {"create": name, "validator": spec.validator})
        elif present.get("options", {}).get("validator") != spec.validator:
            await database.command({"collMod": name, "validator": spec.validator})
        if spec.indexes:
            models = [IndexModel(list(index.keys), name=index.name) for index in spec.indexes]
            await database[name].create_indexes(models)
    except OperationFailure as error:
        if error.code == _UNAUTHORIZED:
            raise StoreError(_not_allowed(name, database.name)) from error
        if error.code in {_OPTIONS_CONFLICT, _KEYS_CONFLICT}:
            raise StoreError(
                f"The collection {name} of the database {database.name} has an index of one of our names with other "
                "keys: drop that index, or choose another MONGO_DATABASE."
            ) from error
        raise


async def _ensure_view(database: Any, name: str, view: View, present: dict[str, Any] | None) -> None:
    from pymongo.errors import OperationFailure

    if present is not None and present["type"] != "view":
        raise StoreError(
            f"The database {database.name} has a collection {name}, which is the name of one of our views: rename that "
            "collection, or choose another MONGO_DATABASE."
        )
    if present is not None and present["options"].get("pipeline") == view.pipeline:
        return
    try:
        if present is not None:
            # Not collMod: the embedded server acknowledges it and keeps the old pipeline.
            await database.drop_collection(name)
        await _create(database, {"create": name, "viewOn": view.source, "pipeline": view.pipeline})
    except OperationFailure as error:
        if error.code == _UNAUTHORIZED:
            raise StoreError(_not_allowed(name, database.name)) from error
        raise


def _not_allowed(name: str, database: str) -> str:
    return (
        f"The user in MONGO_URI may not set up the collection {name}: give it the roles readWrite and dbAdmin "
        f"on the database {database}."
    )


async def _create(database: Any, command: dict[str, Any]) -> None:
    from pymongo.errors import OperationFailure

    try:
        await database.command(command)
    except OperationFailure as error:
        # Another process was faster.
        if error.code != _NAMESPACE_EXISTS:
            raise


# Connecting to MongoDB: the server of MONGO_URI, or the embedded one. Every failure is one sentence for people.

_AUTHENTICATION_FAILED, _UNAUTHORIZED_mongo = 18, 13


async def open_store(
    uri: str | None, database: str, directory: Path | None, prepare: Callable[[Any], Awaitable[None]] = ensure
) -> Store:
    """The store in `database` of the server at `uri`, or of the embedded server in `directory` (started if need be)
    where `uri` is None; reachable and `prepare`d: with collections, validators, indexes and views in place. Raises
    StoreError."""
    # Synchronously first: an asynchronous client that finds nobody leaves sockets and tasks behind.
    address = await asyncio.to_thread(_reachable, uri, directory)
    with translate_errors(uri):
        async with AsyncExitStack() as unless_sound:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(address, **OPTIONS)
            unless_sound.push_async_callback(client.close)
            store = Store(client, database, address, None if uri else directory)
            await prepare(store.database)
            unless_sound.pop_all()
    return store


def connect(uri: str | None, directory: Path | None) -> MongoClient[dict[str, Any]]:
    """A synchronous client, for commands; the server has answered it. The caller closes it. Raises StoreError."""
    address = uri or ensure_running(data_dir(directory))
    with translate_errors(uri):
        if not address.startswith(("mongodb://", "mongodb+srv://")):
            raise ConfigurationError("the driver would take it for the name of a host")
        with ExitStack() as unless_sound:
            client: MongoClient[dict[str, Any]] = MongoClient(address, **OPTIONS)
            unless_sound.callback(client.close)
            client.admin.command("ping")
            unless_sound.pop_all()
    return client


def check_store(uri: str | None, directory: Path | str | None) -> None:
    """Start the embedded server if it is the one in use, and see that the server answers. Raises StoreError."""
    _reachable(uri, Path(directory) if directory else None)


def _reachable(uri: str | None, directory: Path | None) -> str:
    if uri is None:
        return ensure_running(data_dir(directory))
    connect(uri, None).close()
    return uri


@contextmanager
def translate_errors(uri: str | None) -> Iterator[None]:
    """Turn what the driver raises while connecting into a StoreError that names no credentials."""
    place = hosts(uri) if uri else "the embedded server"
    try:
        yield
    except InvalidName as error:
        raise StoreError("MONGO_DATABASE isn't a name MongoDB accepts: use letters, digits and _.") from error
    except ConnectionFailure as error:
        remedy = "start it, correct MONGO_URI, or unset MONGO_URI to use the embedded server" if uri else "see its log"
        raise StoreError(f"No MongoDB answers at {place} within {REACH_SECONDS} s: {remedy}.") from error
    except OperationFailure as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise StoreError(f"{place} refuses the user name or password in MONGO_URI.") from error
        if error.code == _UNAUTHORIZED_mongo:
            raise StoreError(
                f"The user in MONGO_URI may not use the database at {place}: give it readWrite."
            ) from error
        raise StoreError(f"{place} can't be used: {error.details and error.details.get('errmsg')}.") from error
    except (ConfigurationError, ValueError):
        # The driver's message may quote the address, credentials included: a traceback, in a notebook say, has no trace
        # of it either.
        raise StoreError(
            "MONGO_URI isn't a MongoDB address, or its host name is unknown: it looks like "
            "mongodb://USER:PASSWORD@HOST:27017/ with special characters of the password percent-encoded."
        ) from None
    except PyMongoError as error:
        raise StoreError(f"{place} can't be used ({type(error).__name__}).") from error


def place_of(uri: str | None, database: str) -> str:
    """What tells one store from another, without credentials: `hosts/database`."""
    return f"{hosts(uri) if uri else 'embedded'}/{database}"


def hosts(uri: str) -> str:
    """The hosts of a MongoDB address, without scheme, credentials and options; where it can't be told which is which,
    the name of the setting."""
    whole = uri.partition("//")[2]
    place = re.split("[/?]", whole, maxsplit=1)[0]
    # An "@" behind it: something that was not percent-encoded, in the password or in an option.
    return "the address in MONGO_URI" if "@" in whole[len(place) :] else place.rpartition("@")[2]
