"""Which element of a page is the article's body.

Two methods look for it that share nothing: `find_scored` adds up the prose of paragraphs by element, `find_prose_run`
finds the run of lines with most prose, whatever their elements. How far they agree is the confidence. If they
contradict each other, readability-lxml, ten times slower, decides.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree
from lxml.html import HtmlElement, fromstring

from crawler.parsing.line_kinds import ends_article, is_contact, is_dateline, is_legal
from crawler.parsing.page import Page
from crawler.parsing.page_lines import INLINE, Line, PageLines
from crawler.parsing.rules import Rules

CONTAINERS = (
    "ucapcontent", ".trs_editor_view", ".TRS_UEDITOR", ".TRS_Editor", "#UCAP-CONTENT", ".v_news_content",
    ".wp_articlecontent", "#js_content", "#zoom", ".zoom", "#zoomcon", "#fontzoom", "#Zoom", ".Custom_UnionStyle",
    "#easysiteText", ".bt_content", "#ivs_content", "#ozoom", "founder-content", "#artibody", "#article_content",
    ".rm_txt_con", ".article-content", ".article_content", ".articleContent", "#articleContent", "#detail",
    "#artical_real", "#main_content", ".post_text", "#Cnt-Main-Article-QQ", "#detailContent", ".pages_content",
    ".detail-content", ".news_content", ".newsContent", ".con_txt", ".TxtContent",
)  # fmt: skip
"""Containers of the article in widespread CMSs and editors, most specific first."""
_MIN_CONTAINER_SHARE = 0.8
_MIN_SELECTED_SHARE = 0.4
_MIN_CONFIDENCE = 0.25


@dataclass(frozen=True)
class Body:
    """The chosen element, the rule that chose it, and how far the run of prose agrees (0 to 1)."""

    element: HtmlElement
    rule: str
    confidence: float


def find_body(
    page: Page, page_lines: PageLines, rule_stack: Iterable[tuple[str, Rules]], headline: int | None = None
) -> Body | None:
    """Return the article's body, or None for a page without sentences.

    The selectors of `rule_stack` come first, if what they select shares text with the article; then a known container;
    then the best scored element below `headline`, the line of the title.
    """
    scored, start, end = _find_by_text(page_lines, headline)
    run = find_prose_run(page_lines, start, end)
    for name, rules in rule_stack:
        for selector in rules.body:
            element = _find_first_filled(page_lines, selector, None if name == "override" else scored)
            if element is not None:
                return Body(element, name, measure_agreement(page_lines, page_lines.spans[element], run))
    if scored is None:
        alone = _find_picture_body(page_lines, headline)
        if alone is None and run:
            alone = find_container(page_lines, run)
        return None if alone is None else Body(alone, "generic", 0.0)
    known = _find_known_container(page_lines, scored)
    best = scored if known is None else known
    confidence = measure_agreement(page_lines, page_lines.spans[best], run)
    other = find_container(page_lines, run) if run and confidence < _MIN_CONFIDENCE else None
    if other is not None and tie_break(page.html.decode(), page_lines, best, other) is other:
        return Body(other, "readability", confidence)
    return Body(best, "generic", confidence)


def _find_by_text(page_lines: PageLines, headline: int | None) -> tuple[HtmlElement | None, int, int | None]:
    """Return the element with the article's prose, and the range of lines that may hold the article."""
    start, end = headline or 0, _find_next_article(page_lines, headline)
    own = find_own_container(page_lines, headline) if headline is not None else None
    if own is not None:
        end = min(page_lines.spans[own][1], len(page_lines.lines) if end is None else end)
    scored = find_scored(page_lines, start, end, own)
    if scored is None:
        scored, start = find_scored(page_lines), 0
    if scored is not None and (
        _is_foot(page_lines, page_lines.spans[scored])
        or (page_lines.punctuation_in(scored) < _MIN_PUNCTUATION and _find_document(page_lines, headline) is not None)
    ):
        return None, start, end
    if scored is not None and headline is not None:
        near = find_near_prose(page_lines, headline, scored)
        scored = scored if near is None else near
    return scored, start, end


def _is_foot(page_lines: PageLines, lines: tuple[int, int]) -> bool:
    """Return whether a range of lines is the foot of a page: more than half of it rights and addresses."""
    texts = [line.text for line in page_lines.lines[slice(*lines)]]
    foot = sum(len(text) for text in texts if is_legal(text) or is_contact(text))
    return foot > sum(map(len, texts)) / 2


def _find_next_article(page_lines: PageLines, headline: int | None) -> int | None:
    """Return the line of the next `<h1>` if the headline is one: endless pages append other articles."""
    if headline is None or page_lines.lines[headline].node.tag != "h1":
        return None
    title = page_lines.lines[headline].text
    following = (page_lines.spans[h1][0] for h1 in page_lines.select_tag("h1"))
    return next(
        (i for i in following if headline < i < len(page_lines.lines) and page_lines.lines[i].text != title), None
    )


def _find_known_container(page_lines: PageLines, scored: HtmlElement) -> HtmlElement | None:
    """Return the known container that holds nearly all of `scored`: its border is more exact."""
    wanted = page_lines.punctuation_in(scored) * _MIN_CONTAINER_SHARE
    for selector in CONTAINERS:
        for element in page_lines.select(selector):
            if (
                page_lines.punctuation_in(element) >= wanted
                and measure_agreement(page_lines, page_lines.spans[element], page_lines.spans[scored])
                >= _MIN_CONTAINER_SHARE
            ):
                return element
    return None


def _find_first_filled(page_lines: PageLines, selector: str, scored: HtmlElement | None) -> HtmlElement | None:
    """Return the first match that shares text with `scored` (with None, any match with text or a picture).

    A selector that names paragraphs stands for their parent.
    """
    found = page_lines.select(selector)
    if not found:
        return None
    if found[0].tag == "p" and found[0].getparent() is not None:
        found = [found[0].getparent()]
    for element in found:
        if scored is None:
            if page_lines.size_of(element) or _has_picture(element):
                return element
        elif measure_agreement(page_lines, page_lines.spans[element], page_lines.spans[scored]) >= _MIN_SELECTED_SHARE:
            return element
    return None


def _find_picture_body(page_lines: PageLines, headline: int | None) -> HtmlElement | None:
    """Return the container of an article that consists of pictures alone.

    That is a known container with a picture, else the parent of the first paragraph below the headline that is a
    picture and not a link.
    """
    for element in (element for selector in CONTAINERS for element in page_lines.select(selector)):
        if _has_picture(element):
            return element
    if (frame := _find_document(page_lines, headline)) is not None:
        return frame.getparent()
    for picture in page_lines.select_tag("img") if headline is not None else ():
        above = picture.getparent()
        while above is not None and above.tag in INLINE and above.tag != "a":
            above = above.getparent()
        if above is not None and above.tag == "p" and page_lines.spans.get(above, (0, 0))[0] > (headline or 0):
            return above.getparent()
    return None


def _find_document(page_lines: PageLines, headline: int | None) -> HtmlElement | None:
    """Return the `<iframe>` below the headline that shows a document."""
    frames = page_lines.select_tag("iframe") if headline is not None else []
    below = (frame for frame in frames if page_lines.spans[frame][0] > (headline or 0))
    return next((frame for frame in below if _DOCUMENT.search(frame.get("src") or "")), None)


def _has_picture(element: HtmlElement) -> bool:
    return next(element.iter("img"), None) is not None


# --- Where the article's prose is, judged by text alone ---

_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|ofd|wps)(?:[?#&]|$)", re.I)
_MIN_PUNCTUATION = 6
"""Text with less may be only the header of an article that a document or a picture holds."""
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_MAX_LINES_TO_PROSE = 15
_MAX_LINES_TO_HEADING = 4
_MIN_PROSE_LINES = 3
_MIN_PROSE_LENGTH = 20
_MAX_OUTSIDE_RATIO = 5
_MAX_CLIMB = 5
_MIN_COLUMNS = 3
_GAP_COST = 40
_MAX_HEADER_LINES = 6
_MIN_PARAGRAPH_LENGTH = 40
_MAX_NEARER_RATIO = 3


def find_prose_run(page_lines: PageLines, start: int = 0, end: int | None = None) -> tuple[int, int] | None:
    """Return the run of the lines `start:end` with most prose, whatever elements they stand in; None without prose.

    A line with punctuation outside links counts its characters; every other line costs as much as a short sentence.
    """
    best, found, total, first = 0, None, 0, start
    for index, line in enumerate(page_lines.lines[start:end], start):
        if total <= 0:
            total, first = 0, index
        plain = len(line.text) - line.link_chars
        prose = line.punctuation > 0 and line.link_chars < plain and not is_legal(line.text)
        total += plain if prose else -_GAP_COST
        if total > best:
            best, found = total, (first, index + 1)
    return found


def find_container(page_lines: PageLines, run: tuple[int, int]) -> HtmlElement | None:
    """Return the smallest element that holds a run of lines."""
    found = None
    for element, (first, last) in page_lines.spans.items():
        if first > run[0]:
            break
        if last >= run[1]:
            found = element
    return found


def find_own_container(page_lines: PageLines, headline: int) -> HtmlElement | None:
    """Return the smallest element that holds the headline and the prose right below it; None without such an element.

    It is the article's own if its prose is not just a summary: three lines, or two before the heading of something
    else. Endless feeds, comments and side columns outside it may be longer than the article. But if much more prose
    follows it without a heading, the element is only the first part of the article.
    """
    lines = page_lines.lines
    below = range(headline + 1, min(headline + _MAX_LINES_TO_PROSE, len(lines)))
    first = next((index for index in below if _is_prose_line(lines[index])), None)
    if first is None:
        return None
    node = lines[first].node
    own = next((above for above in (node, *node.iterancestors()) if page_lines.spans[above][0] <= headline), None)
    if own is None or own.tag in {"body", "html"}:
        return None
    start, end = page_lines.spans[own]
    prose = sum(map(_is_prose_line, lines[first:end]))
    following = lines[end : end + _MAX_LINES_TO_HEADING]
    parted = any(line.node.tag in _HEADINGS or ends_article(line.text) for line in following)
    if prose < _MIN_PROSE_LINES - parted:
        return None
    inside, outside = page_lines.punctuation[end] - page_lines.punctuation[start], page_lines.punctuation[-1]
    return own if parted or outside - page_lines.punctuation[end] <= _MAX_OUTSIDE_RATIO * inside else None


def _is_prose_line(line: Line) -> bool:
    long = len(line.text) >= _MIN_PROSE_LENGTH and line.link_chars * 4 < len(line.text)
    return long and line.punctuation > 0 and not (is_legal(line.text) or is_dateline(line.text))


def find_scored(
    page_lines: PageLines, start: int = 0, end: int | None = None, within: HtmlElement | None = None
) -> HtmlElement | None:
    """Return the element whose paragraphs score most; None if the lines `start:end` hold only links.

    Each line adds its punctuation and length to the parent of its block, and half of it to the grandparent. The element
    is not above `within`.
    """
    scores: dict[HtmlElement, float] = {}
    seen: set[str] = set()
    for line in page_lines.lines[start:end]:
        plain = len(line.text) - line.link_chars
        if plain < 12 or line.link_chars > plain or line.text in seen or is_legal(line.text):
            continue
        seen.add(line.text)
        parent = _find_scored_element(line.node, plain)
        if parent is None:
            continue
        if within is not None and _holds(page_lines, parent, within):
            parent = within
        score = line.punctuation + min(plain / 50, 4.0)
        scores[parent] = scores.get(parent, 0.0) + score
        above = None if parent is within else parent.getparent()
        if above is not None:
            scores[above] = scores.get(above, 0.0) + score / 2
    if not scores:
        return None
    return _with_siblings(page_lines, max(scores, key=lambda element: scores[element]), within)


def _holds(page_lines: PageLines, element: HtmlElement, other: HtmlElement) -> bool:
    """Return whether an element holds all lines of the other one."""
    (start, end), (first, last) = page_lines.spans[element], page_lines.spans[other]
    return start <= first and last <= end


def find_near_prose(page_lines: PageLines, headline: int, scored: HtmlElement) -> HtmlElement | None:
    """Return the container of the prose right below the header, if `scored` is a longer text further down.

    Such a text describes the site or stands in a side column. None if `scored` holds the near prose, or if it is by far
    longer.
    """
    below = range(headline + 1, min(headline + _MAX_HEADER_LINES + 1, len(page_lines.lines)))
    dated = next((index for index in below if is_dateline(page_lines.lines[index].text)), None)
    if dated is None or page_lines.spans[scored][0] <= dated:
        return None
    for index in range(dated + 1, min(dated + _MAX_HEADER_LINES, page_lines.spans[scored][0])):
        line = page_lines.lines[index]
        if (
            line.punctuation > 1
            and line.link_chars == 0
            and len(line.text) >= _MIN_PARAGRAPH_LENGTH
            and not is_legal(line.text)
        ):
            parent = _find_scored_element(line.node, len(line.text))
            found = None if parent is None else _with_siblings(page_lines, parent)
            if found is None or page_lines.spans[found][1] > page_lines.spans[scored][0]:
                return None
            return (
                found
                if page_lines.punctuation_in(scored) <= _MAX_NEARER_RATIO * page_lines.punctuation_in(found)
                else None
            )
    return None


def _find_scored_element(node: HtmlElement, plain: int) -> HtmlElement | None:
    """Return the element that a line's score goes to.

    That is the parent of a paragraph, the block itself if text stands directly in it, or the container of a data table.
    """
    parent = node.getparent() if node.tag == "p" or plain < 200 else node
    while parent is not None and parent.tag in INLINE and (above := parent.getparent()) is not None:
        # A <font> that is never closed holds all that follows it.
        parent = above
    cell = parent if parent is not None and parent.tag in {"td", "th"} else node
    if cell.tag in {"td", "th"} and len(cell.getparent() if cell.getparent() is not None else ()) >= _MIN_COLUMNS:
        table = next(cell.iterancestors("table"), None)
        return table.getparent() if table is not None else parent
    return parent


def _with_siblings(page_lines: PageLines, element: HtmlElement, within: HtmlElement | None = None) -> HtmlElement:
    """Return `element`, or the ancestor whose further lines are prose too: articles may have several sections."""
    best, above = element, element.getparent()
    for _ in range(_MAX_CLIMB):
        if best is within or above is None or above not in page_lines.spans or above.tag in {"body", "html"}:
            break
        (start, end), (first, last) = page_lines.spans[best], page_lines.spans[above]
        added = page_lines.lines[first:start] + page_lines.lines[end:last]
        if added:
            if not _is_prose(
                added,
                page_lines.punctuation_in(above) - page_lines.punctuation_in(best),
                page_lines.punctuation_in(best),
            ):
                break
            best = above
        above = above.getparent()
    return best


def _is_prose(lines: list[Line], punctuation: int, beside: int) -> bool:
    if any(is_legal(line.text) for line in lines):
        return False
    size = sum(len(line.text) for line in lines)
    link_chars = sum(line.link_chars for line in lines)
    return punctuation >= max(3, beside * 0.1) and link_chars < size * 0.1 and punctuation > size / 60


def measure_agreement(page_lines: PageLines, one: tuple[int, int] | None, other: tuple[int, int] | None) -> float:
    """Return how much text two ranges of lines share, from 0 to 1 (F1 of their characters).

    Twins, one for the desktop and one for mobiles, count as the same text.
    """
    if one is None or other is None:
        return 0.0
    texts = [{line.text for line in page_lines.lines[start:end]} for start, end in (one, other)]
    sizes = [sum(map(len, lines)) for lines in texts]
    return round(2 * sum(map(len, texts[0] & texts[1])) / sum(sizes), 3) if sum(sizes) else 0.0


# --- Tie-break: readability-lxml ---

# It logs a traceback for every page it cannot read.
logging.getLogger("readability").setLevel(logging.CRITICAL)
_MAX_READABLE_LENGTH = 1_000_000
"""Longer markup takes readability-lxml seconds."""
_MIN_SHARED_LINE = 12
_SPACE = re.compile(r"\s+")


def tie_break(html: str, page_lines: PageLines, one: HtmlElement, other: HtmlElement) -> HtmlElement:
    """Return whichever element shares more text with the result of readability-lxml; `one` if it is undecided."""
    found = _extract_readable(html)
    return other if found and _measure_share(page_lines, other, found) > _measure_share(page_lines, one, found) else one


def _extract_readable(html: str) -> str:
    from readability import Document
    from readability.readability import Unparseable

    if len(html) > _MAX_READABLE_LENGTH:
        return ""
    try:
        summary = fromstring(Document(html).summary(html_partial=True))
    except (Unparseable, etree.LxmlError, ValueError, TypeError, AttributeError):
        return ""
    return _SPACE.sub("", "".join(str(text) for text in summary.itertext()))


def _measure_share(page_lines: PageLines, element: HtmlElement, found: str) -> float:
    """Return the F1, in characters, of an element's long lines and the text found."""
    start, end = page_lines.spans[element]
    lines = [_SPACE.sub("", line.text) for line in page_lines.lines[start:end]]
    size = sum(map(len, lines))
    shared = sum(len(line) for line in lines if len(line) >= _MIN_SHARED_LINE and line in found)
    return 2 * shared / (size + len(found)) if size else 0.0
