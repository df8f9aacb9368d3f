"""The writer of Parquet files: columns with their types, a row group a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.items import field_specs
from crawler.transfer.columns import ExportColumn, Kind, Row
from crawler.transfer.formats import to_json

_TEXT = pa.string()
_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.TIME: pa.timestamp("ms", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.TEXTS: pa.list_(_TEXT),
    Kind.INTEGERS: pa.list_(pa.int64()),
    # The keys differ from article to article.
    Kind.OBJECT: _TEXT,
}
_ELEMENT_TYPES = {
    int: _TYPES[Kind.INTEGER],
    float: _TYPES[Kind.NUMBER],
    datetime: _TYPES[Kind.TIME],
    list[list[str]]: pa.list_(pa.list_(_TEXT)),
}
"""Types of the fields in a list of objects; the others are texts."""
_GROUP_ROWS = 5000
"""Some 15 MB of articles: what is held in memory, and what a reader has to decompress for one row."""


class Parquet:
    """Parquet, compressed with zstd; the meaning of each column is in its metadata (`description`)."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[ExportColumn]) -> None:
        self._columns = columns
        self._schema = pa.schema(
            [pa.field(column.name, _arrow_type(column), metadata={"description": column.meaning}) for column in columns]
        )
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        self._waiting += rows
        if len(self._waiting) >= _GROUP_ROWS:
            self._write_group()

    def close(self) -> None:
        """Write what is held back, and the footer without which the file is none."""
        if self._waiting:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Forget what is held back."""
        self._waiting = []

    def _write_group(self) -> None:
        arrays = [
            pa.array(_as_arrow(values, column.kind), _arrow_type(column))
            for values, column in zip(zip(*self._waiting, strict=True), self._columns, strict=True)
        ]
        self._waiting = []
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))


def _arrow_type(column: ExportColumn) -> pa.DataType:
    if column.kind is not Kind.OBJECTS:
        return _TYPES[column.kind]
    specs = field_specs(column.element) if column.element else ()
    return pa.list_(pa.struct([(spec.name, _ELEMENT_TYPES.get(spec.type, _TEXT)) for spec in specs]))


def _as_arrow(values: Sequence[Any], kind: Kind) -> Sequence[Any]:
    return [value and to_json(value) for value in values] if kind is Kind.OBJECT else values
