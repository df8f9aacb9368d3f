"""A dump into a database: first compared with what is there, then written, then read back and compared again.

Every step may be repeated: what is there already is left alone, so an import that was interrupted is given again.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from crawler.storage.schema import VERSION
from crawler.storage.segments import fresh_segments
from crawler.transfer.dump import BATCH, RAW, Progress, collections_of
from crawler.transfer.errors import TransferError
from crawler.transfer.manifest import Manifest, Part, Tally, index_of, whole


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
    number of documents written. Raises TransferError where the result isn't the dump."""
    written = 0
    for name, part in manifest.collections.items():
        done, read_back = 0, Tally()
        for chunk in _chunks(directory / part.file):
            stored = _stored(database, name, chunk)
            missing = {key: document for key, document in chunk.items() if stored.get(key) != document.raw}
            changes = [_change(key, document, stored) for key, document in missing.items()]
            if name == "articles" and manifest.schema_version == VERSION:
                _make_findable(database, missing.values())
            _write(database, name, changes)
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
            documents = (whole(document) for document in bson.decode_file_iter(cast(IO[bytes], file), RAW))
            while chunk := list(islice(documents, BATCH)):
                yield {_key(document): document for document in chunk}
    except (EOFError, zlib.error, bson.errors.InvalidBSON, gzip.BadGzipFile, FileNotFoundError) as error:
        raise TransferError(f"{path} is missing or damaged: make the dump again, nothing else is wrong.") from error


def _key(document: RawBSONDocument) -> bytes:
    return bson.encode({"_id": document["_id"]})


def _stored(database: Any, name: str, chunk: Chunk) -> dict[bytes, bytes]:
    ids = [document["_id"] for document in chunk.values()]
    found = database.get_collection(name, codec_options=RAW).find({"_id": {"$in": ids}})
    return {_key(document): bytes(whole(document).raw) for document in found}


def _change(key: bytes, document: RawBSONDocument, stored: dict[bytes, bytes]) -> Any:
    return ReplaceOne({"_id": document["_id"]}, document) if key in stored else InsertOne(document)


def _write(database: Any, name: str, changes: list[Any]) -> None:
    if not changes:
        return
    try:
        database.get_collection(name, codec_options=RAW).bulk_write(changes, ordered=False)
    except BulkWriteError as error:
        said = error.details["writeErrors"][0]["errmsg"] if error.details["writeErrors"] else "not acknowledged"
        raise TransferError(f"The database {database.name} refuses documents of {name}: {said}.") from error


def _make_findable(database: Any, articles: Iterable[RawBSONDocument]) -> None:
    if segments := fresh_segments({row["_id"]: row["tokens"] for row in articles if "tokens" in row}):
        database["segments"].insert_many(segments)


def _build_indexes(database: Any, name: str, part: Part) -> None:
    present = {index_of(entry)["name"] for entry in database[name].list_indexes()}
    if missing := [index for index in part.indexes if index["name"] not in present]:
        database.command({"createIndexes": name, "indexes": missing})


def _check(tally: Tally, part: Part, path: Path) -> None:
    if (tally.documents, tally.digest) != (part.documents, part.digest):
        raise TransferError(f"{path} isn't what the manifest says: make the dump again, nothing was changed.")
