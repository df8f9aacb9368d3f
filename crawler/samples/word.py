""".docx to tables and text, by lxml: merged cells repeated, the lines above a table as headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from crawler.samples.document import MAX_ROWS, MAX_TABLES, MAX_UNPACKED, MAX_WIDTH, Document, Unreadable
from crawler.samples.grid import Grid
from crawler.samples.packed import open_packed, read_part

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_HEADINGS = 3
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)


def read_word(data: bytes) -> Document:
    """The tables and the text of a Word file. Raises Unreadable."""
    with open_packed(data) as archive:
        try:
            info = archive.getinfo("word/document.xml")
        except KeyError:
            raise Unreadable("broken", "the Word file has no document in it") from None
        xml = read_part(archive, info, MAX_UNPACKED // 4)
    if _DOCTYPE.search(xml[:100_000]):
        raise Unreadable("hostile", "the Word file declares entities, which no Word program writes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=True)
    root = etree.fromstring(xml.replace(_STRICT, _TRANSITIONAL), parser)
    body = root.find(f"{_W}body") if root is not None else None
    if body is None:
        raise Unreadable("broken", "the Word file has no body")
    document = Document()
    above: list[str] = []
    for node in _blocks(body):
        if node.tag == f"{_W}p":
            if text := _paragraph(node):
                above.append(text)
                document.add_text([text])
        elif len(document.grids) < MAX_TABLES and (rows := _rows(node)):
            if len(rows) > MAX_ROWS:
                document.cut.append(("too_large", f"a table has {len(rows):,} rows; the first {MAX_ROWS:,} were read"))
            document.grids.append(Grid(rows[:MAX_ROWS], tuple(reversed(above[-_HEADINGS:]))))
            document.add_text(["\t".join(dict.fromkeys(filter(None, row))) for row in rows[:2000]])
            above = []
    return document


def _blocks(body: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables in order, also those within content controls."""
    for node in body:
        if node.tag in {f"{_W}p", f"{_W}tbl"}:
            yield node
        elif node.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"}:
            yield from _blocks(node)


def _rows(table: etree._Element) -> list[list[str]]:
    rows: list[list[str]] = []
    for tr in _within(table, "tr"):
        row: list[str] = []
        properties = tr.find(f"{_W}trPr")
        if properties is not None:
            row += [""] * min(MAX_WIDTH, _number(properties.find(f"{_W}gridBefore"), 0))
        for tc in _within(tr, "tc"):
            span, goes_on = _spans(tc)
            text = _cell(tc)
            if goes_on and rows and len(row) < len(rows[-1]):
                text = rows[-1][len(row)]
            row += [text] * min(span, MAX_WIDTH - len(row))
        rows.append(row)
    return rows


def _within(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """The rows of a table or the cells of a row, also within content controls."""
    for node in parent:
        if node.tag == f"{_W}{name}":
            yield node
        elif node.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"}:
            yield from _within(node, name)


def _spans(tc: etree._Element) -> tuple[int, bool]:
    """How many columns a cell takes, and whether it goes on from the row above."""
    properties = tc.find(f"{_W}tcPr")
    if properties is None:
        return 1, False
    merge = properties.find(f"{_W}vMerge")
    goes_on = merge is not None and merge.get(f"{_W}val", "continue") == "continue"
    return max(1, min(_number(properties.find(f"{_W}gridSpan"), 1), MAX_WIDTH)), goes_on


def _number(node: etree._Element | None, default: int) -> int:
    value = node.get(f"{_W}val") if node is not None else None
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 5 else default


def _cell(tc: etree._Element) -> str:
    lines = [_paragraph(node) for node in tc.iter(f"{_W}p")]
    return "\n".join(filter(None, lines))


def _paragraph(node: etree._Element) -> str:
    parts: list[str] = []
    for each in node.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr"):
        if each.tag == f"{_W}t":
            parts.append(_raised(each))
        else:
            parts.append("\t" if each.tag == f"{_W}tab" else "\n")
    return "".join(parts).strip()


_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _raised(text: etree._Element) -> str:
    """The text of a run; digits set as superscript as such: 2.2×10² is not 2.2×102."""
    run = text.getparent()
    align = run.find(f"{_W}rPr/{_W}vertAlign") if run is not None else None
    value = text.text or ""
    return value.translate(_SUPERSCRIPTS) if align is not None and align.get(f"{_W}val") == "superscript" else value
