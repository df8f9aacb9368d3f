"""What commands print: rows as a table, JSON, JSON lines or CSV, times in one zone, and text that is safe to show.

Imports nothing of the crawler, so that every other part may use it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, TextIO

FORMATS = ("table", "json", "jsonl", "csv")
BEIJING = timezone(timedelta(hours=8), "CST")
"""The zone of every time a command prints."""

_WIDE = 10_000  # columns of a table that goes to a file or a pipe: one row, one line
_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def add_format_option(parser: argparse.ArgumentParser) -> None:
    """Add `--format`, which `print_rows` understands."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="table (default), json, jsonl or csv")


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    form: str,
    columns: Sequence[str] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    file: TextIO | None = None,
) -> int:
    """Print `rows` in one of FORMATS to `file` (default: standard output) and return how many there were.

    `columns` are the keys shown in a table and in CSV, in this order (default: the keys of the first row); JSON always
    has the whole row. `headers` renames the headings of a table, which are the keys by default.
    """
    out = file or sys.stdout
    count = 0
    if form == "jsonl":
        for row in rows:
            print(to_json(row), file=out)
            count += 1
        return count
    every = list(rows)
    if form == "json":
        print(to_json(every, indent=1), file=out)
    elif every:
        keys = columns or list(every[0])
        if form == "csv":
            out.writelines(_csv_lines(every, keys))
        else:
            _print_table(every, keys, headers or {}, out)
    return len(every)


def to_json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON: Chinese as it is, times as ISO 8601 in Beijing's zone, control characters escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_json_default)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def format_time(time: datetime | None, *, seconds: bool = False, missing: str = "-") -> str:
    """An aware time for people: `2026-12-01 08:00 +08:00`; `missing` if there is none."""
    if time is None:
        return missing
    return f"{time.astimezone(BEIJING):{'%Y-%m-%d %H:%M:%S' if seconds else '%Y-%m-%d %H:%M'}} +08:00"


def iso_time(time: datetime | None) -> str | None:
    """An aware time for programs: `2026-12-01T08:00:00+08:00`."""
    return time.astimezone(BEIJING).isoformat(timespec="seconds") if time else None


def format_count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 article`, `1,204 articles`; `plural` if it is not `singular` with an s."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def plain(text: str | None) -> str:
    """`text` on one line and safe for a terminal.

    Control characters (escape sequences, also those of 8 bits) become visible pictures; characters that change the
    direction of writing are removed.
    """
    return "".join(map(_visible, " ".join((text or "").split())))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take `text` for a formula (the list of OWASP's page on CSV injection)."""
    return text.startswith(_FORMULA_STARTS)


def harmless(text: str) -> str:
    """`text` such that no spreadsheet calculates with it: an apostrophe goes before what looks like a formula."""
    return f"'{text}" if is_formula(text) else text


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        code = ord(character)
        return chr(_CONTROL_PICTURES + code) if code < 0x20 else "\u2421" if code == _DELETE else "\ufffd"
    return {"Cf": "", "Cs": "\ufffd"}.get(category, character)


def _json_default(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _csv_lines(rows: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(keys)
    for row in rows:
        writer.writerow([_csv_cell(row.get(key)) for key in keys])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _csv_cell(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return harmless(plain(value if isinstance(value, str) else to_json(value)))


def _table_cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value)) or "-"
    return plain(value if isinstance(value, str) else to_json(value))


def _print_table(
    rows: Sequence[Mapping[str, Any]], keys: Sequence[str], headers: Mapping[str, str], out: TextIO
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    interactive = out.isatty()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim" if interactive else "")
    for key in keys:
        numbers = all(row.get(key) is None or isinstance(row[key], int | float) for row in rows)
        last = key == keys[-1]
        table.add_column(
            headers.get(key, key.replace("_", " ")),
            justify="right" if numbers else "left",
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",
        )
    for row in rows:
        table.add_row(*(Text(_table_cell(row.get(key))) for key in keys))
    if interactive:
        Console(file=out, highlight=False).print(table)
        return
    text = io.StringIO()
    Console(file=text, width=_WIDE).print(table)
    out.writelines(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())
