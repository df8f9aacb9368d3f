"""Values as text: for the cells of spreadsheets, and for JSON."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from crawler.transfer.columns import BEIJING, Kind

_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_SEPARATOR = ";"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take `text` for a formula (the list of OWASP's page on CSV injection)."""
    return text.startswith(_FORMULA_STARTS)


def harmless(text: str) -> str:
    """`text` such that no spreadsheet calculates with it: an apostrophe goes before what looks like a formula."""
    return f"'{text}" if is_formula(text) else text


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
