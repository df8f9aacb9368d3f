"""Where the article stands, judged by its text alone: two independent guesses, and how far two answers agree."""

from __future__ import annotations

from lxml.html import HtmlElement

from crawler.parsing.outline import Outline

_KEPT = 0.8


def densest(outline: Outline) -> HtmlElement | None:
    """The deepest element that keeps 80 % of the page's Chinese punctuation outside links; None without any."""
    wanted = outline.marks[-1] * _KEPT
    if wanted <= 0:
        return None
    best = None
    for element in outline.spans:
        if outline.marks_in(element) >= wanted:
            best = element
    return best


def best_scored(outline: Outline) -> HtmlElement | None:
    """The element whose paragraphs score most: each line gives its punctuation and length to the parent of its block
    and half of it to the grandparent. None where the page has no lines outside links."""
    scores: dict[HtmlElement, float] = {}
    seen: set[str] = set()
    for line in outline.lines:
        plain = len(line.text) - line.linked
        if plain < 12 or line.linked > plain or line.text in seen:
            continue
        seen.add(line.text)
        score = line.marks + min(plain / 50, 4.0)
        parent = line.node.getparent() if line.node.tag == "p" or plain < 200 else line.node
        if parent is None:
            continue
        scores[parent] = scores.get(parent, 0.0) + score
        above = parent.getparent()
        if above is not None:
            scores[above] = scores.get(above, 0.0) + score / 2
    return max(scores, key=lambda element: scores[element]) if scores else None


def agreement(outline: Outline, one: HtmlElement | None, other: HtmlElement | None) -> float:
    """How much of the text of two elements is the same, from 0 to 1 (the F1 of their characters)."""
    if one is None or other is None or one not in outline.spans or other not in outline.spans:
        return 0.0
    (a, b), (c, d) = outline.spans[one], outline.spans[other]
    start, end = max(a, c), min(b, d)
    both = outline.sizes[b] - outline.sizes[a] + outline.sizes[d] - outline.sizes[c]
    if both == 0:
        return 0.0
    shared = outline.sizes[end] - outline.sizes[start] if start < end else 0
    if not shared and outline.text(one) == outline.text(other):
        return 1.0
    return round(2 * shared / both, 3)
