"""A page as lines of text in reading order: one walk over the tree, shared by every reader of the page.

Titles, headers, bodies and tails are all ranges of lines, so "the text between the title and the body" is a slice.
"""

from __future__ import annotations

import re
from collections import defaultdict
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
_GAP = "\x01"
"""Stands where only white space separates two elements: a wider gap to the eye than a space in a sentence."""
_WIDE = re.compile(rf" ?(?:{_GAP} ?)+")
_HARD = re.compile("\xa0{2,}|\u3000+")
"""Spaces somebody put there to part two things."""
_MOST_CLASSES = 20
_MARK = re.compile(r"[，。；！？、：]")
_SIMPLE = re.compile(r"(?P<tag>[A-Za-z][\w-]*)?(?P<rest>(?:[#.][\w-]+)*)\Z")


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
    ids: defaultdict[str, list[HtmlElement]] = field(default_factory=lambda: defaultdict(list))
    classes: defaultdict[str, list[HtmlElement]] = field(default_factory=lambda: defaultdict(list))
    tags: defaultdict[str, list[HtmlElement]] = field(default_factory=lambda: defaultdict(list))
    marks: list[int] = field(default_factory=list)
    """`marks[i]`: the punctuation of the first `i` lines; a line seen before (a desktop and mobile twin) adds none."""
    sizes: list[int] = field(default_factory=list)
    """`sizes[i]`: the characters of the first `i` lines."""

    def select(self, selector: str) -> list[HtmlElement]:
        """The visible elements a CSS or XPath selector finds, in document order; [] for a selector that is none."""
        parts = _parts(selector)
        if parts is None:
            return [el for el in elements_of(self.root, selector) if el in self.spans]
        indexes = {"#": self.ids, ".": self.classes, "": self.tags}
        pools = [indexes[kind].get(name, []) for kind, name in parts]
        if not all(pools):
            return []
        return [el for el in pools[0] if all(el in pool for pool in pools[1:])]

    def add_classes(self, names: str, element: HtmlElement) -> None:
        """Note the classes of an element, as `class` lists them."""
        for name in names.split()[:_MOST_CLASSES]:
            self.classes[name].append(element)

    def text(self, element: HtmlElement) -> str:
        """The text of an element, one line of the page a line; of an element within a line, its own text alone."""
        start, end = self.spans[element]
        if element.tag in INLINE and end - start <= 1:
            return " ".join(str(element.text_content()).split())
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
def _parts(selector: str) -> list[tuple[str, str]] | None:
    """`div.a#b` as its parts, a selector of one element by tag, id and classes; None for any other."""
    simple = _SIMPLE.match(selector)
    if simple is None:
        return None
    parts = [(part[0], part[1:]) for part in re.findall(r"[#.][\w-]+", simple["rest"])]
    return [*parts, ("", simple["tag"].lower())] if simple["tag"] else parts


@cache
def _compiled(selector: str) -> etree.XPath | None:
    try:
        if selector.startswith(("/", "./", "(")):
            return etree.XPath(selector)
        return CSSSelector(selector, translator="html")
    except (SelectorError, etree.XPathError):
        return None


def elements_of(root: HtmlElement, selector: str) -> list[HtmlElement]:
    """The elements a CSS or XPath selector finds, visible or not, in document order; [] for a selector that is none."""
    compiled = _compiled(selector)
    found = compiled(root) if compiled is not None else []
    return [el for el in found if isinstance(el, etree.ElementBase)] if isinstance(found, list) else []


class _Walk:
    """The state of one walk: the line being written, its pieces in links, and the blocks it stands in. Written for
    speed: it is a quarter of what a page costs. lxml's `iterwalk` alone takes longer than `iter` with all of this."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.blocks = [outline.root]
        self.pieces: list[str] = []
        self.linked: list[str] = []
        self.links = 0

    def run(self) -> None:
        """Walk the whole tree: an element is left when one comes that is no child of it."""
        lines, spans = self.outline.lines, self.outline.spans
        path: list[HtmlElement] = []
        hidden: list[bool] = [False]
        for element in self.outline.root.iter():
            above = element.getparent()
            while path and path[-1] is not above:
                self.leave(path.pop(), hidden.pop(), hidden[-1])
            path.append(element)
            tag = element.tag
            if hidden[-1] or tag in SKIPPED or tag.__class__ is not str or len(lines) > LINE_LIMIT:
                hidden.append(True)
                continue
            hidden.append(False)
            if tag not in INLINE:
                if self.pieces:
                    self.end_line()
                self.blocks.append(element)
            elif tag == "a":
                self.links += 1
            spans[element] = (len(lines), -1)
            self.note(element, tag)
            if text := element.text:
                self.write(text)
        while path:
            self.leave(path.pop(), hidden.pop(), hidden[-1])

    def write(self, text: str) -> None:
        if text.isspace():
            if self.pieces:
                self.pieces.append(_GAP)
            return
        self.pieces.append(text)
        if self.links:
            self.linked.append(text)

    def end_line(self) -> None:
        text = _one_line(self.pieces)
        if text:
            marks = linked = 0
            if not self.linked:
                marks = len(_MARK.findall(text))
            elif len(self.linked) == len(self.pieces):
                linked = len("".join(text.split()))
            else:
                in_links = "".join(self.linked)
                linked = min(len("".join(in_links.split())), len(text))
                marks = len(_MARK.findall(text)) - len(_MARK.findall(in_links))
            self.outline.lines.append(Line(text, self.blocks[-1], linked, marks))
        self.pieces.clear()
        self.linked.clear()

    def note(self, element: HtmlElement, tag: str) -> None:
        outline = self.outline
        outline.tags[tag].append(element)
        if identity := element.get("id"):
            outline.ids[identity.strip()].append(element)
        if names := element.get("class"):
            outline.add_classes(names, element)

    def leave(self, element: HtmlElement, hidden: bool, inside_hidden: bool) -> None:
        if not hidden:
            tag, lines, spans = element.tag, self.outline.lines, self.outline.spans
            start = spans[element][0]
            if tag in INLINE:
                spans[element] = (start, len(lines) + bool(self.pieces))
                if tag == "a":
                    self.links -= 1
            else:
                if self.pieces:
                    self.end_line()
                self.blocks.pop()
                spans[element] = (start, len(lines))
        if not inside_hidden and (tail := element.tail):
            self.write(tail)


def _one_line(pieces: list[str]) -> str:
    text = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if "\u3000" in text or "\xa0\xa0" in text:
        text = _HARD.sub(_GAP, text)
    text = " ".join(text.split())
    return _WIDE.sub("  ", text).strip() if _GAP in text else text


def outline_of(root: HtmlElement) -> Outline:
    """The outline of a parsed page; never raises. The tree is not changed."""
    outline = Outline(root)
    walk = _Walk(outline)
    walk.run()
    walk.end_line()
    _sum_up(outline)
    return outline


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
