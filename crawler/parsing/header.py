"""The lines around a body that say who published it and when."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.parsing.noise import ends_article, is_legal, opens_with_date
from crawler.parsing.outline import Outline
from crawler.parsing.titles import fold
from crawler.text.restore import restore_fields

_HEADER_SIZE = 600
_ABOVE = 8
_TAIL_SIZE = 300
_LAST_PARAGRAPHS = 4
_LINK = 12
_WITNESS = 1500
_STRANGE = re.compile("[來編輯責佈發時間記員點擊覽閱訪問āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜɡ]")
"""What no label of a sound simplified header holds: traditional characters of labels, vowels of glosses."""


@dataclass(frozen=True)
class Surroundings:
    """What stands around an article's text: `header` between title and text, `above` the title, the first paragraph
    `lead`, and `tail`: the last paragraphs with some 300 characters below them."""

    header: str
    above: str
    lead: str
    tail: str


def surroundings(
    outline: Outline, element: HtmlElement, text: tuple[int, int], title: str, headline: int | None
) -> Surroundings:
    """The lines around the article whose body is `element`, whose text is the range `text` and whose headline is
    `title`, on line `headline` where it is known."""
    start, end = text
    line = _title_line(outline, start, fold(title))
    if line < 0 and headline is not None and headline < start:
        line = headline
    header = _last(outline, max(line + 1, 0), start)
    if line >= 0:
        header = f"{_beside_title(outline.lines[line].text, title)}\n{header}".strip()
    above = _last(outline, max(0, line - _ABOVE), line) if line > 0 else ""
    stop = max(end, outline.spans[element][1])
    below = _first(outline, end, stop, _TAIL_SIZE * 2) + "\n" + _first(outline, stop, len(outline.lines), _TAIL_SIZE)
    last = "\n".join(line.text for line in outline.lines[max(start, end - _LAST_PARAGRAPHS) : end])
    lead = outline.lines[start].text if start < end else ""
    return Surroundings(header, above, lead, f"{last}\n{below}".strip())


def understood(around: Surroundings, body: str | None) -> Surroundings:
    """`around` with its labels readable: restored like the text, on a garbled (編輯(jí)) or traditional page."""
    if not _STRANGE.search(f"{around.header}{around.above}{around.tail}"):
        return around
    fields = {"header": around.header, "above": around.above, "lead": around.lead, "tail": around.tail}
    restored, changed = restore_fields(fields, (body or "")[:_WITNESS])
    return Surroundings(**{name: restored[name] or "" for name in fields}) if changed else around


def _title_line(outline: Outline, start: int, title: str) -> int:
    """The line of the headline nearest above the text, or -1."""
    if len(title) < 2:
        return -1
    for index in range(start - 1, -1, -1):
        line = outline.lines[index]
        if len(line.text) > 2 * len(title) + 120:
            continue
        key = fold(line.text)
        if key == title or (key.startswith(title) and len(key) < len(title) + 80):
            return index
    return -1


def _beside_title(line: str, title: str) -> str:
    """What stands on the headline's own line after it (`标题 2024-05-11 来源：…`)."""
    return line.split(title, 1)[1].strip() if title and title in line else ""


def _last(outline: Outline, start: int, end: int) -> str:
    """The last 600 characters of the lines `start:end`, whole lines, without links to other pages."""
    kept: list[str] = []
    size = 0
    for line in reversed(outline.lines[start:end]):
        if ends_article(line.text) or (
            line.linked > max(_LINK, 0.6 * len(line.text)) and not opens_with_date(line.text)
        ):
            continue
        size += len(line.text)
        if kept and size > _HEADER_SIZE:
            break
        kept.append(line.text[:_HEADER_SIZE])
    return "\n".join(reversed(kept))


def _first(outline: Outline, start: int, end: int, limit: int) -> str:
    kept: list[str] = []
    size = 0
    for line in outline.lines[start:end]:
        if line.linked > 0.6 * len(line.text) or is_legal(line.text):
            continue
        size += len(line.text)
        if size > limit:
            break
        kept.append(line.text)
    return "\n".join(kept)
