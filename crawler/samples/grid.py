"""A table as found in a page or file, and its parts: headings, head rows, data rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crawler.samples.cells import DITTOS, clean_cell, is_blank, kinds_of, one_line
from crawler.samples.columns import read_parts
from crawler.samples.lexicon import is_analyte, read_head

MAX_HEAD_ROWS = 4
_CORE = frozenset(("product", "item", "_pack", "_tested", "sampled_unit", "producer", "category", "verdict", "date"))
_DATA_KINDS = frozenset(("date", "number", "address", "limit"))


@dataclass(slots=True)
class Grid:
    """A table: `rows` of cell texts with merged cells repeated; `headings` above it, the nearest first.

    `wrapped`: a line break within a cell is a wrap of the printed line, as in a PDF. `page_starts`: rows that begin a
    new page, where a row of the page before may go on.
    """

    rows: list[list[str]]
    headings: tuple[str, ...] = ()
    sheet: str | None = None
    wrapped: bool = False
    page_starts: frozenset[int] = frozenset()


@dataclass(slots=True)
class Block:
    """The data rows under one head. `heads[column]` are the texts of a column's head, top to bottom; `rows` pairs each
    row with its number in the grid; `headings` are those that hold for the block, the nearest first."""

    heads: list[list[str]]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    sections: dict[int, str] = field(default_factory=dict)
    """Rows of the grid that are headings among the data: number → text."""


def find_blocks(grid: Grid) -> list[Block]:
    """The blocks of a grid in order; [] if no row is a head. One with its heads in the first column is turned."""
    rows = _clean(grid)
    blocks = _find(rows, grid.headings)
    if not blocks and (turned := _turn(rows)):
        blocks = _find(turned, grid.headings)
    return blocks


def _clean(grid: Grid) -> list[list[str]]:
    width = max(map(len, grid.rows), default=0)
    rows = []
    for row in grid.rows:
        cells = [clean_cell(cell) for cell in row]
        if grid.wrapped:
            cells = [one_line(cell) for cell in cells]
        rows.append(cells + [""] * (width - len(cells)))
    return rows


def _find(rows: list[list[str]], headings: Sequence[str]) -> list[Block]:
    blocks: list[Block] = []
    above: list[str] = []
    last: list[list[str]] = []
    at = 0
    while at < len(rows):
        row = rows[at]
        if is_head(row, last[0] if last else None):
            end = at + 1
            while end < len(rows) and end - at < MAX_HEAD_ROWS and _goes_on(rows[at:end], rows[end]):
                end += 1
            head = rows[at:end]
            if not (blocks and head == last) or above:
                heads = [list(column) for column in zip(*_fill_groups(head), strict=True)]
                blocks.append(Block(heads, headings=[*reversed(above), *headings]))
                last, above = head, []
            at = end
            continue
        text = single_text(row)
        if text is not None and not (blocks and text and row[0] == "" and row.count(text) == 1):
            if text:
                above.append(text)
                if blocks:
                    blocks[-1].sections[at] = text
        elif blocks:
            blocks[-1].rows.append((at, row))
            above = []
        at += 1
    return blocks


def single_text(row: Sequence[str]) -> str | None:
    """The text of a row that holds one text only (merged or alone); "" if it is empty; None if it holds several."""
    texts = {cell for cell in row if cell}
    if not texts:
        return ""
    return next(iter(texts)) if len(texts) == 1 and len(row) > 1 else None


def is_head(row: Sequence[str], last: Sequence[str] | None = None) -> bool:
    """Whether a row holds column heads: most cells are known heads, none is data. Below a head (`last`) a row counts as
    another one only if it shares heads with it."""
    if last is not None and len(set(filter(None, row)) & set(last)) < 2:
        return False
    texts = list(dict.fromkeys(cell for cell in row if cell))
    if len(texts) < 2:
        return False
    known, fields = 0, set()
    for text in texts:
        if head := read_head(text):
            known += 1
            fields.add(head.field)
        elif is_analyte(text):
            known += 1
        if _is_data(text):
            return False
    return len(fields) >= 2 and known >= max(2, len(texts) / 2) and not fields.isdisjoint(_CORE)


def _is_data(text: str) -> bool:
    kinds = kinds_of(text)
    if not kinds.isdisjoint(_DATA_KINDS) or text in DITTOS:
        return True
    return "company" in kinds and len(text) > 5 and read_head(text) is None


def _goes_on(head: list[list[str]], row: list[str]) -> bool:
    """Whether `row` is a further row of the head: the lower part of cells that span columns above it."""
    above = head[-1]
    grouped = _grouped(above)
    new = 0
    for place, text in enumerate(row):
        if not text or text == above[place]:
            continue
        if place not in grouped or _is_data(text) or len(text) > 40 or is_blank(text):
            return False
        new += 1
    if not new:
        return bool(any(row)) and row == above and len(grouped) > 0
    known = sum(
        1
        for place, text in enumerate(row)
        if text and text != above[place] and (read_parts([above[place], text]) or is_analyte(text))
    )
    return known >= new / 2


def _grouped(row: list[str]) -> set[int]:
    """The columns that a cell of a head row shares with its neighbour: the text repeated, or blanks after it."""
    grouped = set()
    for place, text in enumerate(row[1:], 1):
        repeated = text == row[place - 1] and text
        if repeated or (not text and (row[place - 1] or place - 1 in grouped)):
            grouped |= {place - 1, place}
    return grouped


def _fill_groups(head: list[list[str]]) -> list[list[str]]:
    """Head rows with the text of a group repeated over its columns, where only its first cell holds it."""
    if len(head) == 1:
        return head
    filled = [list(row) for row in head]
    for depth, row in enumerate(filled[:-1]):
        for place in range(1, len(row)):
            if not row[place] and filled[depth + 1][place] and row[place - 1]:
                row[place] = row[place - 1]
    return filled


def _turn(rows: list[list[str]]) -> list[list[str]] | None:
    """A table with its heads in the first column, turned so that they are its first row; None if it is not one. A form
    with pairs of head and value side by side (four columns and more) is one sample."""
    rows = [row for row in rows if single_text(row) is None]
    if len(rows) < 3 or len(rows) > 60:
        return None
    first = [row[0] for row in rows]
    if sum(1 for text in first if read_head(text)) < max(3, 0.7 * len(rows)):
        return None
    width = len(rows[0])
    thirds = [row[2] for row in rows if width >= 4 and row[2]]
    if width == 4 and thirds and sum(1 for text in thirds if read_head(text)) >= 0.7 * len(thirds):
        pairs = [(row[place], row[place + 1]) for row in rows for place in (0, 2) if row[place]]
        return [[head for head, _ in pairs], [value for _, value in pairs]]
    return [list(column) for column in zip(*rows, strict=True)]
