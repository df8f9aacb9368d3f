"""The headline of an article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from lxml.html import HtmlElement

from crawler.parsing import meta
from crawler.parsing.outline import Outline
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules

_CUT = re.compile(r"\s*(?:[_|｜]|(?<=\s)[-–—]+(?=\s)|(?<=[^\W\d_a-zA-Z])\s*-+\s*(?=[^\W\d_a-zA-Z])|--+|»|>{1,2})\s*")
_HEADING = re.compile(r"title|(?:^|[-_])tit(?:$|[-_])|headline|biaoti|(?:^|[-_])bt(?:$|[-_])", re.I)
_FOLD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """`text` without width differences, case, punctuation and spaces: what two spellings of a title share."""
    return _FOLD.sub("", unicodedata.normalize("NFKC", text)).lower()


def find_title(
    page: Page, outline: Outline, layers: Iterable[tuple[str, Rules]], body: HtmlElement | None
) -> tuple[str, str] | None:
    """`(title, rule)` of an article page, or None where nothing looks like a headline."""
    for name, rules in layers:
        for selector in rules.title:
            for element in outline.select(selector):
                text = _clean(outline.text(element).split("\n")[0])
                if text:
                    return text, name
    if text := meta.first(page, ("articletitle",)):
        return text, "meta"
    parts = title_parts(page)
    if found := _heading(outline, parts, body):
        return found, "generic"
    if text := meta.first(page, ("og:title", "twitter:title")):
        return _cut(text), "meta"
    return (parts[0], "generic") if parts and parts[0] else None


def title_parts(page: Page) -> list[str]:
    """`<title>` cut where site and section names are glued on."""
    element = next(page.root.iter("title"), None)
    text = _clean(" ".join(element.itertext())) if element is not None else ""
    return [part for part in _CUT.split(text) if part] if text else []


def _cut(text: str) -> str:
    return _CUT.split(text)[0].strip() or text


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _heading(outline: Outline, parts: list[str], body: HtmlElement | None) -> str | None:
    """The visible heading that the `<title>` repeats, else the last one before the body."""
    whole = fold("".join(parts))
    end = outline.spans[body][0] + 6 if body is not None and body in outline.spans else len(outline.lines)
    near: str | None = None
    for element, (start, stop) in outline.spans.items():
        if start >= end:
            break
        named = element.tag in {"h1", "h2", "h3"} or bool(
            element.get("class")
            and _HEADING.search(element.get("class", ""))
            or element.get("id")
            and _HEADING.search(element.get("id", ""))
        )
        if not named or stop - start > 3 or stop == start:
            continue
        text = _clean("".join(line.text for line in outline.lines[start:stop]))
        key = fold(text)
        if len(key) < 4 or len(text) > 120:
            continue
        if whole and key in whole and len(key) >= min(len(whole) * 0.4, 8):
            return text
        if element.tag == "h1" or start >= end - 12:
            near = text
    return near
