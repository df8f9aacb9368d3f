"""Text of strangers on a terminal: what it shows, never what it does."""

from __future__ import annotations

import unicodedata

_PICTURES = 0x2400
_DELETE = 0x7F


def plain(text: str | None) -> str:
    """`text` on one line, its control characters (escape sequences, also of 8 bits) shown as pictures and characters
    that turn the direction of writing left out."""
    return "".join(map(_shown, " ".join((text or "").split())))


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        code = ord(character)
        return chr(_PICTURES + code) if code < 0x20 else "\u2421" if code == _DELETE else "\ufffd"
    return {"Cf": "", "Cs": "\ufffd"}.get(category, character)
