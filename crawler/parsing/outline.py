"""A page as lines of text in reading order: one walk over the tree, shared by every reader of the page.

Titles, headers, bodies and tails are all ranges of lines, so "the text between the title and the body" is a slice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

INLINE = frozenset(
    (
        *(
            "a",
            "abbr",
            "acronym",
            "b",
            "bdi",
            "bdo",
            "big",
            "cite",
            "code",
            "del",
            "dfn",
            "em",
            "font",
            "i",
            "img",
            "ins",
        ),
        *("kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp", "small", "span", "st1:chsdate", "st1:personname"),
        *("strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
    )
)
"""Tags that do not begin a new line."""
SKIPPED = frozenset(
    (
        *("script", "style", "noscript", "template", "select", "option", "textarea", "object", "embed", "svg"),
        *("head", "title", "button"),
    )
)
"""Tags whose text nobody reads on the page."""
LINE_LIMIT = 200_000
"""No page a person reads has more lines; what follows is not walked."""
_SPACE = re.compile(r"[ \t\r\n\f\v\xa0\u200b-\u200d\ufeff]+")
_GAP = "\x1f"
"""Stands where only white space separates two elements: a wider gap to the eye than a space in a sentence."""
_WIDE = re.compile(rf" ?(?:{_GAP} ?)+")
_MARK = re.compile(r"[，。；！？、：]")
_SIMPLE = re.compile(r"(?P<tag>[A-Za-z][\w-]*)?(?P<rest>(?:[#.][\w-]+)*)\Z")
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)


@dataclass(slots=True)
class Line:
    """One line of text: its block element `node`, the characters inside links, the Chinese punctuation outside."""

    text: str
    node: HtmlElement
    linked: int = 0
    marks: int = 0


@dataclass
class Outline:
    """The lines of a page and where each element's lines stand."""

    root: HtmlElement
    lines: list[Line] = field(default_factory=list)
    spans: dict[HtmlElement, tuple[int, int]] = field(default_factory=dict)
    """Every visible element: the index of its first line, and of the line after its last."""
    ids: dict[str, list[HtmlElement]] = field(default_factory=dict)
    classes: dict[str, list[HtmlElement]] = field(default_factory=dict)
    tags: dict[str, list[HtmlElement]] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    """`marks[i]`: the punctuation of the first `i` lines; a line seen before (a desktop and mobile twin) adds none."""
    sizes: list[int] = field(default_factory=list)
    """`sizes[i]`: the characters of the first `i` lines."""

    def select(self, selector: str) -> list[HtmlElement]:
        """The visible elements a CSS or XPath selector finds, in document order; [] for a selector that is none."""
        simple = _SIMPLE.match(selector)
        if simple is None:
            return [el for el in _complex(self.root, selector) if el in self.spans]
        keys = re.findall(r"[#.][\w-]+", simple["rest"])
        pools = [self.ids.get(k[1:], []) if k[0] == "#" else self.classes.get(k[1:], []) for k in keys]
        if simple["tag"]:
            pools.append(self.tags.get(simple["tag"].lower(), []))
        first, *others = pools or [[]]
        return [el for el in first if all(el in pool for pool in others)]

    def text(self, element: HtmlElement) -> str:
        """The text of an element, one line of the page a line."""
        start, end = self.spans[element]
        return "\n".join(line.text for line in self.lines[start:end])

    def marks_in(self, element: HtmlElement) -> int:
        """How much Chinese punctuation outside links an element holds."""
        start, end = self.spans[element]
        return self.marks[end] - self.marks[start]

    def size_of(self, element: HtmlElement) -> int:
        """How many characters of text an element holds."""
        start, end = self.spans[element]
        return self.sizes[end] - self.sizes[start]


@cache
def _compiled(selector: str) -> etree.XPath | None:
    try:
        if selector.startswith(("/", "./", "(")):
            return etree.XPath(selector)
        return CSSSelector(selector, translator="html")
    except (SelectorError, etree.XPathError):
        return None


def _complex(root: HtmlElement, selector: str) -> list[HtmlElement]:
    compiled = _compiled(selector)
    found = compiled(root) if compiled is not None else []
    return [el for el in found if isinstance(el, etree.ElementBase)] if isinstance(found, list) else []


class _Walk:
    """The state of one walk: the line being written, and whether it stands in a link."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.pieces: list[str] = []
        self.linked = 0
        self.depth = 0
        self.plain: list[str] = []

    def write(self, text: str) -> None:
        self.pieces.append(_GAP if text.isspace() and self.pieces else text)
        if self.depth:
            self.linked += len(text.strip())
        else:
            self.plain.append(text)

    def end_line(self, node: HtmlElement) -> None:
        if not self.pieces:
            return
        text = _WIDE.sub("  ", _SPACE.sub(" ", "".join(self.pieces))).strip()
        if text:
            marks = len(_MARK.findall("".join(self.plain)))
            self.outline.lines.append(Line(text, node, min(self.linked, len(text)), marks))
        self.pieces, self.plain, self.linked = [], [], 0


def outline_of(root: HtmlElement) -> Outline:
    """The outline of a parsed page; never raises. The tree is not changed."""
    outline = Outline(root)
    walk = _Walk(outline)
    stack: list[tuple[HtmlElement, HtmlElement, bool]] = [(root, root, False)]
    while stack:
        element, block, leaving = stack.pop()
        tag = element.tag
        if not isinstance(tag, str):
            if element.tail:
                walk.write(element.tail)
            continue
        if leaving:
            _leave(walk, element, block)
            continue
        if tag in SKIPPED or len(outline.lines) > LINE_LIMIT:
            if element.tail:
                walk.write(element.tail)
            continue
        stack.append((element, block, True))
        inner = _enter(walk, element, block)
        stack.extend((child, inner, False) for child in element.iterchildren(reversed=True))
    walk.end_line(root)
    _sum_up(outline)
    return outline


def _enter(walk: _Walk, element: HtmlElement, block: HtmlElement) -> HtmlElement:
    """Begin an element; the block its text belongs to."""
    outline, tag = walk.outline, element.tag
    if tag not in INLINE:
        walk.end_line(block)
        block = element
    outline.spans[element] = (len(outline.lines), -1)
    outline.tags.setdefault(tag, []).append(element)
    if identity := element.get("id"):
        outline.ids.setdefault(identity.strip(), []).append(element)
    if names := element.get("class"):
        for name in names.split()[:20]:
            outline.classes.setdefault(name, []).append(element)
    if tag == "a":
        walk.depth += 1
    if element.text:
        walk.write(element.text)
    return block


def _leave(walk: _Walk, element: HtmlElement, block: HtmlElement) -> None:
    outline, tag = walk.outline, element.tag
    if tag not in INLINE:
        walk.end_line(element)
    if tag == "a":
        walk.depth -= 1
    start, _ = outline.spans[element]
    outline.spans[element] = (start, len(outline.lines) + bool(tag in INLINE and walk.pieces))
    if element.tail:
        walk.write(element.tail)


def _sum_up(outline: Outline) -> None:
    seen: set[str] = set()
    marks = size = 0
    outline.marks, outline.sizes = [0], [0]
    for line in outline.lines:
        if len(line.text) < 12 or line.text not in seen:
            marks += line.marks
            seen.add(line.text)
        size += len(line.text)
        outline.marks.append(marks)
        outline.sizes.append(size)
    last = len(outline.lines)
    for element, (start, end) in outline.spans.items():
        if end > last:
            outline.spans[element] = (min(start, last), last)


def is_hidden(element: HtmlElement) -> bool:
    """Whether the element's own style hides it."""
    return bool(_HIDDEN.search(element.get("style") or ""))
