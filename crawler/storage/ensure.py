"""Setting up a database: its version, collections, validators, indexes and views."""

from __future__ import annotations

import asyncio
from typing import Any

from crawler.storage.errors import StoreError
from crawler.storage.schema import COLLECTIONS, VERSION, Collection
from crawler.storage.views import VIEWS, View

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
