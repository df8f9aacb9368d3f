"""Which element of a page is the article's body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.parsing.arbiter import preferred
from crawler.parsing.density import agreement, best_scored, holder, nearest_prose, prose_run
from crawler.parsing.noise import is_contact, is_legal
from crawler.parsing.outline import INLINE, Outline
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules

CONTAINERS = (
    "ucapcontent", ".trs_editor_view", ".TRS_UEDITOR", ".TRS_Editor", "#UCAP-CONTENT", ".v_news_content",
    ".wp_articlecontent", "#js_content", "#zoom", ".zoom", "#zoomcon", "#fontzoom", "#Zoom", ".Custom_UnionStyle",
    "#easysiteText", ".bt_content", "#ivs_content", "#ozoom", "founder-content", "#artibody", "#article_content",
    ".rm_txt_con", ".article-content", ".article_content", ".articleContent", "#articleContent", "#detail",
    "#artical_real", "#main_content", ".post_text", "#Cnt-Main-Article-QQ", "#detailContent", ".pages_content",
    ".detail-content", ".news_content", ".newsContent", ".con_txt", ".TxtContent",
)  # fmt: skip
"""Elements that editors of wide-spread systems put an article into, the most telling first."""
_SHARE = 0.8
_SHARED = 0.4
_DOUBT = 0.25


@dataclass(frozen=True)
class Body:
    """The chosen element, the rule that chose it, and how far a second extractor agrees."""

    element: HtmlElement
    rule: str
    confidence: float


def find_body(
    page: Page, outline: Outline, layers: Iterable[tuple[str, Rules]], headline: int | None = None
) -> Body | None:
    """The article's body: the first selector that holds text of the article, layer by layer, then a known container or
    the best scored element below `headline`, the line of the title; None for a page without sentences.

    The confidence is the agreement with the run of prose, found without a look at any element."""
    start, end = headline or 0, _next_article(outline, headline)
    scored = best_scored(outline, start, end)
    if scored is None:
        scored, start = best_scored(outline), 0
    if scored is not None and _is_foot(outline, outline.spans[scored]):
        scored = None
    elif headline is not None:
        near = nearest_prose(outline, headline, scored)
        scored = scored if near is None else near
    run = prose_run(outline, start, end)
    for name, rules in layers:
        for selector in rules.body:
            element = _first_filled(outline, selector, None if name == "override" else scored)
            if element is not None:
                return Body(element, name, agreement(outline, outline.spans[element], run))
    if scored is None:
        alone = _pictured(outline, headline)
        if alone is None and run:
            alone = holder(outline, run)
        return None if alone is None else Body(alone, "generic", 0.0)
    known = _known_container(outline, scored)
    best = scored if known is None else known
    confidence = agreement(outline, outline.spans[best], run)
    other = holder(outline, run) if run and confidence < _DOUBT else None
    if other is not None and preferred(page.html.decode(), outline, best, other) is other:
        return Body(other, "readability", confidence)
    return Body(best, "generic", confidence)


def _is_foot(outline: Outline, lines: tuple[int, int]) -> bool:
    """Whether a range of lines is the foot of a page: more than half of it rights and addresses."""
    texts = [line.text for line in outline.lines[slice(*lines)]]
    foot = sum(len(text) for text in texts if is_legal(text) or is_contact(text))
    return foot > sum(map(len, texts)) / 2


def _next_article(outline: Outline, headline: int | None) -> int | None:
    """The line of the next `<h1>` where the headline is one: pages that scroll on append other articles."""
    if headline is None or outline.lines[headline].node.tag != "h1":
        return None
    title = outline.lines[headline].text
    following = (outline.spans[h1][0] for h1 in outline.tagged("h1"))
    return next((i for i in following if headline < i < len(outline.lines) and outline.lines[i].text != title), None)


def _known_container(outline: Outline, scored: HtmlElement) -> HtmlElement | None:
    """The known container that holds nearly what the scores found: it draws the border more exactly."""
    wanted = outline.marks_in(scored) * _SHARE
    for selector in CONTAINERS:
        for element in outline.select(selector):
            if (
                outline.marks_in(element) >= wanted
                and agreement(outline, outline.spans[element], outline.spans[scored]) >= _SHARE
            ):
                return element
    return None


def _first_filled(outline: Outline, selector: str, scored: HtmlElement | None) -> HtmlElement | None:
    """The first match that shares text with what the scores found (any text where they have no say), or a picture
    where the page has no sentences; the parent where a selector names the paragraphs."""
    found = outline.select(selector)
    if not found:
        return None
    if found[0].tag == "p" and found[0].getparent() is not None:
        found = [found[0].getparent()]
    for element in found:
        if scored is None:
            if outline.size_of(element) or _has_picture(element):
                return element
        elif agreement(outline, outline.spans[element], outline.spans[scored]) >= _SHARED:
            return element
    return None


def _pictured(outline: Outline, headline: int | None) -> HtmlElement | None:
    """What holds an article of pictures alone: a known container with one, else the parent of the first paragraph below
    the headline that is a picture and no link."""
    for element in (element for selector in CONTAINERS for element in outline.select(selector)):
        if _has_picture(element):
            return element
    for picture in outline.tagged("img") if headline is not None else ():
        above = picture.getparent()
        while above is not None and above.tag in INLINE and above.tag != "a":
            above = above.getparent()
        if above is not None and above.tag == "p" and outline.spans.get(above, (0, 0))[0] > (headline or 0):
            return above.getparent()
    return None


def _has_picture(element: HtmlElement) -> bool:
    return next(element.iter("img"), None) is not None
