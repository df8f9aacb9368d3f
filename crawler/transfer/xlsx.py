"""The writer of Excel workbooks, row by row in constant memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from crawler.output import BEIJING, is_formula
from crawler.transfer.columns import ExportColumn, Kind, Row
from crawler.transfer.formats import cell, iso

SHEET_ROWS = 1_048_576
"""What Excel takes on one sheet, the header included."""
CELL_UNITS = 32_767
"""What Excel takes in one cell, in UTF-16 code units."""
_FIRST_YEAR = 1900
_CUT = "… [cut]"
_WIDE, _NARROW = 48, 14


class Xlsx:
    """A workbook: a sheet `articles`, further ones once it is full; a cell that Excel couldn't hold is cut and marked.
    Times are Beijing time, as Excel knows no zones. Texts are never formulas, not even when somebody edits the cell."""

    def __init__(
        self, stream: BinaryIO, columns: Sequence[ExportColumn], directory: Path, sheet_rows: int = SHEET_ROWS
    ) -> None:
        """`directory` takes the temporary files."""
        self._columns = columns
        self._sheet_rows = sheet_rows
        self._book = Workbook(stream, {"constant_memory": True, "tmpdir": str(directory)})
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._cut = 0
        self._sheets = 0
        self._sheet = self._new_sheet()

    @property
    def notes(self) -> tuple[str, ...]:
        """What didn't fit into a workbook as it is, one sentence each."""
        notes = []
        if self._cut:
            rule = f"Excel takes {CELL_UNITS:,} characters in a cell; longer ones were cut and end in “{_CUT}”"
            notes.append(f"{rule}: {self._cut}.")
        if self._sheets > 1:
            notes.append(f"The rows are on {self._sheets} sheets: Excel takes {self._sheet_rows:,} on one.")
        return tuple(notes)

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        for row in rows:
            if self._next >= self._sheet_rows:
                self._sheet = self._new_sheet()
            for number, (value, column) in enumerate(zip(row, self._columns, strict=True)):
                self._write_cell(number, value, column.kind)
            self._next += 1

    def close(self) -> None:
        """Write the file: until now there are only temporary ones."""
        try:
            self._book.close()
        except FileCreateError as error:
            # The library hides what the system said.
            raise error.args[0] from error

    def abandon(self) -> None:
        """Close the temporary files, which may be what the disk had no room for."""
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet.row_data_fh.close()

    def _new_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._book.add_worksheet("articles" if self._sheets == 1 else f"articles {self._sheets}")
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._columns):
            sheet.set_column(number, number, _WIDE if column.name in {"title", "body", "url"} else _NARROW)
            sheet.write_string(0, number, column.name, self._bold)
        self._next = 1
        return sheet

    def _write_cell(self, number: int, value: Any, kind: Kind) -> None:
        if isinstance(value, date) and value.year >= _FIRST_YEAR:
            local = value.astimezone(BEIJING).replace(tzinfo=None) if isinstance(value, datetime) else value
            self._sheet.write_datetime(self._next, number, local, self._time if kind is Kind.TIME else self._day)
            return
        shown = iso(value) if isinstance(value, date) else cell(value, kind)
        if isinstance(shown, str):
            if shown:
                text = self._fitting(shown)
                self._sheet.write_string(self._next, number, text, self._quoted if is_formula(text) else None)
        elif shown is not None:
            self._sheet.write_number(self._next, number, shown)

    def _fitting(self, text: str) -> str:
        if len(text) * 2 <= CELL_UNITS or len(text.encode("utf-16-le")) <= CELL_UNITS * 2:
            return text
        self._cut += 1
        room = (CELL_UNITS - len(_CUT)) * 2
        return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT
