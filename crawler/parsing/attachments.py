"""Pictures and files of an article: absolute addresses, captions and names."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.items import Attachment, Image
from crawler.parsing.outline import Line, Outline
from crawler.parsing.page import Page

_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-echo", "data-url", "_src", "original", "src")
_FURNITURE = re.compile(
    r"(?:^|[/_-])(?:icons?|logo|qr_?code|ewm|erweima|share|blank|spacer|loading|arrow|btn|button|dot|line|grey|pixel|transparent)"
    r"\d{0,3}[-_.\w]{0,12}\.(?:gif|png|jpe?g|svg|webp)$|/(?:fileTypeImages|filetype|icons?)/|^data:|^about:|^javascript:",
    re.I,
)
_SMALL = 40
_FILES = frozenset(
    (
        *("doc", "docx", "xls", "xlsx", "ppt", "pptx", "pdf", "wps", "et", "dps", "ofd", "ceb", "txt", "csv", "tif"),
        *("zip", "rar", "7z"),
    )
)
_CAPTION_CLASS = re.compile(
    r"caption|img[-_]?(?:desc|txt|text|info|note)|pic[-_]?(?:desc|txt|text|info|note)|tuzhu|photo[-_]?desc", re.I
)
_CAPTION = re.compile(
    r"^[\s（(]*(?:[▲△↑▼◆]|图(?:[一二三四五六七八九十\d]{1,3}[:：.、\s]|为|片?[:：]|注))|(?:摄影?|供图|配图)[\s）)。]*$"
)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)
_LONGEST_CAPTION = 100
_BELOW = 25
_MOST = 500


def images_in(
    page: Page, outline: Outline, element: HtmlElement, start: int, end: int, *, dropped: Collection[HtmlElement] = ()
) -> tuple[list[Image], set[int]]:
    """The pictures of a body between the lines `start` and `end`, in order and each once, without icons, other
    furniture and what stands in `dropped` elements; and the lines that are captions of theirs."""
    images: dict[str, Image] = {}
    captions: set[int] = set()
    base = base_url(page)
    for node in element.iter("img"):
        span = outline.spans.get(node)
        if span is None or not start <= span[0] <= end or len(images) >= _MOST or _is_small(node):
            continue
        url = _address(node, base)
        if url is None or url in images or (dropped and _stands_in(node, dropped)):
            continue
        line = _caption_line(outline, node, span[0], end)
        images[url] = Image(url, outline.lines[line].text if line is not None else None)
        if line is not None:
            captions.add(line)
    return list(images.values()), captions


def _stands_in(node: HtmlElement, elements: Collection[HtmlElement]) -> bool:
    return node in elements or any(ancestor in elements for ancestor in node.iterancestors())


def base_url(page: Page) -> str:
    """What relative addresses of the page count from."""
    base = next(page.root.iter("base"), None)
    return urljoin(page.url, (base.get("href") or "").strip()) if base is not None else page.url


def _address(node: HtmlElement, base: str) -> str | None:
    for name in _SOURCES:
        value = (node.get(name) or "").strip()
        if value and len(value) < 2000 and not _FURNITURE.search(value.split("?")[0]):
            return absolute(base, value)
    return None


def absolute(base: str, address: str) -> str | None:
    """`address` seen from `base`, or None where it is no address a file can be fetched from."""
    try:
        url = urljoin(base, address)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https", ""} else None


def _is_small(node: HtmlElement) -> bool:
    for name in ("width", "height"):
        value = (node.get(name) or "").strip().removesuffix("px")
        if value.isascii() and value.isdigit() and int(value[:6]) <= _SMALL:
            return True
    return False


def _caption_line(outline: Outline, node: HtmlElement, at: int, end: int) -> int | None:
    """The line below a picture where it is its caption: marked up as one, or written as one."""
    figure = next(node.iterancestors("figure"), None)
    if figure is not None and (own := next(figure.iter("figcaption"), None)) is not None and own in outline.spans:
        start, stop = outline.spans[own]
        return start if start < stop else None
    stated = " ".join((node.get("alt") or node.get("title") or "").split())
    for index in range(at, min(at + 2, end)):
        line = outline.lines[index]
        if 2 <= len(line.text) <= _LONGEST_CAPTION and (_is_caption(line) or line.text == stated):
            return index
    return None


def _is_caption(line: Line) -> bool:
    node = line.node
    if _CAPTION_CLASS.search(node.get("class") or ""):
        return True
    return bool(_CAPTION.search(line.text))


def attachments_in(page: Page, outline: Outline, element: HtmlElement, start: int, end: int) -> list[Attachment]:
    """The files an article links to, in its body and just below it, each once, with the names readers see."""
    found: dict[str, Attachment] = {}
    base = base_url(page)
    last = max(end, outline.spans[element][1]) + _BELOW
    for node in outline.starting(start, last):
        if node.tag != "a" or len(found) >= _MOST:
            continue
        href = (node.get("href") or "").strip()
        if not href or len(href) > 2000 or href[0] == "#":
            continue
        title = (node.get("title") or "").strip()
        shown = "".join(node.itertext()) if len(node) else node.text or ""
        name = " ".join(shown.split()) or title
        if not _is_file(href, name, title):
            continue
        url = absolute(base, href)
        if url and url not in found:
            found[url] = Attachment(url, name[:200] or unquote(href.rpartition("/")[2])[:200])
    return list(found.values())


def _is_file(href: str, name: str, title: str) -> bool:
    path = href.partition("#")[0]
    return any(map(_ends_as_file, {path.partition("?")[0], path, name, title}))


def _ends_as_file(text: str) -> bool:
    # A page has a hundred links: a pattern would take five times as long.
    return "." in text and text.rpartition(".")[2].lower() in _FILES
