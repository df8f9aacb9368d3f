"""The last resort: readability-lxml decides where two extractors contradict each other, at ten times their time."""

from __future__ import annotations

import logging
import re

from lxml import etree
from lxml.html import HtmlElement, fromstring

from crawler.parsing.outline import Outline

logging.getLogger("readability").setLevel(logging.CRITICAL)
# It logs the traceback of every page it can't read; here such a page is no event.
_MOST = 1_000_000
"""Characters of markup beyond which readability-lxml takes seconds."""
_LONG = 12
_SPACE = re.compile(r"\s+")


def preferred(html: str, outline: Outline, one: HtmlElement, other: HtmlElement) -> HtmlElement:
    """Which of two elements shares more of its text with what readability-lxml finds; `one` where it can't tell."""
    found = _readable(html)
    return other if found and _share(outline, other, found) > _share(outline, one, found) else one


def _readable(html: str) -> str:
    from readability import Document
    from readability.readability import Unparseable

    if len(html) > _MOST:
        return ""
    try:
        summary = fromstring(Document(html).summary(html_partial=True))
    except (Unparseable, etree.LxmlError, ValueError, TypeError, AttributeError):
        return ""
    return _SPACE.sub("", "".join(str(text) for text in summary.itertext()))


def _share(outline: Outline, element: HtmlElement, found: str) -> float:
    """F1 of an element's long lines and the text found, in characters."""
    start, end = outline.spans[element]
    lines = [_SPACE.sub("", line.text) for line in outline.lines[start:end]]
    size = sum(map(len, lines))
    shared = sum(len(line) for line in lines if len(line) >= _LONG and line in found)
    return 2 * shared / (size + len(found)) if size else 0.0
