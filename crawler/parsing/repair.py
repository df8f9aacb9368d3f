"""Repairs of markup that would make lxml lose an article."""

from __future__ import annotations

import re

_PREMATURE_END = re.compile(rb"</(?:html|body)\s*>", re.I)


def repair_html(html: bytes) -> bytes:
    """`html` (UTF-8) without any `</html>` and `</body>`: included headers end with their own, and lxml then makes the
    rest a second root element (www.gov.cn loses its article, SITES.md §7.2)."""
    return _PREMATURE_END.sub(b"", html.replace(b"\x00", b""))
