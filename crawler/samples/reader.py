"""Any file to samples: its kind by content, the reader of that kind, archives opened. Hostile files can end the process
or fill the memory: outside of tests, call `sandbox.read_file`, which does this in a child process with limits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from crawler.items import Sample
from crawler.samples.document import MAX_TEXT, MAX_UNPACKED, Document, Unreadable
from crawler.samples.packed import MAX_MEMBERS, files_in, open_packed, read_part
from crawler.samples.sniff import sniff
from crawler.samples.tables import read_tables

READER = "1"
"""Version of what is read from a file: raised when the same bytes yield other samples."""
MAX_DEPTH = 2
"""Archives within archives."""


@dataclass(slots=True)
class FileReading:
    """What one file holds: its `kind`, the samples, the number of tables, its text (cut at a cap), the rows and tables
    refused by reason, and what could not be read: `(file or sheet, reason, detail)`."""

    kind: str = "unknown"
    samples: list[Sample] = field(default_factory=list)
    tables: int = 0
    text: str = ""
    refused: Counter[str] = field(default_factory=Counter)
    unread: list[tuple[str, str, str]] = field(default_factory=list)


def _read_document(data: bytes, kind: str) -> Document:
    """The tables and text of a file of one of the kinds with a reader. Raises Unreadable. A reader is imported when it
    is needed: a child process reads one file."""
    if kind in {"xlsx", "xls"}:
        from crawler.samples.sheets import read_workbook

        return read_workbook(data, kind)
    if kind == "docx":
        from crawler.samples.word import read_word

        return read_word(data)
    if kind == "pdf":
        from crawler.samples.pdf import read_pdf

        return read_pdf(data)
    if kind == "html":
        from crawler.samples.pages import read_page

        return read_page(data)
    raise Unreadable(*_WHY_NOT.get(kind, ("unsupported", f"files of this kind ({kind}) can't be read")))


_WHY_NOT = {
    "image": ("needs_ocr", "the file is a picture; its text can't be read without OCR"),
    "encrypted": ("encrypted", "the file is protected by a password"),
    "empty": ("empty", "the file is empty"),
    "doc": ("needs_libreoffice", "reading .doc and .wps files needs LibreOffice (soffice) on the PATH"),
}


def read_bytes(data: bytes, name: str = "") -> FileReading:
    """What the file `data`, called `name`, holds. Never raises Unreadable: the reasons stand in `unread`."""
    reading = FileReading(sniff(data))
    _read_into(reading, data, name, reading.kind, 0)
    return reading


def _read_into(reading: FileReading, data: bytes, name: str, kind: str, depth: int) -> None:
    try:
        if kind == "zip":
            _read_archive(reading, data, name, depth)
            return
        document = _read_document(data, kind)
    except Unreadable as problem:
        reading.unread.append((name, problem.reason, str(problem)))
        return
    for grid in document.grids:
        # Names of sheets and files are headings too: 不合格, 附件2：合格产品信息.xlsx.
        grid.headings = (*grid.headings, name) if name and kind != "html" else grid.headings
    found = read_tables(document.grids)
    for sample in found.samples:
        sample.sheet = document.grids[sample.table].sheet
        sample.table += reading.tables
        if depth:
            sample.member = name
    reading.samples += found.samples
    reading.refused += found.refused
    reading.tables += len(document.grids)
    reading.text = "\n".join(filter(None, (reading.text, document.text)))[:MAX_TEXT]
    reading.unread += [(name, reason, detail) for reason, detail in document.cut]


def _read_archive(reading: FileReading, data: bytes, name: str, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise Unreadable("too_deep", f"archives within archives are read {MAX_DEPTH} deep")
    left = MAX_UNPACKED
    with open_packed(data) as archive:
        for place, (member, info) in enumerate(files_in(archive)):
            if place >= MAX_MEMBERS:
                raise Unreadable("too_many_members", f"the archive has more than {MAX_MEMBERS} files")
            try:
                part = read_part(archive, info, left)
            except Unreadable as problem:
                reading.unread.append((member, problem.reason, str(problem)))
                continue
            left -= len(part)
            _read_into(reading, part, member, sniff(part), depth + 1)
