"""Where the article stands, judged by its text alone: two guesses that share nothing, and how far they agree."""

from __future__ import annotations

from lxml.html import HtmlElement

from crawler.parsing.noise import is_dateline, is_legal
from crawler.parsing.outline import Line, Outline

_CLIMB = 5
_COLUMNS = 3
_GAP_COST = 40
_HEADER = 6
_PARAGRAPH = 40
_BESIDE = 3


def prose_run(outline: Outline, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """The run of the lines `start:end` that holds most prose, whatever elements they stand in: each line with
    punctuation outside links counts its characters, each other one costs as much as a short sentence. None without."""
    best, found, total, first = 0, None, 0, start
    for index, line in enumerate(outline.lines[start:end], start):
        if total <= 0:
            total, first = 0, index
        plain = len(line.text) - line.linked
        prose = line.marks > 0 and line.linked < plain and not is_legal(line.text)
        total += plain if prose else -_GAP_COST
        if total > best:
            best, found = total, (first, index + 1)
    return found


def holder(outline: Outline, run: tuple[int, int]) -> HtmlElement | None:
    """The smallest element that holds a run of lines."""
    found = None
    for element, (first, last) in outline.spans.items():
        if first > run[0]:
            break
        if last >= run[1]:
            found = element
    return found


def best_scored(outline: Outline, start: int = 0, end: int | None = None) -> HtmlElement | None:
    """The element whose paragraphs score most: each line of `start:end` gives its punctuation and length to the parent
    of its block and half of it to the grandparent. None where there are no lines outside links."""
    scores: dict[HtmlElement, float] = {}
    seen: set[str] = set()
    for line in outline.lines[start:end]:
        plain = len(line.text) - line.linked
        if plain < 12 or line.linked > plain or line.text in seen or is_legal(line.text):
            continue
        seen.add(line.text)
        parent = _holder(line.node, plain)
        if parent is None:
            continue
        score = line.marks + min(plain / 50, 4.0)
        scores[parent] = scores.get(parent, 0.0) + score
        above = parent.getparent()
        if above is not None:
            scores[above] = scores.get(above, 0.0) + score / 2
    if not scores:
        return None
    return _with_siblings(outline, max(scores, key=lambda element: scores[element]))


def nearest_prose(outline: Outline, headline: int, scored: HtmlElement) -> HtmlElement | None:
    """What holds the prose right below the header of a short article, where `scored` is a longer text further down the
    page (about the site, in a side column); None where `scored` holds it or is by far the greater part."""
    below = range(headline + 1, min(headline + _HEADER + 1, len(outline.lines)))
    dated = next((index for index in below if is_dateline(outline.lines[index].text)), None)
    if dated is None or outline.spans[scored][0] <= dated:
        return None
    for index in range(dated + 1, min(dated + _HEADER, outline.spans[scored][0])):
        line = outline.lines[index]
        if line.marks > 1 and line.linked == 0 and len(line.text) >= _PARAGRAPH and not is_legal(line.text):
            parent = _holder(line.node, len(line.text))
            found = None if parent is None else _with_siblings(outline, parent)
            if found is None or outline.spans[found][1] > outline.spans[scored][0]:
                return None
            return found if outline.marks_in(scored) <= _BESIDE * outline.marks_in(found) else None
    return None


def _holder(node: HtmlElement, plain: int) -> HtmlElement | None:
    """The element a line's score goes to: the parent of its paragraph, the block itself where text stands bare in it,
    and what holds the whole table for the cell of a data table."""
    parent = node.getparent() if node.tag == "p" or plain < 200 else node
    cell = parent if parent is not None and parent.tag in {"td", "th"} else node
    if cell.tag in {"td", "th"} and len(cell.getparent() if cell.getparent() is not None else ()) >= _COLUMNS:
        table = next(cell.iterancestors("table"), None)
        return table.getparent() if table is not None else parent
    return parent


def _with_siblings(outline: Outline, element: HtmlElement) -> HtmlElement:
    """`element`, or the ancestor whose further lines are prose as well: editors paste articles in many sections."""
    best, above = element, element.getparent()
    for _ in range(_CLIMB):
        if above is None or above not in outline.spans or above.tag in {"body", "html"}:
            break
        (start, end), (first, last) = outline.spans[best], outline.spans[above]
        added = outline.lines[first:start] + outline.lines[end:last]
        if added:
            if not _is_prose(added, outline.marks_in(above) - outline.marks_in(best), outline.marks_in(best)):
                break
            best = above
        above = above.getparent()
    return best


def _is_prose(lines: list[Line], marks: int, beside: int) -> bool:
    if any(is_legal(line.text) for line in lines):
        return False
    size = sum(len(line.text) for line in lines)
    linked = sum(line.linked for line in lines)
    return marks >= max(3, beside * 0.1) and linked < size * 0.1 and marks > size / 60


def agreement(outline: Outline, one: tuple[int, int] | None, other: tuple[int, int] | None) -> float:
    """How much of the text of two ranges of lines is the same, from 0 to 1 (the F1 of their characters). Twins, one
    for the desktop and one for mobiles, are the same text."""
    if one is None or other is None:
        return 0.0
    texts = [{line.text for line in outline.lines[start:end]} for start, end in (one, other)]
    sizes = [sum(map(len, lines)) for lines in texts]
    return round(2 * sum(map(len, texts[0] & texts[1])) / sum(sizes), 3) if sum(sizes) else 0.0
