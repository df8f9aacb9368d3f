"""Tables of a body as rows of cell texts, with row and column spans expanded."""

from __future__ import annotations

from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.items import Table
from crawler.parsing.outline import Outline

_MOST_COLUMNS = 60
_MOST_ROWS = 2000
_PROSE = 150
"""A cell longer than this on average holds text laid out by a table, not data."""


@dataclass(frozen=True)
class PlacedTable:
    """A data table, the lines `start:end` of the page it fills, and its rows as text, each cell once."""

    table: Table
    start: int
    end: int
    rows: tuple[str, ...]


def tables_in(outline: Outline, element: HtmlElement, start: int, end: int) -> list[PlacedTable]:
    """The data tables of a body that stand within the lines `start:end`, in order; tables that only lay out the page
    are left to the text."""
    found = []
    for node in element.iter("table"):
        span = outline.spans.get(node)
        if span is None or span[0] < start or span[1] > end or span[0] == span[1]:
            continue
        if (
            node is not element
            and next(node.iterdescendants("table"), None) is None
            and (placed := _read(outline, node))
        ):
            found.append(placed)
    return found


def read_rows(outline: Outline, node: HtmlElement) -> list[list[str]]:
    """The rows of a `<table>` with spans expanded; they may differ in length."""
    hanging: dict[int, tuple[int, str]] = {}
    return [row for tr in list(node.iter("tr"))[:_MOST_ROWS] if (row := _read_row(outline, tr, hanging))]


def _read(outline: Outline, node: HtmlElement) -> PlacedTable | None:
    grid = read_rows(outline, node)
    own = [[_text(outline, cell) for cell in tr.iterchildren("td", "th")] for tr in list(node.iter("tr"))[:_MOST_ROWS]]
    width = max(map(len, grid), default=0)
    cells = sum(map(len, own))
    size = sum(len(text) for row in own for text in row)
    if len(grid) < 2 or width < 2 or size == 0 or size / cells > _PROSE:
        return None
    caption = next(node.iter("caption"), None)
    title = _text(outline, caption) if caption is not None else ""
    start, end = outline.spans[node]
    texts = ("\t".join(filter(None, row)) for row in own)
    return PlacedTable(
        Table([row + [""] * (width - len(row)) for row in grid], title or None),
        start,
        end,
        tuple(filter(None, (title, *texts))),
    )


def _read_row(outline: Outline, tr: HtmlElement, hanging: dict[int, tuple[int, str]]) -> list[str]:
    """A row with the cells that hang into it from above; `hanging` maps a column to how many rows more its cell spans,
    and its text."""
    row: list[str] = []
    for cell in tr.iterchildren("td", "th"):
        _take_hanging(row, hanging)
        text = _text(outline, cell)
        rows = _span(cell, "rowspan", _MOST_ROWS)
        for _ in range(min(_span(cell, "colspan", _MOST_COLUMNS), _MOST_COLUMNS - len(row))):
            if rows > 1:
                hanging[len(row)] = (rows - 1, text)
            row.append(text)
    _take_hanging(row, hanging)
    return row


def _take_hanging(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(row) < _MOST_COLUMNS and len(row) in hanging:
        column = len(row)
        left, text = hanging.pop(column)
        row.append(text)
        if left > 1:
            hanging[column] = (left - 1, text)


def _span(cell: HtmlElement, name: str, most: int) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value), most)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _text(outline: Outline, element: HtmlElement) -> str:
    span = outline.spans.get(element)
    return "" if span is None else " ".join(line.text for line in outline.lines[span[0] : span[1]])
