"""Writers of text: JSON lines and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO

from crawler.transfer.cells import cell, harmless, to_json
from crawler.transfer.columns import Column, Row

_BOM = "\ufeff"
"""Without it Excel reads a CSV as GBK."""


class JsonLines:
    """One object a line, UTF-8, the columns as its keys."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
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

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
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
