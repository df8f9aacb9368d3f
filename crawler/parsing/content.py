"""What a body element holds: the lines that are the article's text, and its tables."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from lxml.html import HtmlElement

from crawler.parsing.noise import (
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
from crawler.parsing.outline import INLINE, Line, Outline
from crawler.parsing.tables import PlacedTable
from crawler.parsing.titles import fold

_HEAD_LINES = 12
_TITLE_LINES = 40
_STORY = 0.4
_AGAIN = 6
_LONG = 40
_VALUE = 20
_COPY = 0.45


def text_range(outline: Outline, element: HtmlElement, title: str | None) -> tuple[int, int]:
    """The lines of the body without the headline and header above and the credits and tools below: `(start, end)`."""
    start, end = outline.spans[element]
    start = _after_header(outline.lines, start, end, fold(title or ""))
    return start, _before_tail(outline.lines, start, end)


def _after_header(lines: list[Line], start: int, end: int, title: str) -> int:
    """The first line below the header. A headline that stands above the body already and is repeated in it is text."""
    before = lines[max(0, start - _HEAD_LINES) : start]
    known = not title
    for line in before:
        known = known or fold(line.text).startswith(title)
    head, stop = start, min(end, start + _TITLE_LINES)
    if not known:
        places = [i for i in range(start, stop) if fold(lines[i].text) == title]
        head = max((i + 1 for i in places if i <= places[0] + _AGAIN), default=start)
    if not (known and any(is_dateline(line.text) for line in before)):
        head = _below_dateline(lines, head, stop)
    while head < stop and is_tool(lines[head].text):
        head += 1
    return head


def _below_dateline(lines: list[Line], head: int, stop: int) -> int:
    """The line below the last header line that follows `head` before any prose."""
    below = head
    for index in range(head, min(stop, head + _HEAD_LINES)):
        text = lines[index].text
        value = below == index > head and len(text) <= _VALUE and lines[index - 1].text.endswith((":", "："))
        if value or is_header(text) or is_tool(text):
            below = index + 1
        elif lines[index].marks > 1 or len(text) > _LONG:
            break
    return below


def _before_tail(lines: list[Line], start: int, end: int) -> int:
    """The line after the last of the text: what follows 责任编辑 or 相关新闻 is none, unless it is a big part."""
    total = sum(line.marks for line in lines[start:end])
    below = 0
    prose = False
    cut = end
    for index in range(end - 1, start, -1):
        text = lines[index].text
        below += lines[index].marks
        if below > 6 + total // 5:
            break
        if (ends_article(text) and not (prose and _is_pointer(lines[index]))) or is_last_credit(text):
            cut = index
        prose = prose or (lines[index].marks > 1 and not _is_below(lines[index]))
    while cut > start + 1 and (_is_below(lines[cut - 1]) or _heads_links(lines, cut - 1, end)):
        cut -= 1
    return cut


def _heads_links(lines: list[Line], index: int, end: int) -> bool:
    """Whether a line is the heading of links to other articles, which the lines below it hold."""
    return index + 1 < end and heads_links(lines[index].text) and _is_link(lines[index + 1])


def _is_below(line: Line) -> bool:
    if is_tool(line.text) or is_credit(line.text) or is_legal(line.text):
        return True
    return _is_link(line) and line.marks <= 1 + len(line.text) // 40


def _is_pointer(line: Line) -> bool:
    """Whether a line within the text is a link to another article (相关阅读：…)."""
    return line.linked > len(line.text) / 2 and ends_article(line.text) and not names_file(line.text)


def _is_link(line: Line) -> bool:
    return line.linked > 0.8 * len(line.text) and not names_file(line.text)


def apart(outline: Outline, start: int, end: int, captions: set[int]) -> set[int]:
    """The captions that are no text of the article: all, but none in a picture story, whose captions are its text."""
    size = outline.sizes[end] - outline.sizes[start]
    captioned = sum(len(outline.lines[index].text) for index in captions)
    return captions if captioned < _STORY * size else set()


def lines_of(outline: Outline, elements: Iterable[HtmlElement]) -> set[int]:
    """The lines that stand in elements which fill their lines."""
    return {index for element in elements if element.tag not in INLINE for index in range(*outline.spans[element])}


def body_text(
    outline: Outline, start: int, end: int, tables: Sequence[PlacedTable] = (), captions: Container[int] = ()
) -> str | None:
    """The text of a range of lines, one paragraph a line and one table row a line, without captions, tools and a copy
    of the whole for mobiles; None where empty."""
    twins = _twins(outline.lines, start, end)
    placed = {table.start: table for table in tables}
    kept: list[str] = []
    index = start
    while index < end:
        if index in placed:
            kept.extend(placed[index].rows)
            index = placed[index].end
            continue
        line = outline.lines[index]
        if index not in captions and index not in twins and not is_tool(line.text) and not _is_pointer(line):
            kept.append(line.text)
        index += 1
    return "\n".join(kept) or None


def _twins(lines: list[Line], start: int, end: int) -> set[int]:
    """The lines that repeat one above them, where so much is repeated that it is the whole text once more."""
    first: dict[str, int] = {}
    again = {index for index in range(start, end) if first.setdefault(lines[index].text, index) != index}
    repeated = sum(len(lines[index].text) for index in again)
    return again if repeated > _COPY * sum(len(line.text) for line in lines[start:end]) else set()
