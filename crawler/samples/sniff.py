"""What kind of file some bytes are, by their content: names and content types of government sites are often wrong."""

from __future__ import annotations

import io
import re
import zipfile

KINDS = ("xlsx", "xls", "docx", "doc", "pdf", "zip", "html")
"""The kinds that can be read; `doc` (also .wps) needs LibreOffice."""
UNREADABLE = ("ofd", "rar", "7z", "image", "encrypted", "presentation", "xml", "text", "empty", "unknown")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"RIFF")
_HTML = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|table|meta|div|p|tr|script|title)\b", re.I)
_PROBE = 4096


def sniff(data: bytes) -> str:
    """The kind of a file, one of KINDS and UNREADABLE."""
    if not data.strip(b"\x00 \r\n\t"):
        return "empty"
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return _sniff_zip(data)
    if data.startswith(_OLE):
        return _sniff_ole(data)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"Rar!"):
        return "rar"
    if data.startswith(b"7z\xbc\xaf\x27\x1c"):
        return "7z"
    if data.startswith(_IMAGES):
        return "image"
    return _sniff_text(data[:_PROBE])


def _sniff_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {info.filename for info in archive.infolist()[:20_000]}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        return "unknown"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("word/") for name in names):
        return "docx"
    if any(name.startswith("ppt/") for name in names):
        return "presentation"
    return "ofd" if "OFD.xml" in names else "zip"


def _sniff_ole(data: bytes) -> str:
    """By the names of the streams, which the directory holds in UTF-16."""
    for name, kind in (
        ("EncryptedPackage", "encrypted"),
        ("WordDocument", "doc"),
        ("Workbook", "xls"),
        ("Book", "xls"),
    ):
        if name.encode("utf-16-le") in data:
            return kind
    return "presentation" if "PowerPoint Document".encode("utf-16-le") in data else "unknown"


def _sniff_text(head: bytes) -> str:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.replace(b"\x00", b"")
    if _HTML.search(head):
        return "html"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml"):
        return "xml"
    return "unknown" if b"\x00" in head else "text"
