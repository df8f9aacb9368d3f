"""The content of a body element: the lines of the article's text, its tables, pictures and files."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.items import Attachment, Image, Table
from crawler.parsing.line_kinds import (
    ends_article,
    heads_links,
    is_credit,
    is_dateline,
    is_header,
    is_last_credit,
    is_legal,
    is_tool,
    names_file,
)
from crawler.parsing.page import Page
from crawler.parsing.page_lines import INLINE, Line, PageLines
from crawler.parsing.titles import fold

# --- Tables, as rows of cell texts with row and column spans expanded ---

_MAX_COLUMNS = 60
_MAX_ROWS = 2000
_MAX_CELL_LENGTH = 150
"""If cells are longer on average, the table lays out text and does not hold data."""


@dataclass(frozen=True)
class PlacedTable:
    """A data table, the lines `start:end` of the page it fills, and its rows as text, each cell once."""

    table: Table
    start: int
    end: int
    rows: tuple[str, ...]


def tables_in(page_lines: PageLines, element: HtmlElement, start: int, end: int) -> list[PlacedTable]:
    """Return the data tables of a body within the lines `start:end`, in order, without tables for layout."""
    found = []
    for node in element.iter("table"):
        span = page_lines.spans.get(node)
        if span is None or span[0] < start or span[1] > end or span[0] == span[1]:
            continue
        if (
            node is not element
            and next(node.iterdescendants("table"), None) is None
            and (placed := _read(page_lines, node))
        ):
            found.append(placed)
    return found


def read_rows(page_lines: PageLines, node: HtmlElement) -> list[list[str]]:
    """Return the rows of a `<table>` with spans expanded; they may differ in length."""
    hanging: dict[int, tuple[int, str]] = {}
    return [row for tr in list(node.iter("tr"))[:_MAX_ROWS] if (row := _read_row(page_lines, tr, hanging))]


def _read(page_lines: PageLines, node: HtmlElement) -> PlacedTable | None:
    grid = read_rows(page_lines, node)
    own = [
        [_text(page_lines, cell) for cell in tr.iterchildren("td", "th")] for tr in list(node.iter("tr"))[:_MAX_ROWS]
    ]
    width = max(map(len, grid), default=0)
    cells = sum(map(len, own))
    size = sum(len(text) for row in own for text in row)
    if len(grid) < 2 or width < 2 or size == 0 or size / cells > _MAX_CELL_LENGTH:
        return None
    caption = next(node.iter("caption"), None)
    title = _text(page_lines, caption) if caption is not None else ""
    start, end = page_lines.spans[node]
    texts = ("\t".join(filter(None, row)) for row in own)
    return PlacedTable(
        Table([row + [""] * (width - len(row)) for row in grid], title or None),
        start,
        end,
        tuple(filter(None, (title, *texts))),
    )


def _read_row(page_lines: PageLines, tr: HtmlElement, hanging: dict[int, tuple[int, str]]) -> list[str]:
    """Return a row with the cells that hang into it from above.

    `hanging` maps a column to the number of further rows its cell spans, and the cell's text.
    """
    row: list[str] = []
    for cell in tr.iterchildren("td", "th"):
        _take_hanging(row, hanging)
        text = _text(page_lines, cell)
        rows = _span(cell, "rowspan", _MAX_ROWS)
        for _ in range(min(_span(cell, "colspan", _MAX_COLUMNS), _MAX_COLUMNS - len(row))):
            if rows > 1:
                hanging[len(row)] = (rows - 1, text)
            row.append(text)
    _take_hanging(row, hanging)
    return row


def _take_hanging(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(row) < _MAX_COLUMNS and len(row) in hanging:
        column = len(row)
        left, text = hanging.pop(column)
        row.append(text)
        if left > 1:
            hanging[column] = (left - 1, text)


def _span(cell: HtmlElement, name: str, most: int) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value), most)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _text(page_lines: PageLines, element: HtmlElement) -> str:
    span = page_lines.spans.get(element)
    return "" if span is None else " ".join(line.text for line in page_lines.lines[span[0] : span[1]])


# --- The text of the article ---

_MAX_HEADER_LINES = 12
_MAX_TITLE_LINES = 40
_MIN_STORY_SHARE = 0.4
_MAX_TITLE_GAP = 6
_MAX_HEADER_LINE = 40
_MAX_VALUE_LENGTH = 20
_MIN_COPY_SHARE = 0.45


def find_text_range(
    page_lines: PageLines, element: HtmlElement, title: str | None, headline: int | None = None
) -> tuple[int, int]:
    """Return `(start, end)`: the lines of the body's text.

    The headline, on the line `headline` if it is known, the header below it, and the credits and tools below the text
    are left out.
    """
    start, end = page_lines.spans[element]
    start = _after_header(page_lines.lines, start, end, fold(title or ""), headline)
    return start, _before_tail(page_lines.lines, start, end)


def _after_header(lines: list[Line], start: int, end: int, title: str, headline: int | None) -> int:
    """Return the first line below the header.

    A headline that is above the body already and is repeated in it is text.
    """
    before = lines[max(0, start - _MAX_HEADER_LINES) : start]
    known = not title
    for line in before:
        known = known or fold(line.text).startswith(title)
    head, stop = start, min(end, start + _MAX_TITLE_LINES)
    if not known:
        places = [i for i in range(start, stop) if i == headline or fold(lines[i].text) == title]
        head = max((i + 1 for i in places if i <= places[0] + _MAX_TITLE_GAP), default=start)
    if not (known and any(is_dateline(line.text) for line in before)):
        head = _below_dateline(lines, head, stop)
    while head < stop and is_tool(lines[head].text):
        head += 1
    return head


def _below_dateline(lines: list[Line], head: int, stop: int) -> int:
    """Return the line below the last header line that follows `head` before any prose."""
    below = head
    for index in range(head, min(stop, head + _MAX_HEADER_LINES)):
        text = lines[index].text
        value = below == index > head and len(text) <= _MAX_VALUE_LENGTH and lines[index - 1].text.endswith((":", "："))
        if value or is_header(text) or is_tool(text):
            below = index + 1
        elif lines[index].punctuation > 1 or len(text) > _MAX_HEADER_LINE:
            break
    return below


def _before_tail(lines: list[Line], start: int, end: int) -> int:
    """Return the line after the last line of the text.

    What follows 责任编辑 or 相关新闻 is not text, unless it is a large part.
    """
    total = sum(line.punctuation for line in lines[start:end])
    below = 0
    prose = False
    cut = end
    for index in range(end - 1, start, -1):
        text = lines[index].text
        below += lines[index].punctuation
        if below > 6 + total // 5:
            break
        if (ends_article(text) and not (prose and _is_pointer(lines[index]))) or is_last_credit(text):
            cut = index
        prose = prose or (lines[index].punctuation > 1 and not _is_below(lines[index]))
    while cut > start + 1 and (_is_below(lines[cut - 1]) or _heads_links(lines, cut - 1, end)):
        cut -= 1
    return cut


def _heads_links(lines: list[Line], index: int, end: int) -> bool:
    """Return whether a line is the heading of links to other articles, which the lines below it hold."""
    return index + 1 < end and heads_links(lines[index].text) and _is_link(lines[index + 1])


def _is_below(line: Line) -> bool:
    if is_tool(line.text) or is_credit(line.text) or is_legal(line.text):
        return True
    return _is_link(line) and line.punctuation <= 1 + len(line.text) // 40


def _is_pointer(line: Line) -> bool:
    """Return whether a line within the text is a link to another article (相关阅读：…)."""
    return line.link_chars > len(line.text) / 2 and ends_article(line.text) and not names_file(line.text)


def _is_link(line: Line) -> bool:
    return line.link_chars > 0.8 * len(line.text) and not names_file(line.text)


def find_excluded_captions(page_lines: PageLines, start: int, end: int, captions: set[int]) -> set[int]:
    """Return the captions that are not text: all, but none in a picture story, whose text they are."""
    size = page_lines.sizes[end] - page_lines.sizes[start]
    captioned = sum(len(page_lines.lines[index].text) for index in captions)
    return captions if captioned < _MIN_STORY_SHARE * size else set()


def find_lines_in(page_lines: PageLines, elements: Iterable[HtmlElement]) -> set[int]:
    """Return the lines of those elements that fill whole lines."""
    return {index for element in elements if element.tag not in INLINE for index in range(*page_lines.spans[element])}


def join_body_text(
    page_lines: PageLines, start: int, end: int, tables: Sequence[PlacedTable] = (), captions: Container[int] = ()
) -> str | None:
    """Return the text of a range of lines, one paragraph or table row per line; None if it is empty.

    Captions, tools and a second copy of the whole text for mobiles are left out.
    """
    twins = _find_twins(page_lines.lines, start, end)
    placed = {table.start: table for table in tables}
    kept: list[str] = []
    index = start
    while index < end:
        if index in placed:
            kept.extend(placed[index].rows)
            index = placed[index].end
            continue
        line = page_lines.lines[index]
        if index not in captions and index not in twins and not is_tool(line.text) and not _is_pointer(line):
            kept.append(line.text)
        index += 1
    return "\n".join(kept) or None


def _find_twins(lines: list[Line], start: int, end: int) -> set[int]:
    """Return the lines that repeat earlier ones, if so many do that the whole text is there twice."""
    first: dict[str, int] = {}
    again = {index for index in range(start, end) if first.setdefault(lines[index].text, index) != index}
    repeated = sum(len(lines[index].text) for index in again)
    return again if repeated > _MIN_COPY_SHARE * sum(len(line.text) for line in lines[start:end]) else set()


# --- Pictures and files: absolute URLs, captions and names ---

_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-echo", "data-url", "_src", "original", "src")
_FURNITURE = re.compile(
    r"(?:^|[/_-])(?:icons?|logo|qr_?code|ewm|erweima|share|blank|spacer|loading|arrow|btn|button|dot|line|grey|pixel|transparent)"
    r"\d{0,3}[-_.\w]{0,12}\.(?:gif|png|jpe?g|svg|webp)$|/(?:fileTypeImages|filetype|icons?)/|^data:|^about:|^javascript:",
    re.I,
)
_MAX_ICON_SIZE = 40
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
_MAX_CAPTION_LENGTH = 100
_LINES_BELOW = 25
_MAX_FILES = 500


def images_in(
    page: Page,
    page_lines: PageLines,
    element: HtmlElement,
    start: int,
    end: int,
    *,
    dropped: Collection[HtmlElement] = (),
) -> tuple[list[Image], set[int]]:
    """Return the pictures of a body between two lines, in order and each once, and the lines of their captions.

    Icons, other furniture and pictures in `dropped` elements are left out.
    """
    images: dict[str, Image] = {}
    captions: set[int] = set()
    base = base_url(page)
    for node in element.iter("img"):
        span = page_lines.spans.get(node)
        if span is None or not start <= span[0] <= end or len(images) >= _MAX_FILES or _is_small(node):
            continue
        url = _address(node, base)
        if url is None or url in images or (dropped and _stands_in(node, dropped)):
            continue
        line = _caption_line(page_lines, node, span[0], end)
        images[url] = Image(url, page_lines.lines[line].text if line is not None else None)
        if line is not None:
            captions.add(line)
    return list(images.values()), captions


def _stands_in(node: HtmlElement, elements: Collection[HtmlElement]) -> bool:
    return node in elements or any(ancestor in elements for ancestor in node.iterancestors())


def base_url(page: Page) -> str:
    """Return the URL that relative URLs of the page are resolved against."""
    base = next(page.root.iter("base"), None)
    return urljoin(page.url, (base.get("href") or "").strip()) if base is not None else page.url


def _address(node: HtmlElement, base: str) -> str | None:
    for name in _SOURCES:
        value = (node.get(name) or "").strip()
        if value and len(value) < 2000 and not _FURNITURE.search(value.split("?")[0]):
            return absolute(base, value)
    return None


def absolute(base: str, address: str) -> str | None:
    """Return `address` resolved against `base`, or None if a file cannot be fetched from it."""
    try:
        url = urljoin(base, address)
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https", ""} else None


def _is_small(node: HtmlElement) -> bool:
    for name in ("width", "height"):
        value = (node.get(name) or "").strip().removesuffix("px")
        if value.isascii() and value.isdigit() and int(value[:6]) <= _MAX_ICON_SIZE:
            return True
    return False


def _caption_line(page_lines: PageLines, node: HtmlElement, at: int, end: int) -> int | None:
    """Return the line below a picture if it is its caption: marked up as one, or written as one."""
    figure = next(node.iterancestors("figure"), None)
    if figure is not None and (own := next(figure.iter("figcaption"), None)) is not None and own in page_lines.spans:
        start, stop = page_lines.spans[own]
        return start if start < stop else None
    stated = " ".join((node.get("alt") or node.get("title") or "").split())
    for index in range(at, min(at + 2, end)):
        line = page_lines.lines[index]
        if 2 <= len(line.text) <= _MAX_CAPTION_LENGTH and (_is_caption(line) or line.text == stated):
            return index
    return None


def _is_caption(line: Line) -> bool:
    node = line.node
    if _CAPTION_CLASS.search(node.get("class") or ""):
        return True
    return bool(_CAPTION.search(line.text))


def attachments_in(page: Page, page_lines: PageLines, element: HtmlElement, start: int, end: int) -> list[Attachment]:
    """Return the files linked in an article's body and just below it, each once, with the names shown."""
    found: dict[str, Attachment] = {}
    base = base_url(page)
    last = max(end, page_lines.spans[element][1]) + _LINES_BELOW
    for node in page_lines.select_starting(start, last):
        if node.tag not in {"a", "iframe"} or len(found) >= _MAX_FILES:
            continue
        href = embedded_file(node) if node.tag == "iframe" else (node.get("href") or "").strip()
        if not href or len(href) > 2000 or href[0] == "#":
            continue
        title = (node.get("title") or "").strip()
        shown = "".join(node.itertext()) if len(node) else node.text or ""
        name = " ".join(shown.split()) or title
        if not _is_file(href, name, title):
            continue
        url = absolute(base, href)
        if url and url not in found:
            found[url] = Attachment(url, name[:200] or unquote(href.partition("?")[0].rpartition("/")[2])[:200])
    return list(found.values())


def embedded_file(frame: HtmlElement) -> str:
    """Return the address of the document that an `<iframe>` shows, itself or by a viewer (`viewer.html?file=…`)."""
    source = (frame.get("src") or "").strip()
    for address in (*(value for _, value in parse_qsl(source.partition("?")[2])), source.partition("#")[0]):
        if _ends_as_file(address.partition("?")[0]):
            return address
    return ""


def _is_file(href: str, name: str, title: str) -> bool:
    path = href.partition("#")[0]
    return any(map(_ends_as_file, {path.partition("?")[0], path, name, title}))


def _ends_as_file(text: str) -> bool:
    # Faster than a regular expression, and a page has a hundred links.
    return "." in text and text.rpartition(".")[2].lower() in _FILES
