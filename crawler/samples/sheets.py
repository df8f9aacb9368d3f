""".xlsx and .xls to tables, by python-calamine. Only for a child process: crafted files abort it."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta

from crawler.samples.document import MAX_ROWS, MAX_TABLES, MAX_WIDTH, Document, Unreadable
from crawler.samples.grid import Grid
from crawler.samples.packed import check_parts


def read_workbook(data: bytes, kind: str) -> Document:
    """The sheets of a workbook as tables, merged cells repeated. Raises Unreadable."""
    try:
        import python_calamine
    except ImportError:
        raise Unreadable(
            "needs_library", "reading Excel files needs pip install 'food-safety-crawler[samples]'"
        ) from None

    if kind == "xlsx":
        check_parts(data)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError:
        raise Unreadable("encrypted", "the workbook is protected by a password") from None
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise Unreadable("broken", f"the workbook can't be read: {error}") from None
    document = Document()
    faults = []
    for name in workbook.sheet_names[:MAX_TABLES]:
        try:
            sheet = workbook.get_sheet_by_name(name)
        except (python_calamine.CalamineError, ValueError, OSError) as error:
            # A chart or a broken sheet; the others may be whole.
            faults.append((name, str(error)))
            continue
        if sheet.height and sheet.width:
            _add_sheet(document, name, sheet)
    if faults and not document.grids:
        raise Unreadable("broken", f"the sheet {faults[0][0]} can't be read: {faults[0][1]}")
    document.cut += [("broken", f"the sheet {name} can't be read: {fault}") for name, fault in faults]
    return document


def _add_sheet(document: Document, name: str, sheet: object) -> None:
    end_row, end_column = sheet.end  # type: ignore[attr-defined]
    height, width = end_row + 1, end_column + 1
    if height > MAX_ROWS:
        document.cut.append(("too_large", f"the sheet {name} has {height:,} rows; the first {MAX_ROWS:,} were read"))
    values = sheet.to_python(skip_empty_area=False, nrows=min(height, MAX_ROWS))  # type: ignore[attr-defined]
    rows = [[_text(value) for value in row[:MAX_WIDTH]] for row in values]
    _spread(rows, sheet.merged_cell_ranges or [])  # type: ignore[attr-defined]
    if width > MAX_WIDTH:
        document.cut.append(("too_large", f"the sheet {name} has {width:,} columns; the first {MAX_WIDTH} were read"))
    rows = [row for row in rows if any(row)]
    if rows:
        document.grids.append(Grid(rows, (name,), sheet=name))
        document.add_text(["\t".join(filter(None, row)) for row in rows[:2000]])


def _spread(rows: list[list[str]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Repeats the text of merged cells in all of them."""
    for (top, left), (bottom, right) in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        text = rows[top][left]
        for row in rows[top : bottom + 1]:
            for place in range(left, min(right + 1, len(row))):
                row[place] = text


def _text(value: object) -> str:
    """A cell as a reader sees it: whole numbers without .0, days as YYYY-MM-DD."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, int | timedelta) else ""
