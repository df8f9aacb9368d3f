"""What a dump says of itself: `manifest.json`, and the check sums by which two collections are compared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import bson
from bson import json_util
from bson.raw_bson import RawBSONDocument

from crawler.transfer.errors import TransferError

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
        """Count `document`, as `whole` gives it."""
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
    """The manifest in `directory`. Raises TransferError where there is none."""
    try:
        content = json_util.loads((directory / FILE).read_text(encoding="utf-8"))
        parts = {name: Part(**part) for name, part in content["collections"].items()}
        if content["kind"] != _KIND:
            raise KeyError("kind")
        return Manifest(content["database"], content["made_at"], content["schema_version"], parts)
    except OSError as error:
        raise TransferError(f"{directory} is no dump: {FILE} can't be read ({error.strerror}).") from error
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise TransferError(f"{directory} is no dump of this program: its {FILE} is another one's.") from error


def whole(document: RawBSONDocument) -> RawBSONDocument:
    """`document` as every server stores it: `_id` first."""
    if next(iter(document)) == "_id":
        return document
    rest = {name: value for name, value in document.items() if name != "_id"}
    return RawBSONDocument(bson.encode({"_id": document["_id"], **rest}))


def index_of(listed: dict[str, Any]) -> dict[str, Any]:
    """An index as `listIndexes` tells it, as `createIndexes` takes it."""
    return {name: listed[name] for name in _INDEX_OPTIONS if name in listed}
