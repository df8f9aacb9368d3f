"""Front doors: a first page that only leads on, by a script or a frame, to the page people see."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.parsing.page import Page
from crawler.platforms.links import absolute

_LOCATION = re.compile(
    r"""(?:window|self|top|document|parent)?\.?\blocation(?:\.href)?\s*=\s*["']([^"'\s<>]{1,300})["']"""
    r"""|location\.(?:replace|assign)\(\s*["']([^"'\s<>]{1,300})["']""",
)
_FEW = 5
"""Links below which a page is a front door."""


def onward(page: Page) -> str | None:
    """The address on the same host that a page without links of its own leads to, None where it leads nowhere."""
    if sum(1 for link in page.root.iter("a") if link.get("href")) >= _FEW:
        return None
    scripted = (found[1] or found[2] for found in _LOCATION.finditer(page.text[:50_000]))
    framed = (frame.get("src") or "" for frame in page.root.iter("frame", "iframe"))
    host = urlsplit(page.url).netloc
    for target in (*scripted, *framed):
        url = absolute(page.url, target)
        if url and urlsplit(url).netloc == host and url != page.url:
            return url
    return None
