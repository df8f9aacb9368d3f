"""A whole database into a folder: each collection as BSON, compressed, and a manifest with counts and check sums.

A file holds one BSON document after the other, as those of mongodump do, and is compressed with gzip.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import bson
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from crawler.errors import TransferError
from crawler.storage.changes import start_over
from crawler.storage.schema import COLLECTIONS, VERSION
from crawler.storage.store import connect, open_store, translate_errors
from crawler.transfer.export import translate_file_errors, working_directory

# What a dump says of itself: `manifest.json`, and the check sums by which two collections are compared.

FILE = "manifest.json"
_KIND = "food-safety-crawler dump"
_WHOLE = 1 << 256
# What makes an index another index; servers add what they like.
_INDEX_OPTIONS = ("name", "key", "unique", "sparse", "expireAfterSeconds", "partialFilterExpression", "collation")


@dataclass
class Tally:
    """Counts documents and sums the SHA-256 of each: equal for the same documents, in whatever order they come."""

    documents: int = 0
    sum: int = 0

    def add(self, document: RawBSONDocument) -> None:
        """Count `document`, as `whole` returns it."""
        self.documents += 1
        self.sum = (self.sum + int.from_bytes(hashlib.sha256(document.raw).digest())) % _WHOLE

    @property
    def digest(self) -> str:
        """The sum in hexadecimal digits."""
        return f"{self.sum:064x}"


@dataclass(frozen=True)
class Part:
    """One collection of a dump: its `file`, how many `documents`, their `digest`; `options` and `indexes` as MongoDB's
    commands take them."""

    file: str
    documents: int
    digest: str
    options: dict[str, Any] = field(default_factory=dict)
    indexes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """A dump: of which `database`, when (ISO 8601, UTC), after which version of the schema, and its collections."""

    database: str
    made_at: str
    schema_version: int
    collections: dict[str, Part]

    def write(self, directory: Path) -> None:
        """Write it into `directory`."""
        text = json_util.dumps({"kind": _KIND, **asdict(self)}, ensure_ascii=False, indent=1)
        (directory / FILE).write_text(f"{text}\n", encoding="utf-8")


def read(directory: Path) -> Manifest:
    """The manifest in `directory`. Raises TransferError if there is none."""
    try:
        content = json_util.loads((directory / FILE).read_text(encoding="utf-8"))
        parts = {name: Part(**part) for name, part in content["collections"].items()}
        if content["kind"] != _KIND:
            raise KeyError("kind")
        return Manifest(content["database"], content["made_at"], content["schema_version"], parts)
    except OSError as error:
        raise TransferError(f"{directory} is not a dump: {FILE} can't be read ({error.strerror}).") from error
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise TransferError(f"{directory} is not a dump of this program: its {FILE} is another one's.") from error


def read_whole(document: RawBSONDocument) -> RawBSONDocument:
    """`document` as every server stores it: `_id` first."""
    if next(iter(document)) == "_id":
        return document
    rest = {name: value for name, value in document.items() if name != "_id"}
    return RawBSONDocument(bson.encode({"_id": document["_id"], **rest}))


def index_of(listed: dict[str, Any]) -> dict[str, Any]:
    """An index as `listIndexes` returns it, as `createIndexes` takes it."""
    return {name: listed[name] for name in _INDEX_OPTIONS if name in listed}


RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
BATCH = 500
VERSIONED = "maintenance"
"""The collection that holds the version of the schema: the first to be written, so that no part of an import is taken
for a database of another version."""
DERIVED = frozenset({"changes"})
"""Collections that follow from the articles and change while they are read: an import recreates them."""
_FAST = 3
"""Level of gzip: three times as fast as the usual 6, and a tenth larger."""

Progress = Callable[[str, int, int | None], None]


def dump(database: Any, target: Path, progress: Progress) -> Manifest:
    """Write everything in `database` (pymongo's) but its views, and the index for search, which follows from the
    articles, into the folder `target`, which must not exist or be empty: it is whole or not there.
    `progress(collection, done, total)` hears of it. Raises TransferError."""
    place = target.resolve()
    with translate_file_errors(target):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise TransferError(f"{target} exists already: name a new folder.")
        with working_directory(place) as directory:
            part = directory / place.name
            part.mkdir()
            manifest = _write(database, part, progress)
            os.replace(part, place)
    return manifest


def collections_of(database: Any) -> dict[str, dict[str, Any]]:
    """The collections of `database` with their options; no views, nothing of the server's own."""
    listed = database.list_collections(filter={"type": "collection"})
    return {entry["name"]: entry.get("options", {}) for entry in listed if not entry["name"].startswith("system.")}


def version_of(database: Any) -> int:
    """The schema version of `database`; 1 if it doesn't say."""
    entry = database[VERSIONED].find_one({"_id": "schema"})
    return int(entry["version"]) if entry else 1


def _write(database: Any, directory: Path, progress: Progress) -> Manifest:
    found = collections_of(database)
    if not found.keys() & COLLECTIONS.keys():
        raise TransferError(
            f"The database {database.name} holds nothing of the crawler: see MONGO_URI and MONGO_DATABASE."
        )
    parts = {}
    for name in sorted(found.keys() - DERIVED, key=lambda name: (name != VERSIONED, name)):
        file = f"{name}.bson.gz"
        tally = _write_collection(database, name, directory / file, progress)
        indexes = [index_of(entry) for entry in database[name].list_indexes() if entry["name"] != "_id_"]
        parts[name] = Part(file, tally.documents, tally.digest, found[name], indexes)
    manifest = Manifest(database.name, datetime.now(UTC).isoformat(timespec="seconds"), version_of(database), parts)
    manifest.write(directory)
    return manifest


def _write_collection(database: Any, name: str, path: Path, progress: Progress) -> Tally:
    total, tally = database[name].estimated_document_count(), Tally()
    with gzip.open(path, "wb", compresslevel=_FAST) as file:
        for document in database.get_collection(name, codec_options=RAW).find({}, batch_size=BATCH):
            kept = read_whole(document)
            file.write(kept.raw)
            tally.add(kept)
            if tally.documents % BATCH == 0:
                progress(name, tally.documents, total)
    progress(name, tally.documents, tally.documents)
    return tally


# A dump into a database: first compared with what is there, then written, then read back and compared again. Every
# step may be repeated: what is there already is left alone, so an import that was interrupted is given again.


@dataclass
class Comparison:
    """How the documents of a dump are in a database: `missing`, `same`, `different`; and how many the database has that
    the dump has not (`extra`), by collection."""

    missing: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)
    different: dict[str, int] = field(default_factory=dict)
    extra: dict[str, int] = field(default_factory=dict)


def compare(database: Any, directory: Path, manifest: Manifest, progress: Progress) -> Comparison:
    """Read the whole dump and find its documents in `database` (pymongo's). Changes nothing. Raises TransferError for a
    dump that isn't what its manifest says."""
    found = Comparison()
    for name, part in manifest.collections.items():
        tally, done = Tally(), 0
        found.missing[name] = found.same[name] = found.different[name] = 0
        for chunk in _chunks(directory / part.file):
            stored = _stored(database, name, chunk)
            for key, document in chunk.items():
                tally.add(document)
                kept = stored.get(key)
                verdict = found.missing if kept is None else found.same if kept == document.raw else found.different
                verdict[name] += 1
            done += len(chunk)
            progress(f"{name}: compared", done, part.documents)
        _check(tally, part, directory / part.file)
        found.extra[name] = database[name].count_documents({}) - found.same[name] - found.different[name]
    return found


def load(database: Any, directory: Path, manifest: Manifest, progress: Progress) -> int:
    """Write what `database` (pymongo's) lacks or has otherwise, and its indexes; then read everything back. Returns the
    number of documents written. Raises TransferError if the result isn't the dump."""
    written = 0
    for name, part in manifest.collections.items():
        done, read_back = 0, Tally()
        for chunk in _chunks(directory / part.file):
            stored = _stored(database, name, chunk)
            missing = {key: document for key, document in chunk.items() if stored.get(key) != document.raw}
            changes = [_change(key, document, stored) for key, document in missing.items()]
            _write_bulk(database, name, changes)
            for raw in _stored(database, name, chunk).values():
                read_back.add(RawBSONDocument(raw))
            written += len(changes)
            done += len(chunk)
            progress(f"{name}: written", done, part.documents)
        if (read_back.documents, read_back.digest) != (part.documents, part.digest):
            raise TransferError(
                f"What the database {database.name} gives back of {name} isn't what was written: is a crawl writing to "
                "it? The same command goes on."
            )
        _build_indexes(database, name, part)
    return written


def create_missing(database: Any, manifest: Manifest) -> None:
    """Create the collections of the dump that `database` (pymongo's) lacks, with their options."""
    present = collections_of(database)
    for name, part in manifest.collections.items():
        if name not in present:
            database.command({"create": name, **part.options})


Chunk = dict[bytes, RawBSONDocument]


def _chunks(path: Path) -> Iterator[Chunk]:
    """The documents of a file, some at a time, by their `_id` as BSON."""
    try:
        with gzip.open(path, "rb") as file:
            documents = (read_whole(document) for document in bson.decode_file_iter(cast(IO[bytes], file), RAW))
            while chunk := list(islice(documents, BATCH)):
                yield {_key(document): document for document in chunk}
    except (EOFError, zlib.error, bson.errors.InvalidBSON, gzip.BadGzipFile, FileNotFoundError) as error:
        raise TransferError(f"{path} is missing or damaged: make the dump again, nothing else is wrong.") from error


def _key(document: RawBSONDocument) -> bytes:
    return bson.encode({"_id": document["_id"]})


def _stored(database: Any, name: str, chunk: Chunk) -> dict[bytes, bytes]:
    ids = [document["_id"] for document in chunk.values()]
    found = database.get_collection(name, codec_options=RAW).find({"_id": {"$in": ids}})
    return {_key(document): bytes(read_whole(document).raw) for document in found}


def _change(key: bytes, document: RawBSONDocument, stored: dict[bytes, bytes]) -> Any:
    return ReplaceOne({"_id": document["_id"]}, document) if key in stored else InsertOne(document)


def _write_bulk(database: Any, name: str, changes: list[Any]) -> None:
    if not changes:
        return
    try:
        database.get_collection(name, codec_options=RAW).bulk_write(changes, ordered=False)
    except BulkWriteError as error:
        said = error.details["writeErrors"][0]["errmsg"] if error.details["writeErrors"] else "not acknowledged"
        raise TransferError(f"The database {database.name} refuses documents of {name}: {said}.") from error


def _build_indexes(database: Any, name: str, part: Part) -> None:
    present = {index_of(entry)["name"] for entry in database[name].list_indexes()}
    if missing := [index for index in part.indexes if index["name"] not in present]:
        database.command({"createIndexes": name, "indexes": missing})


def _check(tally: Tally, part: Part, path: Path) -> None:
    if (tally.documents, tally.digest) != (part.documents, part.digest):
        raise TransferError(f"{path} isn't what the manifest says: make the dump again, nothing was changed.")


# Moving a whole database: what `scrapy db export` and `scrapy db import` do, from the settings to one sentence.


def export_database(uri: str | None, name: str, data: Path, target: Path, progress: Progress) -> str:
    """Write the database `name` of the server at `uri` (None: the embedded one of `data`) into the folder `target`.
    Returns what was done, in a sentence. Raises TransferError and StoreError."""
    with connect(uri, data) as client, translate_errors(uri):
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
    if manifest.schema_version != VERSION:
        raise TransferError(
            f"The dump follows version {manifest.schema_version} of the schema and this program version {VERSION}: "
            "import it with the program that wrote it."
        )
    asyncio.run(_set_up(uri, name, data))
    with connect(uri, data) as client, translate_errors(uri):
        database = client[name]
        create_missing(database, manifest)
        comparison = compare(database, source, manifest, progress)
        if not overwrite:
            _refuse_other_data(comparison, name)
        written = load(database, source, manifest, progress)
        # Search indexes follow change numbers, and these come from another database.
        rows = database["articles"].find({}, {"change": 1, "title": 1})
        start_over(database, max((row.get("change") or 0 for row in rows), default=0))
    return _describe(manifest, comparison, written, name)


async def _set_up(uri: str | None, name: str, data: Path) -> None:
    store = await open_store(uri, name, data)
    await store.close()


def _refuse_other_data(comparison: Comparison, name: str) -> None:
    different, extra = sum(comparison.different.values()), sum(comparison.extra.values())
    if different or extra:
        raise TransferError(
            f"The database {name} holds {different} documents that differ from the dump's and {extra} that the dump "
            "has not: nothing was changed. Name an empty database in MONGO_DATABASE, or give --overwrite to let the "
            "dump win; what it has not stays."
        )


def _describe(manifest: Manifest, comparison: Comparison, written: int, name: str) -> str:
    total = sum(part.documents for part in manifest.collections.values())
    text = f"{total} documents of {len(manifest.collections)} collections are in the database {name}: {written} written"
    if same := sum(comparison.same.values()):
        text += f", {same} were there already"
    text += "; counts and check sums agree."
    return text


# Progress bars on a terminal; silence elsewhere.


@contextmanager
def bar() -> Iterator[Callable[[str, int, int | None], None]]:
    """A function that is told `(what, done, total)`, total None if nobody knows, and shows a bar for each `what` on
    standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield tell
