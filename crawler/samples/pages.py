"""HTML to tables and text: article pages, and HTML that is served as .xls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from crawler.parsing.page import Page
from crawler.parsing.page_lines import INLINE, SKIPPED, build_lines
from crawler.samples.document import MAX_ROWS, MAX_TABLES, MAX_WIDTH, Document, Unreadable
from crawler.samples.grid import Grid

_HEADINGS = 3
_MAX_HEADING = 80
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SPACE = re.compile(r"\s+")


def read_page(data: bytes, content_type: str | None = None) -> Document:
    """The tables of a page that hold no other table, in order, with the lines above each as headings; the text is what
    stands outside of them. Raises Unreadable."""
    page = Page.from_bytes(data, content_type=content_type)
    if page.is_overloaded:
        raise Unreadable("hostile", "a tag of the page has so many attributes that parsing it would take minutes")
    page_lines = build_lines(page.root)
    document = Document()
    end = 0
    lines: list[str] = []
    for node in page_lines.select_tag("table"):
        start, stop = page_lines.spans[node]
        if next(node.iterdescendants("table"), None) is not None or start == stop:
            continue
        between = [line.text for line in page_lines.lines[end:start]]
        lines += between
        rows = read_rows(node)
        if len(rows) > MAX_ROWS:
            document.cut.append(("too_large", f"a table has {len(rows):,} rows; the first {MAX_ROWS:,} were read"))
        if rows and len(document.grids) < MAX_TABLES:
            document.grids.append(Grid(rows[:MAX_ROWS], _headings(node, between)))
        end = max(end, stop)
    document.add_text([*lines, *(line.text for line in page_lines.lines[end:])])
    return document


def _headings(node: HtmlElement, between: list[str]) -> tuple[str, ...]:
    """The caption of a table, and the short lines right above it, the nearest first."""
    caption = next(node.iter("caption"), None)
    own = _text(caption) if caption is not None else ""
    above = [text for text in between[-_HEADINGS:] if len(text) <= _MAX_HEADING]
    return tuple(filter(None, (own, *reversed(above))))


def read_rows(table: HtmlElement) -> list[list[str]]:
    """The rows of a `<table>` with spans expanded, line breaks within cells kept, digits in `<sup>` as superscripts."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for tr in table.iter("tr"):
        row: list[str] = []
        for cell in tr.iterchildren("td", "th"):
            _take_hanging(row, hanging)
            text = _text(cell)
            down = _span(cell, "rowspan", MAX_ROWS)
            for _ in range(min(_span(cell, "colspan", MAX_WIDTH), MAX_WIDTH - len(row))):
                if down > 1:
                    hanging[len(row)] = (down - 1, text)
                row.append(text)
        _take_hanging(row, hanging)
        if row:
            rows.append(row)
    return rows


def _take_hanging(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Adds the cells that hang into a row from the rows above."""
    while len(row) in hanging:
        left, text = hanging.pop(len(row))
        if left > 1:
            hanging[len(row)] = (left - 1, text)
        row.append(text)


def _span(cell: HtmlElement, name: str, most: int) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value), most)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _text(element: HtmlElement) -> str:
    lines = "".join(_pieces(element)).split("\n")
    return "\n".join(filter(None, (line.strip() for line in lines)))


def _pieces(element: HtmlElement) -> Iterator[str]:
    """The text of an element in order, with a line break at every `<br>` and around every block. No recursion: a page
    may nest thousands of elements."""
    skipped: HtmlElement | None = None
    for event, node in _events(element):
        outside = skipped is None
        if event == "start" and outside:
            if not isinstance(node.tag, str) or node.tag in SKIPPED:
                skipped = node
            elif node.tag == "br" or (node.tag not in INLINE and node is not element):
                yield "\n"
            if skipped is None and node.text:
                yield _plain(node.text, node.tag == "sup")
        elif event == "end":
            if skipped is node:
                skipped = None
            if skipped is None and isinstance(node.tag, str) and node.tag not in INLINE and node is not element:
                yield "\n"
            if skipped is None and node.tail and node is not element:
                yield _plain(node.tail, False)


def _events(element: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    stack: list[tuple[str, HtmlElement]] = [("start", element)]
    while stack:
        event, node = stack.pop()
        yield event, node
        if event == "start":
            stack.append(("end", node))
            stack.extend(("start", child) for child in reversed(node))


def _plain(text: str, raised: bool) -> str:
    text = _SPACE.sub(" ", text)
    return text.translate(_SUPERSCRIPTS) if raised else text
