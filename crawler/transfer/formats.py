"""Values as text, and the writers of text: JSON lines and CSV. A writer takes rows of values, one for each column."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, BinaryIO

from crawler.output import BEIJING, harmless
from crawler.transfer.columns import ExportColumn, Kind, Row

# Values as text: for the cells of spreadsheets, and for JSON.

_SEPARATOR = ";"


def cell(value: Any, kind: Kind) -> str | int | float | None:
    """`value` as a cell can hold it: lists of words joined, objects as JSON, times as ISO 8601 in Beijing time."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, date):
        return iso(value)
    if kind in {Kind.TEXTS, Kind.INTEGERS}:
        return _SEPARATOR.join(map(str, value))
    return to_json(value) if value else ""


def iso(value: date) -> str:
    """A day, or a time in Beijing time with its offset, in ISO 8601."""
    return value.astimezone(BEIJING).isoformat() if isinstance(value, datetime) else value.isoformat()


def to_json(value: Any) -> str:
    """`value` as one line of JSON; times as `iso`."""
    return json.dumps(value, ensure_ascii=False, default=iso)


_BOM = "\ufeff"
"""Without it Excel reads a CSV as GBK."""


class JsonLines:
    """One object a line, UTF-8, the columns as its keys."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[ExportColumn]) -> None:
        self._stream = stream
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        lines = (to_json(dict(zip(self._names, row, strict=True))) for row in rows)
        self._stream.write("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held open."""


class Csv:
    """CSV for spreadsheets: UTF-8 with BOM, a header line, CRLF, formulas made harmless."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[ExportColumn]) -> None:
        self._stream = stream
        self._kinds = [column.kind for column in columns]
        self._buffer = io.StringIO(newline="")
        self._csv = csv.writer(self._buffer)
        self._buffer.write(_BOM)
        self._csv.writerow([column.name for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        for row in rows:
            cells = (cell(value, kind) for value, kind in zip(row, self._kinds, strict=True))
            self._csv.writerow([harmless(text) if isinstance(text, str) else text for text in cells])
        self.close()

    def close(self) -> None:
        """Write what is held back."""
        self._stream.write(self._buffer.getvalue().encode())
        self._buffer.seek(0)
        self._buffer.truncate()

    def abandon(self) -> None:
        """Nothing is held open."""
