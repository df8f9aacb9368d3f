"""Connecting to MongoDB: the server of MONGO_URI, or the embedded one. Every failure is one sentence for people."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidName, OperationFailure, PyMongoError

from crawler.storage.embedded import data_dir, ensure_running
from crawler.storage.ensure import ensure
from crawler.storage.errors import StoreError
from crawler.storage.store import OPTIONS, REACH_SECONDS, Store

_AUTHENTICATION_FAILED, _UNAUTHORIZED = 18, 13


async def open_store(
    uri: str | None, database: str, directory: Path | None, prepare: Callable[[Any], Awaitable[None]] = ensure
) -> Store:
    """The store in `database` of the server at `uri`, or of the embedded server in `directory` (started if need be)
    where `uri` is None; reachable and `prepare`d: with collections, validators, indexes and views in place. Raises
    StoreError."""
    # Synchronously first: an asynchronous client that finds nobody leaves sockets and tasks behind.
    address = await asyncio.to_thread(_reachable, uri, directory)
    with telling(uri):
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
    with telling(uri):
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
def telling(uri: str | None) -> Iterator[None]:
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
        if error.code == _UNAUTHORIZED:
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
