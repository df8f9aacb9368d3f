"""The writer of Parquet files: columns with their types, a row group a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.transfer.cells import to_json
from crawler.transfer.columns import Column, Kind, Row

_TEXT = pa.string()
_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.TIME: pa.timestamp("ms", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.TEXTS: pa.list_(_TEXT),
    Kind.INTEGERS: pa.list_(pa.int64()),
    Kind.IMAGES: pa.list_(pa.struct([("url", _TEXT), ("caption", _TEXT)])),
    Kind.ATTACHMENTS: pa.list_(pa.struct([("url", _TEXT), ("name", _TEXT)])),
    Kind.TABLES: pa.list_(pa.struct([("caption", _TEXT), ("rows", pa.list_(pa.list_(_TEXT)))])),
    # Its keys differ from article to article.
    Kind.RULES: _TEXT,
}
_GROUP_ROWS = 5000
"""Some 15 MB of articles: what is held in memory, and what a reader has to decompress for one row."""


class Parquet:
    """Parquet, compressed with zstd; the meaning of each column is in its metadata (`description`)."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._kinds = [column.kind for column in columns]
        self._schema = pa.schema(
            [pa.field(column.name, _TYPES[column.kind], metadata={"description": column.meaning}) for column in columns]
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
            pa.array(_plain(values, kind), _TYPES[kind])
            for values, kind in zip(zip(*self._waiting, strict=True), self._kinds, strict=True)
        ]
        self._waiting = []
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))


def _plain(values: Sequence[Any], kind: Kind) -> Sequence[Any]:
    return [value and to_json(value) for value in values] if kind is Kind.RULES else values
