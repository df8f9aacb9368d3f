"""The columns of an exported article: the same names, in the same order, in every format.

They follow from the fields that `crawler/items.py` declares. Nested fields become flat by three rules: an object has a
column for each of its fields (`site.county` is `site_county`); a list of words or numbers stays a list in formats that
have lists, and is joined with `;` in the others; a list of objects stays one in formats that have them and is JSON in
the others, with its length in a column of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, get_args, get_origin

from crawler.errors import TransferError
from crawler.items import FieldSpec, OtherAddress, StoredArticle, field_specs
from crawler.output import BEIJING

Kind = Enum("Kind", "TEXT INTEGER NUMBER TIME DAY TEXTS INTEGERS OBJECTS OBJECT")
Row = list[Any]

LISTS = frozenset({Kind.TEXTS, Kind.INTEGERS, Kind.OBJECTS})
_KINDS = {str: Kind.TEXT, int: Kind.INTEGER, float: Kind.NUMBER, datetime: Kind.TIME}
_PREFIXES = {"gov_index": "gov"}
"""Names of objects in the names of their columns, if they differ."""
_COUNTS = {"images": "image_count", "attachments": "attachment_count", "tables": "table_count"}


@dataclass(frozen=True)
class ExportColumn:
    """`path` leads to the value in the document; `convert` changes what is there. Columns that are not `is_default` are
    exported only if they are asked for. `element` is the dataclass of a list of objects."""

    name: str
    kind: Kind
    path: str
    meaning: str
    is_default: bool = True
    convert: Callable[[Any], Any] | None = None
    element: type | None = None

    def value(self, document: Mapping[str, Any]) -> Any:
        """Return the value in `document`; None, or an empty list, if it has none."""
        found: Any = document
        for step in self.path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if self.convert is not None:
            return self.convert(found)
        return list(found or ()) if self.kind in LISTS else found


def columns_of(item: type) -> tuple[ExportColumn, ...]:
    """Return the columns of the fields that the dataclass `item` declares, the default ones first."""
    columns = [column for spec in field_specs(item) if spec.export is not None for column in _columns_of(spec)]
    return tuple(sorted(columns, key=lambda column: not column.is_default))


def _columns_of(spec: FieldSpec) -> Iterator[ExportColumn]:
    name, meaning, is_default = spec.name.lstrip("_"), spec.meaning, bool(spec.export)
    if spec.parts:
        prefix = _PREFIXES.get(name, name)
        for part in field_specs(spec.parts):
            kind = _kind_of(part.type)
            yield ExportColumn(f"{prefix}_{part.name}", kind, f"{name}.{part.name}", part.meaning, is_default)
    elif spec.type == list[OtherAddress]:
        yield ExportColumn(name, Kind.TEXTS, spec.name, meaning, is_default, _urls)
    elif (kind := _kind_of(spec.type)) is Kind.OBJECTS:
        (element,) = get_args(spec.type)
        if count := _COUNTS.get(name):
            yield ExportColumn(count, Kind.INTEGER, spec.name, f"number of {name}", is_default, _length)
        yield ExportColumn(name, kind, spec.name, meaning, is_default, element=element)
    else:
        yield ExportColumn(name, kind, spec.name, meaning, is_default)
    if name == "published_at":
        yield ExportColumn("published_on", Kind.DAY, spec.name, "its day in Beijing", is_default, _day)


def _kind_of(kind: Any) -> Kind:
    if get_origin(kind) is list:
        (element,) = get_args(kind)
        return Kind.OBJECTS if is_dataclass(element) else Kind.INTEGERS if element is int else Kind.TEXTS
    return Kind.OBJECT if get_origin(kind) is dict else _KINDS[kind]


def _day(time: datetime | None) -> date | None:
    return time.astimezone(BEIJING).date() if time else None


def _length(items: Sequence[Any] | None) -> int:
    return len(items or ())


def _urls(entries: Sequence[Mapping[str, Any]] | None) -> list[str]:
    return [entry["url"] for entry in entries or ()]


COLUMNS = columns_of(StoredArticle)


def choose(names: Iterable[str] | None) -> tuple[ExportColumn, ...]:
    """Return the columns called `names`, in that order; the default ones for None. Raises TransferError for an unknown
    name."""
    if names is None:
        return tuple(column for column in COLUMNS if column.is_default)
    known = {column.name: column for column in COLUMNS}
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in known]:
        raise TransferError(f"There is no field {', '.join(unknown)}; the fields are {', '.join(known)}.")
    if not wanted:
        raise TransferError(f"Name at least one field of {', '.join(known)}.")
    return tuple(known[name] for name in wanted)


def projection(columns: Iterable[ExportColumn]) -> dict[str, int]:
    """Return the fields of a document that `columns` need, as MongoDB's projection."""
    return dict.fromkeys((column.path.partition(".")[0] for column in columns), 1)


def row(columns: Iterable[ExportColumn], document: Mapping[str, Any]) -> Row:
    """Return the values of `document`, one for each column."""
    return [column.value(document) for column in columns]
