"""A page as lines of text in reading order: one walk over the tree, shared by every reader of the page.

Titles, headers, bodies and tails are all ranges of lines, so "the text between the title and the body" is a slice.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import accumulate, chain

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "img"),
        *("ins", "kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp", "small", "span", "st1:chsdate"),
        *("st1:personname", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
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
_BLOCK, _INLINE, _LINK, _HIDDEN = range(4)
_KINDS: dict[object, int] = (
    dict.fromkeys(INLINE, _INLINE)
    | {"a": _LINK}
    | dict.fromkeys(SKIPPED, _HIDDEN)
    # What is no element has one of these functions for its tag.
    | dict.fromkeys((etree.Comment, etree.ProcessingInstruction, etree.Entity), _HIDDEN)
)
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
    marks: list[int] = field(default_factory=list)
    """`marks[i]`: the punctuation of the first `i` lines; a line seen before (a desktop and mobile twin) adds none."""
    sizes: list[int] = field(default_factory=list)
    """`sizes[i]`: the characters of the first `i` lines."""
    elements: list[HtmlElement] = field(default_factory=list, repr=False)
    """The visible elements in document order; the indexes below give places in it."""
    starts: list[int] = field(default_factory=list, repr=False)
    """The first line of each of them."""
    by_id: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)
    by_class: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list), repr=False)
    """By the whole of `class`, as it is written."""
    _by_tag: dict[str, list[HtmlElement]] = field(default_factory=dict, repr=False)

    def select(self, selector: str) -> list[HtmlElement]:
        """The visible elements a CSS or XPath selector finds, in document order; [] for a selector that is none."""
        parts = _parts(selector)
        if parts is None:
            return [el for el in elements_of(self.root, selector) if el in self.spans]
        found: list[int] | None = None
        for kind, name in parts:
            pool = self.by_id.get(name, []) if kind == "#" else self._with_class(name) if kind == "." else None
            if pool is not None:
                found = pool if found is None else [number for number in found if number in pool]
                if not found:
                    return []
        if found is None:
            return self.tagged(parts[-1][1])
        tag = None if parts[-1][0] else parts[-1][1]
        return [self.elements[number] for number in found if tag is None or self.elements[number].tag == tag]

    def tagged(self, tag: str) -> list[HtmlElement]:
        """The visible elements with a tag, in document order."""
        if tag not in self._by_tag:
            self._by_tag[tag] = [el for el in self.root.iter(tag) if el in self.spans]
        return self._by_tag[tag]

    def starting(self, first: int, last: int) -> list[HtmlElement]:
        """The visible elements whose first line is one of `first` to `last`, in document order."""
        return self.elements[bisect_left(self.starts, first) : bisect_right(self.starts, last)]

    def _with_class(self, name: str) -> list[int]:
        return sorted(number for whole in self._classes.get(name, ()) for number in self.by_class[whole])

    @cached_property
    def _classes(self) -> dict[str, list[str]]:
        """Names of classes, each with the values of `class` it stands in."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for whole in self.by_class:
            for name in dict.fromkeys(whole.split()[:_MOST_CLASSES]):
                found[name].append(whole)
        return found

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


def _walk(outline: Outline) -> None:  # noqa: C901, PLR0912, PLR0915
    """Fill lines, spans and indexes in one walk over the tree: an element is left when one comes that is no child of
    it. A quarter of what a page costs, hence no call where none is needed; lxml's `iterwalk` alone takes longer."""
    lines, elements, by_id, by_class = outline.lines, outline.elements, outline.by_id, outline.by_class
    starts = outline.starts
    ends: list[int] = []
    pieces: list[str] = []
    linked: list[str] = []
    links = 0
    blocks = [outline.root]
    path: list[tuple[HtmlElement, int]] = [(outline.root.getparent(), _BLOCK)]
    open_numbers: list[int] = []
    for element in chain(outline.root.iter(), (None,)):
        above = path[0][0] if element is None else element.getparent()
        while path[-1][0] is not above:
            left, kind = path.pop()
            if kind == _BLOCK:
                if pieces:
                    _end_line(lines, blocks[-1], pieces, linked)
                blocks.pop()
                ends[open_numbers.pop()] = len(lines)
            elif kind != _HIDDEN:
                ends[open_numbers.pop()] = len(lines) + 1 if pieces else len(lines)
                links -= kind == _LINK
            if (tail := left.tail) and path[-1][1] != _HIDDEN:
                _write(tail, pieces, linked if links else None)
        if element is None:
            break
        kind = _HIDDEN if path[-1][1] == _HIDDEN or len(lines) > LINE_LIMIT else _KINDS.get(element.tag, _BLOCK)
        path.append((element, kind))
        if kind == _HIDDEN:
            continue
        if kind == _BLOCK:
            if pieces:
                _end_line(lines, blocks[-1], pieces, linked)
            blocks.append(element)
        elif kind == _LINK:
            links += 1
        if classes := element.get("class"):
            by_class[classes].append(len(elements))
        if identity := element.get("id"):
            by_id[identity.strip()].append(len(elements))
        open_numbers.append(len(elements))
        elements.append(element)
        starts.append(len(lines))
        ends.append(0)
        if text := element.text:
            _write(text, pieces, linked if links else None)
    _end_line(lines, outline.root, pieces, linked)
    last = len(lines)
    outline.spans = dict(zip(elements, zip(starts, (min(end, last) for end in ends), strict=True), strict=True))


def _write(text: str, pieces: list[str], linked: list[str] | None) -> None:
    """Add to a line, and to its part in links where there is one."""
    if not text.isspace():
        pieces.append(text)
        if linked is not None:
            linked.append(text)
    elif pieces:
        pieces.append(_GAP)


def _end_line(lines: list[Line], block: HtmlElement, pieces: list[str], linked: list[str]) -> None:
    """Turn the pieces of a line, of which those in links stand in `linked` too, into a line; empty both lists."""
    text = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if "\u3000" in text or "\xa0\xa0" in text:
        text = _HARD.sub(_GAP, text)
    text = " ".join(text.split())
    if _GAP in text:
        text = _WIDE.sub("  ", text).strip()
    if text:
        if not linked:
            line = Line(text, block, 0, len(_MARK.findall(text)))
        elif len(linked) == len(pieces):
            line = Line(text, block, len(text) - text.count(" "), 0)
        else:
            in_links = "".join(linked)
            size = min(len("".join(in_links.split())), len(text))
            line = Line(text, block, size, len(_MARK.findall(text)) - len(_MARK.findall(in_links)))
        lines.append(line)
    pieces.clear()
    linked.clear()


def outline_of(root: HtmlElement) -> Outline:
    """The outline of a parsed page; never raises. The tree is not changed."""
    outline = Outline(root)
    _walk(outline)
    _sum_up(outline)
    return outline


def _sum_up(outline: Outline) -> None:
    seen: set[str] = set()
    sizes = [len(line.text) for line in outline.lines]
    marks = []
    for line, size in zip(outline.lines, sizes, strict=True):
        if size < 12:
            marks.append(line.marks)
        elif line.text in seen:
            marks.append(0)
        else:
            seen.add(line.text)
            marks.append(line.marks)
    outline.marks = list(accumulate(marks, initial=0))
    outline.sizes = list(accumulate(sizes, initial=0))
