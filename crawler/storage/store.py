"""The database: connecting to it, retrying while it is unavailable, and setting up its collections."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pymongo import AsyncMongoClient, IndexModel, MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidName,
    OperationFailure,
    PyMongoError,
)

from crawler.errors import StoreError, StoreUnavailable
from crawler.storage.embedded import data_dir, ensure_running, status, stop
from crawler.storage.retries import is_due, is_reject_due
from crawler.storage.schema import COLLECTIONS, VERSION, Collection
from crawler.storage.views import VIEWS, View

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

CONNECT_SECONDS = 5
OPTIONS: dict[str, Any] = {
    "tz_aware": True,
    "serverSelectionTimeoutMS": CONNECT_SECONDS * 1000,
    "connectTimeoutMS": CONNECT_SECONDS * 1000,
    # Longer than the longest operation, an index build; a server that takes more time has stopped answering.
    "socketTimeoutMS": 120_000,
    # Acknowledged means on disk: without it mongod may lose the last 100 ms at a `kill -9`.
    "journal": True,
    # `Store.retrying` does both for longer, and restarts a dead embedded server.
    "retryWrites": False,
    "retryReads": False,
    "appname": "food-safety-crawler",
}

RETRY_SECONDS = 60.0
FIRST_WAIT, MAX_WAIT = 0.25, 10.0
LOG_SECONDS = 30.0
"""Every list page of every site may be waiting: one log line in this time is enough."""

# The server is ending, starting, changing roles, out of sessions or out of space: the same request may succeed later.
TRANSIENT = frozenset({6, 7, 50, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 14031})
_NAMESPACE_EXISTS, _OPTIONS_CONFLICT, _KEYS_CONFLICT = 48, 85, 86
_UNAUTHORIZED, _AUTHENTICATION_FAILED = 13, 18


def _is_doubt_due(article: Mapping[str, Any], now: datetime) -> bool:
    return is_due(article["first_seen_at"], article["last_seen_at"], now, timedelta(0))


class Store:
    """One database. Opened by `open_store`; used under a running asyncio loop."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], name: str, uri: str, directory: Path | None) -> None:
        """`directory` is the data directory of the embedded server, None for a server of MONGO_URI, which we don't
        restart."""
        self._clients = [client]
        self._name = name
        self._uri = uri
        self._directory = directory
        self._logged_at = float("-inf")
        self._is_unavailable = False
        self.retry_timeout = RETRY_SECONDS
        """Seconds for which every request is retried while the server is unavailable."""
        self.is_shutting_down: Callable[[], bool] = lambda: False
        """Whether the crawl is ending, so that nothing is retried any longer."""
        self.spool: Callable[[list[dict[str, Any]]], None] | None = None
        """Takes records of runs while the server is unavailable: `Spool.append`."""
        self.database: AsyncDatabase[dict[str, Any]] = client[name]

    @property
    def is_embedded(self) -> bool:
        """Whether it is the embedded server, which serves only this machine."""
        return self._directory is not None

    async def server_time(self) -> datetime:
        """The server's time (aware, UTC): the one clock that all processes share. Raises StoreError."""
        options = self.database.codec_options
        hello = await self.retrying(lambda: self.database.command("hello", codec_options=options))
        return hello["localTime"]

    async def known(
        self,
        ids: Iterable[str],
        retry_after: timedelta | None = None,
        relevant_from: float | None = None,
        now: datetime | None = None,
    ) -> set[str]:
        """Those of `ids` (hashes of canonical addresses) that need no fetch `now` (default: the clock): stored articles
        (unless a doubt about them is due for another look), other addresses of stored articles, with `retry_after`
        rejected pages that are not due (see `retries.py`), and with `relevant_from` articles whose relevance is below.
        Raises StoreError."""
        wanted, at = list(ids), now or datetime.now(UTC)
        if not wanted:
            return set()
        return await self.retrying(lambda: self._known(wanted, retry_after, relevant_from, at))

    async def _known(
        self, ids: list[str], retry_after: timedelta | None, relevant_from: float | None, now: datetime
    ) -> set[str]:
        # One query each: the embedded server answers an $or, or an index joined with another condition, by a scan.
        among = {"$in": ids}
        fields = {"_id": 1, "doubts.kind": 1, "first_seen_at": 1, "last_seen_at": 1}
        articles = [row async for row in self.database["articles"].find({"_id": among}, fields)]
        found = {row["_id"] for row in articles if not row.get("doubts") or not _is_doubt_due(row, now)}
        async for row in self.database["articles"].find({"also_at._id": among}, {"also_at._id": 1}):
            found.update(other["_id"] for other in row["also_at"])
        async for row in self.database["rejects"].find({"article": among}, {"detail": 0, "site": 0}):
            if row["reason"] == "irrelevant" and (relevant_from is None or (row.get("score") or 0) >= relevant_from):
                continue
            if retry_after is None:
                is_due_again = row["reason"] != "irrelevant"
            else:
                is_due_again = is_reject_due(row["reason"], row["first_seen_at"], row["last_seen_at"], now, retry_after)
            if not is_due_again:
                found.add(row["article"])
        return found.intersection(ids)

    async def close(self) -> None:
        """Close the connections. The embedded server keeps running."""
        for client in self._clients:
            await client.close()

    async def retrying(self, work: Callable[[], Awaitable[Answer]], seconds: float | None = None) -> Answer:
        """Return what `work` returns. While the server is unavailable, `work` is tried again with growing waits for at
        most `seconds` (None: `retry_timeout`), and an embedded server that died or ran out of space is restarted.
        `work` must be safe to repeat. Raises StoreUnavailable if the server stays unavailable, StoreError for anything
        else."""
        timeout = self.retry_timeout if seconds is None else seconds
        started, wait, obstacle = time.monotonic(), FIRST_WAIT, ""
        if self._is_unavailable and self.is_shutting_down():
            raise StoreUnavailable("The database is unavailable, and the crawl is ending.")
        await self._reconnect()
        while True:
            try:
                answer = await work()
                self._is_unavailable = False
                return answer
            except (ConnectionFailure, OperationFailure) as error:
                # After a failed write, usually for want of space, the embedded server keeps running and serves nobody.
                is_broken = self._directory is not None and "WT_PANIC" in _error_message(error)
                if not (is_broken or is_transient(error)):
                    raise StoreError(f"The database refused an operation: {_error_message(error)}.") from error
                self._is_unavailable = True
                if self.is_shutting_down():
                    raise StoreUnavailable("The database is unavailable, and the crawl is ending.") from error
                if time.monotonic() - started + wait > timeout:
                    why = obstacle or "see `scrapy db status`"
                    raise StoreUnavailable(f"The database has been unavailable for {timeout:g} s: {why}.") from error
                self._log_outage(obstacle or type(error).__name__)
            except PyMongoError as error:
                raise StoreError(f"The database can't be used: {_error_message(error)}.") from error
            await asyncio.sleep(wait)
            wait = min(2 * wait, MAX_WAIT)
            if self._directory is not None:
                try:
                    await self._restart(self._directory, is_broken)
                except StoreError as error:
                    obstacle = str(error).rstrip(".")

    def _log_outage(self, why: str) -> None:
        if time.monotonic() - self._logged_at >= LOG_SECONDS:
            self._logged_at = time.monotonic()
            logger.warning("The database is unavailable (%s); retrying until it is back", why)

    async def _reconnect(self) -> None:
        """Use the embedded server at its new port if another process restarted it: a request that is tried only once
        would not find it otherwise."""
        if self._is_unavailable and self._directory and (daemon := await asyncio.to_thread(status, self._directory)):
            self._use(daemon.uri)

    async def _restart(self, directory: Path, is_broken: bool) -> None:
        if is_broken:
            await asyncio.to_thread(stop, directory)
        self._use(await asyncio.to_thread(ensure_running, directory))

    def _use(self, uri: str) -> None:
        if uri != self._uri:
            # The client of the old address stays open until the end: another task may be waiting for its answer.
            self._clients.append(AsyncMongoClient(uri, **OPTIONS))
            self._uri, self.database = uri, self._clients[-1][self._name]


def is_transient(error: PyMongoError) -> bool:
    """Whether the same request may succeed a moment later."""
    return isinstance(error, ConnectionFailure) or (isinstance(error, OperationFailure) and error.code in TRANSIENT)


def _error_message(error: PyMongoError) -> str:
    details = (error.details if isinstance(error, OperationFailure) else None) or {}
    failed = [details, *details.get("writeErrors", ())]
    return str(next((each["errmsg"] for each in failed if each.get("errmsg")), type(error).__name__)).rstrip(".")


# Connecting: the server of MONGO_URI, or the embedded one.


async def open_store(
    uri: str | None, database: str, directory: Path | None, prepare: Callable[[Any], Awaitable[None]] | None = None
) -> Store:
    """Connect to `database` of the server at `uri`, or, if `uri` is None, of the embedded server in `directory`
    (started if need be), and set up its collections, validators, indexes and views (`prepare`, by default `ensure`).
    Raises StoreError."""
    # Synchronously first: an asynchronous client that finds no server leaves sockets and tasks behind.
    address = await asyncio.to_thread(_reachable, uri, directory)
    with translate_errors(uri):
        async with AsyncExitStack() as on_error:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(address, **OPTIONS)
            on_error.push_async_callback(client.close)
            store = Store(client, database, address, None if uri else directory)
            await (prepare or ensure)(store.database)
            on_error.pop_all()
    return store


def connect(uri: str | None, directory: Path | None) -> MongoClient[dict[str, Any]]:
    """Return a synchronous client, for commands, whose server has answered. The caller closes it. Raises StoreError."""
    address = uri or ensure_running(data_dir(directory))
    with translate_errors(uri):
        if not address.startswith(("mongodb://", "mongodb+srv://")):
            raise ConfigurationError("the driver would take it for the name of a host")
        with ExitStack() as on_error:
            client: MongoClient[dict[str, Any]] = MongoClient(address, **OPTIONS)
            on_error.callback(client.close)
            client.admin.command("ping")
            on_error.pop_all()
    return client


def check_store(uri: str | None, directory: Path | str | None) -> None:
    """Start the embedded server if it is the one in use, and check that the server answers. Raises StoreError."""
    _reachable(uri, Path(directory) if directory else None)


def _reachable(uri: str | None, directory: Path | None) -> str:
    if uri is None:
        return ensure_running(data_dir(directory))
    connect(uri, None).close()
    return uri


@contextmanager
def translate_errors(uri: str | None) -> Iterator[None]:
    """Turn what the driver raises into a StoreError that names no credentials."""
    place = hosts(uri) if uri else "the embedded server"
    try:
        yield
    except InvalidName as error:
        raise StoreError("MONGO_DATABASE isn't a name MongoDB accepts: use letters, digits and _.") from error
    except ConnectionFailure as error:
        remedy = "start it, correct MONGO_URI, or unset MONGO_URI to use the embedded server" if uri else "see its log"
        raise StoreError(f"No MongoDB answers at {place} within {CONNECT_SECONDS} s: {remedy}.") from error
    except OperationFailure as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise StoreError(f"{place} refuses the user name or password in MONGO_URI.") from error
        if error.code == _UNAUTHORIZED:
            raise StoreError(
                f"The user in MONGO_URI may not use the database at {place}: give it readWrite."
            ) from error
        raise StoreError(f"{place} can't be used: {error.details and error.details.get('errmsg')}.") from error
    except (ConfigurationError, ValueError):
        # The driver's message may quote the address with its credentials. `from None`, so that no traceback shows them.
        raise StoreError(
            "MONGO_URI isn't a MongoDB address, or its host name is unknown: it looks like "
            "mongodb://USER:PASSWORD@HOST:27017/ with special characters of the password percent-encoded."
        ) from None
    except PyMongoError as error:
        raise StoreError(f"{place} can't be used ({type(error).__name__}).") from error


def place_of(uri: str | None, database: str) -> str:
    """Return a name of the database without credentials, `hosts/database`, that differs from those of others."""
    return f"{hosts(uri) if uri else 'embedded'}/{database}"


def hosts(uri: str) -> str:
    """Return the hosts of a MongoDB address, without scheme, credentials and options; if they can't be told apart from
    the password, the name of the setting."""
    whole = uri.partition("//")[2]
    place = re.split("[/?]", whole, maxsplit=1)[0]
    # An "@" behind it: something in the password or in an option was not percent-encoded.
    return "the address in MONGO_URI" if "@" in whole[len(place) :] else place.rpartition("@")[2]


REINDEX = "reindex"
"""The document of `maintenance` that exists while `scrapy reindex` has work left."""
UNFINISHED_REINDEX = (
    "`scrapy reindex` has not finished: stories and search results are incomplete. If it is not running, run it again."
)


def has_unfinished_reindex(database: Any) -> bool:
    """Whether `scrapy reindex` was interrupted, or is running, in `database` (synchronous)."""
    return database["maintenance"].find_one({"_id": REINDEX}) is not None


# Setting up a database: its version, collections, validators, indexes and views.

_VERSION_KEY = "schema"


async def ensure(database: Any) -> None:
    """Create the collections, validators, indexes and views that `database` (async) lacks: a few requests if nothing is
    missing, safe for several processes at once. Raises StoreError, also for a database of another version of the
    schema, and PyMongoError if the server is lost."""
    present = {entry["name"]: entry async for entry in await database.list_collections()}
    if is_fresh(present):
        await _ensure_collection(database, "maintenance", COLLECTIONS["maintenance"], present.get("maintenance"))
        await _write_version(database)
    else:
        check_version(await stored_version(database), database.name)
    collections = (_ensure_collection(database, name, spec, present.get(name)) for name, spec in COLLECTIONS.items())
    await asyncio.gather(*collections)
    await asyncio.gather(*(_ensure_view(database, name, view, present.get(name)) for name, view in VIEWS.items()))


def is_fresh(names: Any) -> bool:
    """Whether none of our collections is among `names`, or only the first one that another process creates."""
    return set(names) & set(COLLECTIONS) <= {"maintenance"}


async def stored_version(database: Any) -> int:
    """The schema version of a database (async) that is not fresh; 1 if it has none."""
    entry = await database["maintenance"].find_one({"_id": _VERSION_KEY})
    return int(entry["version"]) if entry else 1


def check_version(version: int, name: str) -> None:
    """Raises StoreError, which says what to do, if `version` of the database `name` isn't the one of this program."""
    if version < VERSION:
        raise StoreError(
            f"The database {name} follows version {version} of the schema, which this program (version {VERSION}) no "
            "longer reads: choose another MONGO_DATABASE and crawl again, or use the program that wrote it."
        )
    if version > VERSION:
        raise StoreError(
            f"The database {name} follows version {version} of the schema, newer than version {VERSION} of this "
            "program: update the program, or choose another MONGO_DATABASE."
        )


async def _write_version(database: Any) -> None:
    version = {"$setOnInsert": {"version": VERSION}}
    try:
        await database["maintenance"].update_one({"_id": _VERSION_KEY}, version, upsert=True)
    except DuplicateKeyError:
        return  # another process was faster


async def _ensure_collection(database: Any, name: str, spec: Collection, present: dict[str, Any] | None) -> None:
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
            raise StoreError(_unauthorized_message(name, database.name)) from error
        if error.code in {_OPTIONS_CONFLICT, _KEYS_CONFLICT}:
            raise StoreError(
                f"The collection {name} of the database {database.name} has an index of one of our names with other "
                "keys: drop that index, or choose another MONGO_DATABASE."
            ) from error
        raise


async def _ensure_view(database: Any, name: str, view: View, present: dict[str, Any] | None) -> None:
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
            raise StoreError(_unauthorized_message(name, database.name)) from error
        raise


def _unauthorized_message(name: str, database: str) -> str:
    return (
        f"The user in MONGO_URI may not set up the collection {name}: give it the roles readWrite and dbAdmin "
        f"on the database {database}."
    )


async def _create(database: Any, command: dict[str, Any]) -> None:
    try:
        await database.command(command)
    except OperationFailure as error:
        # Another process was faster.
        if error.code != _NAMESPACE_EXISTS:
            raise
