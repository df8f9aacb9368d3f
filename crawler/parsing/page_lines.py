"""A page as lines of text in reading order: one walk over the tree, whose result every other module uses.

Titles, headers, bodies and tails are all ranges of lines, so "the text between the title and the body" is a slice.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from itertools import accumulate, chain, islice
from operator import itemgetter

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "img"),
        *("ins", "kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp", "small", "span", "st1:chsdate"),
        *("st1:personname", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr", "ruby", "rb"),
    )
)
"""Tags that do not begin a new line."""
SKIPPED = frozenset(
    (
        *("script", "style", "noscript", "template", "select", "option", "textarea", "object", "embed", "svg"),
        *("head", "title", "button", "rt", "rp"),
    )
)
"""Tags whose text is not visible on the page."""
_BLOCK, _INLINE, _LINK, _HIDDEN = range(4)
_KINDS: dict[object, int] = (
    dict.fromkeys(INLINE, _INLINE)
    | {"a": _LINK}
    | dict.fromkeys(SKIPPED, _HIDDEN)
    # Comments and the like have a function as their tag.
    | dict.fromkeys((etree.Comment, etree.ProcessingInstruction, etree.Entity), _HIDDEN)
)
LINE_LIMIT = 200_000
"""Lines beyond this limit are ignored: no page for people has so many."""
_GAP = "\x01"
"""Marks white space between two elements, which is wider on the page than a space in a sentence."""
_WIDE = re.compile(rf" ?(?:{_GAP} ?)+")
_HARD = re.compile("\xa0{2,}|\u3000+")
"""Spaces that an editor typed to separate two things."""
_INVISIBLE = re.compile(r"display\s*:\s*none|font-size\s*:\s*0(?:px|pt|em|rem|%)?\s*(?:;|!|$)", re.I)
"""The style of words within a line that nobody sees; blocks with such a style may be shown by a script."""
_OPEN = (0, 0)
"""A placeholder for the span of an element that has not ended: it keeps the order of elements."""
_MAX_CLASSES = 20
_MARK = re.compile(r"[，。；！？、：]")
_SIMPLE = re.compile(r"(?P<tag>[A-Za-z][\w-]*)?(?P<rest>(?:[#.][\w-]+)*)\Z")


@dataclass(slots=True)
class Line:
    """One line of text in the block element `node`: its characters inside and its punctuation outside links."""

    text: str
    node: HtmlElement
    link_chars: int = 0
    punctuation: int = 0


@dataclass
class PageLines:
    """The lines of a page, and which lines each element holds."""

    root: HtmlElement
    lines: list[Line] = field(default_factory=list)
    spans: dict[HtmlElement, tuple[int, int]] = field(default_factory=dict)
    """Every visible element, with the index of its first line and of the line after its last."""
    punctuation: list[int] = field(default_factory=list)
    """`punctuation[i]`: the punctuation of the first `i` lines; a repeated line (desktop, mobile) adds none."""
    sizes: list[int] = field(default_factory=list)
    """`sizes[i]`: the characters of the first `i` lines."""
    _by_tag: dict[str, list[HtmlElement]] = field(default_factory=dict, repr=False)

    def select(self, selector: str) -> list[HtmlElement]:
        """Return the visible elements that a CSS or XPath selector finds, in document order; [] for an invalid
        selector."""
        parts = _parse_simple(selector)
        if parts is None:
            return [el for el in select_elements(self.root, selector) if el in self.spans]
        names, tag = parts
        if not names:
            return self.select_tag(tag)
        found = self._by_name.get(names[0], [])
        for name in names[1:]:
            pool = self._by_name.get(name, [])
            found = [element for element in found if element in pool]
        return [element for element in found if element.tag == tag] if tag else list(found)

    def select_tag(self, tag: str) -> list[HtmlElement]:
        """Return the visible elements with a tag, in document order."""
        if tag not in self._by_tag:
            self._by_tag[tag] = [el for el in self.root.iter(tag) if el in self.spans]
        return self._by_tag[tag]

    def select_starting(self, first: int, last: int) -> list[HtmlElement]:
        """Return the visible elements whose first line is one of `first` to `last`, in document order."""
        starts = [start for start, _ in self.spans.values()]
        return list(islice(self.spans, bisect_left(starts, first), bisect_right(starts, last)))

    @cached_property
    def _by_name(self) -> dict[str, list[HtmlElement]]:
        """The visible elements by `#id` and by `.class`."""
        found: defaultdict[str, list[HtmlElement]] = defaultdict(list)
        for element in self.spans:
            if identity := element.get("id"):
                found["#" + identity.strip()].append(element)
            if value := element.get("class"):
                for name in _classes(value):
                    found[name].append(element)
        return found

    def text(self, element: HtmlElement) -> str:
        """Return the text of an element, line by line; of an element within one line, only its own text."""
        start, end = self.spans[element]
        if element.tag in INLINE and end - start <= 1:
            return " ".join(str(element.text_content()).split())
        return "\n".join(line.text for line in self.lines[start:end])

    def punctuation_in(self, element: HtmlElement) -> int:
        """Return how much Chinese punctuation outside links an element holds."""
        start, end = self.spans[element]
        return self.punctuation[end] - self.punctuation[start]

    def size_of(self, element: HtmlElement) -> int:
        """Return how many characters of text an element holds."""
        start, end = self.spans[element]
        return self.sizes[end] - self.sizes[start]


@lru_cache(maxsize=1024)
def _classes(value: str) -> tuple[str, ...]:
    """Return the names in a `class` attribute, each once and with a dot before it."""
    return tuple(dict.fromkeys(f".{name}" for name in value.split()[:_MAX_CLASSES]))


@cache
def _parse_simple(selector: str) -> tuple[tuple[str, ...], str] | None:
    """Return the names (`.a`, `#b`) and the tag ("" for any) of a selector like `div.a#b`; None for others."""
    simple = _SIMPLE.match(selector)
    return (tuple(re.findall(r"[#.][\w-]+", simple["rest"])), (simple["tag"] or "").lower()) if simple else None


@cache
def _compile_selector(selector: str) -> etree.XPath | None:
    try:
        if selector.startswith(("/", "./", "(")):
            return etree.XPath(selector)
        return CSSSelector(selector, translator="html")
    except (SelectorError, etree.XPathError):
        return None


def select_elements(root: HtmlElement, selector: str) -> list[HtmlElement]:
    """Return the elements that a CSS or XPath selector finds, visible or not, in document order.

    [] for an invalid selector.
    """
    compiled = _compile_selector(selector)
    found = compiled(root) if compiled is not None else []
    return [el for el in found if isinstance(el, etree.ElementBase)] if isinstance(found, list) else []


def _walk(page_lines: PageLines) -> None:  # noqa: C901, PLR0912, PLR0915
    """Fill lines and spans in one walk over the tree: an element ends when one comes that is not its child.

    This is a fifth of the cost of a page, hence no calls that can be avoided; lxml's `iterwalk` takes as long.
    """
    lines, spans = page_lines.lines, page_lines.spans
    pieces: list[str] = []
    plain: list[str] = []
    links = 0
    # The current element and those around it. Separate variables are 5 % faster than the top of a stack.
    around = inside = page_lines.root.getparent()
    kind, start, block = _BLOCK, 0, page_lines.root
    outer: list[tuple[HtmlElement, int, int, HtmlElement]] = []
    for element in chain(page_lines.root.iter(), (None,)):
        above = around if element is None else element.getparent()
        while inside is not above:
            left = inside
            if kind == _BLOCK:
                if pieces:
                    _end_line(lines, block, pieces, plain)
                spans[left] = start, len(lines)
            elif kind != _HIDDEN:
                spans[left] = start, len(lines) + 1 if pieces else len(lines)
                links -= kind == _LINK
            inside, kind, start, block = outer.pop()
            if kind != _HIDDEN and (tail := left.tail):
                if tail.isspace():
                    if pieces:
                        pieces.append(_GAP)
                else:
                    pieces.append(tail)
                    if not links:
                        plain.append(tail)
        if element is None:
            break
        outer.append((inside, kind, start, block))
        inside = element
        if kind != _HIDDEN:
            kind = _HIDDEN if len(lines) > LINE_LIMIT else _KINDS.get(element.tag, _BLOCK)
        if kind == _INLINE and (style := element.get("style")) and _INVISIBLE.search(style):
            kind = _HIDDEN
        if kind == _HIDDEN:
            continue
        if kind == _BLOCK:
            if pieces:
                _end_line(lines, block, pieces, plain)
            block = element
        elif kind == _LINK:
            links += 1
        start = len(lines)
        spans[element] = _OPEN
        if text := element.text:
            if text.isspace():
                if pieces:
                    pieces.append(_GAP)
            else:
                pieces.append(text)
                if not links:
                    plain.append(text)
    _end_line(lines, page_lines.root, pieces, plain)
    # Elements within the last line have counted it, but it may have turned out empty.
    if spans and max(map(itemgetter(1), spans.values())) > (last := len(lines)):
        spans.update({element: (start, min(end, last)) for element, (start, end) in spans.items()})


def _end_line(lines: list[Line], block: HtmlElement, pieces: list[str], plain: list[str]) -> None:
    """Append the line made of `pieces`, and empty both lists. `plain` holds the pieces outside links."""
    # Most hard spaces only indent a paragraph, so they are stripped first.
    text = (pieces[0] if len(pieces) == 1 else "".join(pieces)).strip()
    if len(pieces) == 1 and text.isalnum():
        # Usually a link of a menu: no spaces and no punctuation.
        lines.append(Line(text, block, 0 if plain else len(text)))
    elif text := _normalise_spaces(text):
        if not plain:
            line = Line(text, block, len(text) - text.count(" "), 0)
        elif len(plain) == len(pieces):
            line = Line(text, block, 0, len(_MARK.findall(text)))
        else:
            outside = "".join(plain)
            link_chars = len(text) - text.count(" ") - len("".join(outside.split()))
            line = Line(text, block, link_chars, 0 if outside.isascii() else len(_MARK.findall(outside)))
        lines.append(line)
    pieces.clear()
    plain.clear()


def _normalise_spaces(text: str) -> str:
    """Return a line's text with single spaces, and two where the page separates things more widely."""
    if "\u3000" in text or "\xa0\xa0" in text:
        text = _HARD.sub(_GAP, text)
    text = " ".join(text.split())
    return _WIDE.sub("  ", text).strip() if _GAP in text else text


def build_lines(root: HtmlElement) -> PageLines:
    """Return the lines of a parsed page. The tree is not changed. Never raises."""
    page_lines = PageLines(root)
    _walk(page_lines)
    _sum_up(page_lines)
    return page_lines


def _sum_up(page_lines: PageLines) -> None:
    """Fill the running totals of punctuation and characters."""
    seen: set[str] = set()
    sizes = [len(line.text) for line in page_lines.lines]
    punctuation = []
    for line, size in zip(page_lines.lines, sizes, strict=True):
        if size < 12:
            punctuation.append(line.punctuation)
        elif line.text in seen:
            punctuation.append(0)
        else:
            seen.add(line.text)
            punctuation.append(line.punctuation)
    page_lines.punctuation = list(accumulate(punctuation, initial=0))
    page_lines.sizes = list(accumulate(sizes, initial=0))
