"""What a body element holds: the lines that are the article's text, and its tables."""

from __future__ import annotations

from lxml.html import HtmlElement

from crawler.parsing.noise import ends_article, is_credit, is_header, is_tool
from crawler.parsing.outline import Line, Outline
from crawler.parsing.titles import fold

_HEAD_LINES = 12


def text_range(outline: Outline, element: HtmlElement, title: str | None) -> tuple[int, int]:
    """The lines of the body without the headline and header above and the credits and tools below: `(start, end)`."""
    start, end = outline.spans[element]
    start = _after_header(outline.lines, start, end, fold(title or ""))
    return start, _before_tail(outline.lines, start, end)


def _after_header(lines: list[Line], start: int, end: int, title: str) -> int:
    head = start
    for index in range(start, min(end, start + _HEAD_LINES)):
        text = lines[index].text
        if title and fold(text) == title:
            head = index + 1
    while (
        head < end
        and head < start + 2 * _HEAD_LINES
        and (is_tool(lines[head].text) or (head > start and is_header(lines[head].text)))
    ):
        head += 1
    return head


def _before_tail(lines: list[Line], start: int, end: int) -> int:
    middle = start + (end - start) // 2
    for index in range(max(middle, start + 1), end):
        if (
            ends_article(lines[index].text)
            and sum(line.marks for line in lines[index:end]) <= 3 + sum(line.marks for line in lines[start:index]) // 4
        ):
            end = index
            break
    while end > start + 1 and _is_below(lines[end - 1]):
        end -= 1
    return end


def _is_below(line: Line) -> bool:
    return is_tool(line.text) or is_credit(line.text) or (line.linked > 0.8 * len(line.text) and line.marks == 0)


def body_text(outline: Outline, start: int, end: int) -> str | None:
    """The text of a range of lines, one paragraph a line, without lines that are only tools; None where empty."""
    kept = [line.text for line in outline.lines[start:end] if not is_tool(line.text)]
    return "\n".join(kept) or None
