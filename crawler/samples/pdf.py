""".pdf to tables and text, by pdfplumber: tables that go on over pages are joined."""

from __future__ import annotations

import io
import time
from typing import Any

from crawler.samples.document import MAX_ROWS, MAX_TABLES, MAX_WIDTH, Document, Unreadable
from crawler.samples.grid import Grid, is_head

MAX_PAGES = 300
MAX_CPU_SECONDS = 11.0
"""CPU time for one PDF, after which no further page is read, so that what was read is not lost at the limit."""
_HEADINGS = 3
_SCAN = 20
"""A document with fewer characters a page than this, and with pictures, is a scan."""


def read_pdf(data: bytes) -> Document:
    """The ruled tables and the text of a PDF. Raises Unreadable, with `needs_ocr` for scans."""
    try:
        import pdfplumber
        from pdfminer.pdfparser import PDFSyntaxError
        from pdfminer.psparser import PSException
        from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException
    except ImportError:
        raise Unreadable(
            "needs_library", "reading PDF files needs pip install 'food-safety-crawler[samples]'"
        ) from None

    broken = (PDFSyntaxError, PSException, MalformedPDFException, PdfminerException, ValueError, TypeError, KeyError)
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            return _read(pdf)
    except (*broken, IndexError, AttributeError, AssertionError, RecursionError, OSError) as error:
        # pdfminer meets a damaged file with whatever its code happens to raise.
        name = (
            type(error.args[0]).__name__
            if error.args and isinstance(error.args[0], Exception)
            else type(error).__name__
        )
        if "Password" in name or "Encryption" in name:
            raise Unreadable("encrypted", "the PDF is protected by a password") from None
        raise Unreadable("broken", f"the PDF can't be read: {name}") from None


def _read(pdf: Any) -> Document:
    document = Document()
    characters = pictures = 0
    pages = len(pdf.pages)
    started = time.process_time()
    for page in pdf.pages[:MAX_PAGES]:
        if time.process_time() - started > MAX_CPU_SECONDS:
            document.cut.append(
                ("too_large", f"the PDF takes long; {page.page_number - 1} of {pages:,} pages were read")
            )
            break
        characters += len(page.chars)
        pictures += len(page.images)
        _add_page(document, page)
        page.close()
    if pages > MAX_PAGES:
        document.cut.append(("too_large", f"the PDF has {pages:,} pages; the first {MAX_PAGES} were read"))
    if pictures and characters < _SCAN * min(pages, MAX_PAGES):
        raise Unreadable("needs_ocr", "the PDF is a scan; its text can't be read without OCR")
    return document


def _add_page(document: Document, page: Any) -> None:
    """The tables of a page and its text. A table at the top of a page that begins without a head goes on from the last
    table of the page before."""
    first = page.page_number == 1
    top = 0.0
    for place, table in enumerate(sorted(page.find_tables(), key=lambda each: each.bbox[1])):
        rows = [[cell or "" for cell in row[:MAX_WIDTH]] for row in _cells(table)]
        above = _lines_above(page, top, table.bbox[1])
        top = table.bbox[3]
        if not rows:
            continue
        last = document.grids[-1] if document.grids else None
        if last and not first and place == 0 and _goes_on(last, rows):
            if len(last.rows) < MAX_ROWS:
                last.page_starts |= {len(last.rows), len(last.rows) + _repeats(last, rows)}
                last.rows += rows
        elif len(document.grids) < MAX_TABLES:
            document.grids.append(Grid(rows, tuple(reversed(above[-_HEADINGS:])), wrapped=True))
    document.add_text([page.extract_text() or ""])


def _cells(table: Any) -> list[list[str | None]]:
    """The rows of a table; what a merged cell leaves empty takes the text of the cell that spans it."""
    texts = table.extract()
    for row, cells in zip(texts, table.rows, strict=False):
        for place, box in enumerate(cells.cells[: len(row)]):
            if box is None and place and row[place] is None:
                row[place] = row[place - 1]
    for at in range(1, len(texts)):
        for place, text in enumerate(texts[at]):
            if text is None and place < len(texts[at - 1]):
                texts[at][place] = texts[at - 1][place]
    return texts


def _goes_on(last: Grid, rows: list[list[str]]) -> bool:
    if len(rows[0]) != len(last.rows[0]):
        return False
    head = [cell.replace("\n", "") for cell in rows[0]]
    return not is_head(head) or bool(_repeats(last, rows))


def _repeats(last: Grid, rows: list[list[str]]) -> int:
    """1 if the first of `rows` is the head of `last` once more, else 0."""
    flat = ["".join(cell.split()) for cell in rows[0]]
    return int(any(flat == ["".join(cell.split()) for cell in row] for row in last.rows[:4]))


def _lines_above(page: Any, top: float, bottom: float) -> list[str]:
    """The lines of text between two heights of a page."""
    if bottom - top < 4:
        return []
    x0, y0, x1, y1 = page.bbox
    text = page.crop((x0, max(top, y0), x1, min(bottom, y1))).extract_text() or ""
    return [line.strip() for line in text.splitlines() if line.strip()]
