"""Bytes to text, by what the bytes are before what anybody says they are.

Order: byte order mark → UTF-16 seen by its zero bytes → bytes that are valid UTF-8 (Chinese in another encoding never
is) → HTTP charset → `<meta>` charset → the one of UTF-8 and GB18030 with fewer errors. A declared gb2312 or gbk is read
as GB18030, their superset: 喆 and 镕 are not in GB2312.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.I)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?\bcharset\s*=\s*[\"']?\s*([\w:.-]{2,40})|<\?xml[^>]{0,100}?\bencoding\s*=\s*[\"']([\w:.-]{2,40})",
    re.I,
)
_SUPERSET = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs"}
_BELIEVED = frozenset({"utf-8", "gb18030", "big5hkscs", "euc_jp", "shift_jis", "euc_kr"})
"""What a declaration may name. Servers name ISO-8859-1 without meaning it, and Python also knows hex and zip."""
_HEAD = 4096
_PROBE = 64 * 1024


def decode(body: bytes, content_type: str | None = None) -> tuple[str, str]:
    """`(text, encoding)` of `body`; never raises, undecodable bytes become U+FFFD."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace"), encoding
    if wide := _utf16_without_mark(body):
        return body.decode(wide, "replace"), wide
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if len(body) - error.start <= 3 and error.start > 0 and not body[: error.start].isascii():
            return body.decode("utf-8", "replace"), "utf-8"
    return _by_declaration(body, content_type)


def _by_declaration(body: bytes, content_type: str | None) -> tuple[str, str]:
    probe = body[:_PROBE]
    for declared in _declared(body, content_type):
        encoding = "gb18030" if declared == "utf-8" and not _mostly_utf8(probe) else declared
        return body.decode(encoding, "replace"), encoding
    encoding = "utf-8" if _mostly_utf8(probe) else "gb18030"
    return body.decode(encoding, "replace"), encoding


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """The usable encodings the header and the page name, in this order, widened to their supersets."""
    names = [m[1] for m in [_HEADER_CHARSET.search(content_type or "")] if m]
    names += [(m[1] or m[2]).decode("ascii", "replace") for m in _META_CHARSET.finditer(body[:_HEAD])]
    found = []
    for name in names:
        try:
            encoding = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        encoding = _SUPERSET.get(encoding, encoding)
        if encoding in _BELIEVED:
            found.append(encoding)
    return found


def _mostly_utf8(probe: bytes) -> bool:
    """Whether read as UTF-8 there are fewer broken characters than whole ones outside ASCII, by far."""
    text = probe.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for c in text if c > "\x7f") - broken
    return whole > 10 * broken


def _utf16_without_mark(body: bytes) -> str | None:
    """UTF-16 shows by ASCII markup with a zero byte beside every letter."""
    head = body[:400]
    if len(head) < 8 or head.count(0) < len(head) // 4:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None
