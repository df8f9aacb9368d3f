"""One fetched page: its bytes decoded once, repaired once and parsed once, whoever asks."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import lxml.etree
import lxml.html
from lxml.html import HtmlElement

from crawler.parsing.decode import decode
from crawler.parsing.repair import repair_html
from crawler.parsing.tags import overloaded


@dataclass(frozen=True)
class PageRequest:
    """How a page was or is to be fetched: what a platform says instead of a Scrapy request."""

    url: str
    method: str = "GET"
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Page:
    """A page as parsers see it. Build it with `Page.from_bytes`; nothing here raises on bad markup.

    `url` may be "" where nobody knows it (a saved file); `text` is the decoded text, unrepaired (JSON and XML
    answers are read from it); `root` is the repaired HTML as an lxml tree and must not be changed by a reader:
    copy what you change. `sent` is the request that fetched the page, where paging needs it.
    """

    url: str
    text: str
    encoding: str = "utf-8"
    sent: PageRequest | None = None
    status: int = 200
    marks: tuple[frozenset[str], frozenset[str]] | None = field(default=None, repr=False, compare=False)
    """What `platforms/marks.py` looked for in the text, and what it found."""
    sent_utf8: bytes | None = field(default=None, repr=False, compare=False)
    """The bytes that were sent, where they are `text` in UTF-8: nobody has to encode it again."""

    @classmethod
    def from_bytes(
        cls,
        body: bytes,
        url: str = "",
        content_type: str | None = None,
        *,
        sent: PageRequest | None = None,
        status: int = 200,
    ) -> Page:
        """Decode `body` (BOM → HTTP charset → meta → strict UTF-8 → GB18030) into a page."""
        text, encoding = decode(body, content_type)
        same = encoding == "utf-8" and "\ufffd" not in text and not body.startswith(BOM_UTF8)
        page = cls(url=url, text=text, encoding=encoding, sent=sent, status=status)
        page.sent_utf8 = body if same else None
        return page

    @cached_property
    def utf8(self) -> bytes:
        """The text in UTF-8; a lone surrogate, which is no text, is a `?`."""
        return self.text.encode("utf-8", "replace") if self.sent_utf8 is None else self.sent_utf8

    @cached_property
    def html(self) -> bytes:
        """`utf8` with premature `</html>` and `</body>` removed: what `root` is parsed from."""
        return repair_html(self.utf8)

    @cached_property
    def root(self) -> HtmlElement:
        """The page as one lxml tree; an empty `<html>` where there is nothing to parse, or it is `overloaded`."""
        return parse_html(b"" if self.overloaded else self.html)

    @cached_property
    def overloaded(self) -> bool:
        """Whether the page has a tag of so many attributes that parsing it would take minutes."""
        return overloaded(self.html)

    @cached_property
    def title(self) -> HtmlElement | None:
        """The first `<title>`, which stands in the head but on odd pages."""
        # lxml looks one match ahead: asked of the whole page, it walks through all of it.
        within = (tree.iter("title") for tree in (*self.root[:1], self.root))
        return next(chain.from_iterable(within), None)

    @cached_property
    def meta(self) -> dict[str, str]:
        """`<meta name|property|itemprop content>` with lower-cased names; the first non-empty value wins."""
        found: dict[str, str] = {}
        for tag in self.root.iter("meta"):
            name = (tag.get("name") or tag.get("property") or tag.get("itemprop") or "").strip().lower()
            content = (tag.get("content") or "").strip()
            if name and content and name not in found:
                found[name] = content
        return found


_CLASSES = lxml.etree.ElementDefaultClassLookup(element=HtmlElement, comment=lxml.html.HtmlComment)
"""One class for all elements: `lxml.html` asks a Python function for the class of each, a tenth of all the time."""


def parse_html(markup: bytes | str) -> HtmlElement:
    """`markup`, bytes in UTF-8, as an lxml tree, never None: an empty document where lxml finds nothing."""
    if isinstance(markup, str):
        markup = markup.encode("utf-8", "replace")
    parser = lxml.etree.HTMLParser(encoding="utf-8", huge_tree=True, recover=True)
    parser.set_element_class_lookup(_CLASSES)
    try:
        root = lxml.etree.fromstring(markup, parser)
    except lxml.etree.XMLSyntaxError:
        root = None
    return lxml.html.Element("html") if root is None else root
