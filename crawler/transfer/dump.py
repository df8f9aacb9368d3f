"""A whole database into a folder: each collection as BSON, compressed, and a manifest with counts and check sums.

A file holds one BSON document after the other, as those of mongodump do, and is compressed with gzip.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from crawler.storage.schema import COLLECTIONS
from crawler.transfer.errors import TransferError
from crawler.transfer.files import telling
from crawler.transfer.manifest import Manifest, Part, Tally, index_of, whole

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
BATCH = 500
VERSIONED = "maintenance"
"""The collection that tells the version of the schema: the first to be written, so that no part of an import is taken
for a database of another version."""
DERIVED = frozenset({"segments", "postings"})
"""Collections that follow from the articles and change while they are read: an import makes them anew."""
_FAST = 3
"""Level of gzip: three times as fast as the usual 6, and a tenth larger."""

Progress = Callable[[str, int, int | None], None]


def dump(database: Any, target: Path, progress: Progress) -> Manifest:
    """Write everything in `database` (pymongo's) but its views, and the index for search, which follows from the
    articles, into the folder `target`, which must not exist or be empty: it is whole or not there.
    `progress(collection, done, total)` hears of it. Raises TransferError."""
    place = target.resolve()
    with telling(target):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise TransferError(f"{target} exists already: name a new folder.")
        with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as directory:
            part = Path(directory) / place.name
            part.mkdir()
            manifest = _write(database, part, progress)
            os.replace(part, place)
    return manifest


def collections_of(database: Any) -> dict[str, dict[str, Any]]:
    """The collections of `database` with their options; no views, nothing of the server's own."""
    listed = database.list_collections(filter={"type": "collection"})
    return {entry["name"]: entry.get("options", {}) for entry in listed if not entry["name"].startswith("system.")}


def version_of(database: Any) -> int:
    """The schema version of `database`; 1 where it doesn't say."""
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
            kept = whole(document)
            file.write(kept.raw)
            tally.add(kept)
            if tally.documents % BATCH == 0:
                progress(name, tally.documents, total)
    progress(name, tally.documents, tally.documents)
    return tally
