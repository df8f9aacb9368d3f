"""Moving a whole database: what `scrapy db export` and `scrapy db import` do, from the settings to one sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crawler.storage.ensure import is_fresh
from crawler.storage.mongo import connect, open_store, telling
from crawler.storage.schema import VERSION
from crawler.storage.segments import Segments
from crawler.transfer.dump import Progress, collections_of, dump, version_of
from crawler.transfer.errors import TransferError
from crawler.transfer.load import Comparison, compare, create_missing, load
from crawler.transfer.manifest import Manifest, read


def export_database(uri: str | None, name: str, data: Path, target: Path, progress: Progress) -> str:
    """Write the database `name` of the server at `uri` (None: the embedded one of `data`) into the folder `target`.
    Returns what was done, in a sentence. Raises TransferError and StoreError."""
    with connect(uri, data) as client, telling(uri):
        manifest = dump(client[name], target, progress)
        written = sum(part.documents for part in manifest.collections.values())
        now = sum(client[name][collection].estimated_document_count() for collection in manifest.collections)
    text = f"{written} documents of {len(manifest.collections)} collections are in {target}."
    return text if now == written else f"{text} The database has changed meanwhile and holds {now} now."


def import_database(
    uri: str | None, name: str, data: Path, source: Path, *, overwrite: bool, progress: Progress
) -> str:
    """Write the dump in the folder `source` into the database `name`. What is there otherwise is an error unless
    `overwrite`: then the dump wins, and documents it hasn't stay. Returns what was done, in a sentence. Raises
    TransferError and StoreError."""
    manifest = read(source)
    if manifest.schema_version > VERSION:
        raise TransferError(
            f"The dump follows version {manifest.schema_version} of the schema, newer than version {VERSION} of this "
            "program: update the program."
        )
    with connect(uri, data) as client, telling(uri):
        database = client[name]
        fresh = is_fresh(collections_of(database))
        if not fresh and (version := version_of(database)) != manifest.schema_version:
            raise TransferError(
                f"The dump follows version {manifest.schema_version} of the schema and the database {name} version "
                f"{version}: run `scrapy migrate` on the older one first."
            )
        if manifest.schema_version == VERSION:
            asyncio.run(_set_up(uri, name, data))
        create_missing(database, manifest)
        comparison = compare(database, source, manifest, progress)
        if not overwrite:
            _refuse_other_data(comparison, name)
        written = load(database, source, manifest, progress)
        if manifest.schema_version == VERSION:
            asyncio.run(_merge_segments(uri, name, data))
    return _told(manifest, comparison, written, name)


async def _set_up(uri: str | None, name: str, data: Path) -> None:
    store = await open_store(uri, name, data)
    await store.close()


async def _merge_segments(uri: str | None, name: str, data: Path) -> None:
    store = await open_store(uri, name, data)
    try:
        await Segments(store).merge()
    finally:
        await store.close()


def _refuse_other_data(comparison: Comparison, name: str) -> None:
    different, extra = sum(comparison.different.values()), sum(comparison.extra.values())
    if different or extra:
        raise TransferError(
            f"The database {name} holds {different} documents that differ from the dump's and {extra} that the dump "
            "has not: nothing was changed. Name an empty database in MONGO_DATABASE, or give --overwrite to let the "
            "dump win; what it has not stays."
        )


def _told(manifest: Manifest, comparison: Comparison, written: int, name: str) -> str:
    total = sum(part.documents for part in manifest.collections.values())
    text = f"{total} documents of {len(manifest.collections)} collections are in the database {name}: {written} written"
    if same := sum(comparison.same.values()):
        text += f", {same} were there already"
    text += "; counts and check sums agree."
    if manifest.schema_version < VERSION:
        text += f" They follow version {manifest.schema_version} of the schema: run `scrapy migrate` now."
    return text
