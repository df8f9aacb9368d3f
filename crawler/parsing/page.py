"""One fetched page: its bytes are decoded once, repaired once and parsed once."""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import lxml.etree
import lxml.html
from lxml.html import HtmlElement

# --- Decoding: evidence in the bytes comes before declarations. ---
# Order: byte order mark → UTF-16 seen by
# its zero bytes → bytes that are valid UTF-8 (Chinese in another encoding never is) → HTTP charset → `<meta>`
# charset → the one of UTF-8 and GB18030 with fewer errors. A declared gb2312 or gbk is read as GB18030, their
# superset: 喆 and 镕 are not in GB2312.

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.I)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?\bcharset\s*=\s*[\"']?\s*([\w:.-]{2,40})|<\?xml[^>]{0,100}?\bencoding\s*=\s*[\"']([\w:.-]{2,40})",
    re.I,
)
_SUPERSET = {"gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs"}
_BELIEVED = frozenset({"utf-8", "gb18030", "big5hkscs", "euc_jp", "shift_jis", "euc_kr"})
"""The encodings that a declaration may name. Servers declare ISO-8859-1 wrongly; Python also knows hex and zip."""
_HAN = re.compile("[\u4e00-\u9fff]")
_MIN_HAN = 100
_RADICAL = re.compile(rb"\xe2[\xba-\xbf]")
"""The first bytes of a Kangxi radical in UTF-8."""
_RADICALS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)} | str.maketrans(
    "⺟⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳", "母民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟"
)
_HEAD = 4096
_PROBE = 64 * 1024


def decode(body: bytes, content_type: str | None = None) -> tuple[str, str]:
    """Return `(text, encoding)` of `body`. Undecodable bytes become U+FFFD. Never raises."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace"), encoding
    if wide := _utf16_without_mark(body):
        return body.decode(wide, "replace"), wide
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if len(body) - error.start <= 3 and error.start > 0 and not body[: error.start].isascii():
            return body.decode("utf-8", "replace"), "utf-8"
    return _by_declaration(body, content_type)


def _by_declaration(body: bytes, content_type: str | None) -> tuple[str, str]:
    if _mostly_utf8(body[:_PROBE]):
        # Chinese in another encoding never is: parts in it were included into the page.
        return body.decode("utf-8", "replace"), "utf-8"
    encoding = next((declared for declared in _declared(body, content_type) if declared != "utf-8"), "gb18030")
    text = body.decode(encoding, "replace")
    # Browsers read A3A0 as a space of full width, where GB18030 has a private character.
    return text.replace("\ue5e5", "\u3000") if encoding == "gb18030" else text, encoding


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """Return the usable encodings that the HTTP header and the page name, in this order, as their supersets."""
    names = [m[1] for m in [_HEADER_CHARSET.search(content_type or "")] if m]
    names += [(m[1] or m[2]).decode("ascii", "replace") for m in _META_CHARSET.finditer(body[:_PROBE])]
    found = []
    for name in names:
        try:
            encoding = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        encoding = _SUPERSET.get(encoding, encoding)
        if encoding in _BELIEVED:
            found.append(encoding)
    return found


def _plain_radicals(text: str) -> str:
    """Return text with common characters for the radicals (⻝, ⾷) that conversion from PDF leaves."""
    return text.translate(_RADICALS)


def _mostly_utf8(probe: bytes) -> bool:
    """Return whether `probe` read as UTF-8 has far fewer broken characters than whole ones outside ASCII."""
    text = probe.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for c in text if c > "\x7f") - broken
    if whole > 10 * broken:
        return True
    # Two bytes of GBK rarely are UTF-8, three for one Han character hardly ever.
    return len(_HAN.findall(text)) > _MIN_HAN and len(_HAN.findall(text)) > broken / 4


def _utf16_without_mark(body: bytes) -> str | None:
    """Return the UTF-16 variant of ASCII markup with a zero byte beside every letter, else None."""
    head = body[:400]
    if len(head) < 8 or head.count(0) < len(head) // 4:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None


# --- Repair of markup that would make lxml lose an article ---

_PREMATURE_END = re.compile(rb"</(?:html|body)\s*>", re.I)
_RAISED = re.compile(rb"<(su[pb])\b[^>]{0,200}>\s{0,4}([+-]?\d{1,3})\s{0,4}</\1\s*>", re.I)
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")


def repair_html(html: bytes) -> bytes:
    """Return `html` (UTF-8) without any `</html>` and `</body>`.

    Included headers end with their own, and lxml then makes the rest a second root element (www.gov.cn loses its
    article, SITES.md §7.2).
    """
    html = _PREMATURE_END.sub(b"", html.replace(b"\x00", b""))
    return _RAISED.sub(_raise_digits, html) if b"<su" in html or b"<SU" in html else html


def _raise_digits(found: re.Match[bytes]) -> bytes:
    """Return the digits of a `<sup>` or `<sub>` as characters of their own: 10<sup>5</sup> is not 105."""
    table = _SUPERSCRIPTS if found[1].lower() == b"sup" else _SUBSCRIPTS
    return found[2].decode().translate(table).encode()


# --- Pages that take too long to parse ---
# libxml2 compares each attribute of a tag with all attributes before it: 40,000 of them take twelve seconds, and the
# 200,000 that fit in a page of one megabyte take minutes.

MAX_ATTRIBUTES = 20_000
"""Attributes of one tag, which parse in under two seconds. Real tags have about ten."""
_MAX_READING = 20
"""The scan may read a multiple of the page's length; beyond it the page counts as built to be slow."""
_SEPARATORS = b" \n\t\r\f\v/\"'"
"""Each attribute follows one of these."""
# As the HTML standard tokenizes a tag (section 13.2.5, states 32 to 40).
_ATTRIBUTE = rb"""[\s/]*+(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>)))?+"""
_START = re.compile(rb"<[A-Za-z]")
_TAG = re.compile(rb"<[A-Za-z][^\s/>]*+(?:%b)*+" % _ATTRIBUTE)
_ATTRIBUTES = re.compile(_ATTRIBUTE)


def is_overloaded(html: bytes) -> bool:
    """Return whether a tag of a page (in UTF-8) may have more than `MAX_ATTRIBUTES`.

    Whatever looks like a tag counts as one, also in comments, scripts and quoted values: so no page can hide one, and a
    few odd pages are rejected wrongly.
    """
    if len(html) < 2 * MAX_ATTRIBUTES or len(html) - len(html.translate(None, _SEPARATORS)) <= MAX_ATTRIBUTES:
        return False
    read = 0
    for start in _START.finditer(html):
        tag = _TAG.match(html, start.start())
        assert tag
        size = tag.end() - tag.start()
        read += size
        if read > _MAX_READING * len(html):
            return True
        if size > 2 * MAX_ATTRIBUTES:
            found = sum(1 for _ in _ATTRIBUTES.finditer(html, tag.start(), tag.end()))
            read += size
            if found > MAX_ATTRIBUTES:
                return True
    return False


@dataclass(frozen=True)
class PageRequest:
    """How a page was or is to be fetched: used by platforms in place of a Scrapy request."""

    url: str
    method: str = "GET"
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Page:
    """A page as parsers use it. Build it with `Page.from_bytes`; nothing here raises on bad markup.

    `url` may be "" if it is unknown (a saved file). `text` is the decoded text, unrepaired (JSON and XML answers are
    read from it). `root` is the repaired HTML as an lxml tree, which no reader may change: copy what you change. `sent`
    is the request that fetched the page, which paging may need.
    """

    url: str
    text: str
    encoding: str = "utf-8"
    sent: PageRequest | None = None
    status: int = 200
    is_saved: bool = False
    """The page comes from a file and nobody knows when it was fetched: 昨天 on it is not a date."""
    marks: tuple[frozenset[str], frozenset[str]] | None = field(default=None, repr=False, compare=False)
    """The marks `platforms/base.py` looked for in the text, and those it found."""
    sent_utf8: bytes | None = field(default=None, repr=False, compare=False)
    """The original bytes if they are `text` in UTF-8, so that it need not be encoded again."""

    @classmethod
    def from_bytes(
        cls,
        body: bytes,
        url: str = "",
        content_type: str | None = None,
        *,
        sent: PageRequest | None = None,
        status: int = 200,
        is_saved: bool = False,
    ) -> Page:
        """Decode `body` (BOM → HTTP charset → meta → strict UTF-8 → GB18030) into a page."""
        text, encoding = decode(body, content_type)
        if encoding == "utf-8" and _RADICAL.search(body):
            text = _plain_radicals(text)
            body = text.encode("utf-8", "replace")
        same = encoding == "utf-8" and "\ufffd" not in text and not body.startswith(BOM_UTF8)
        page = cls(url=url, text=text, encoding=encoding, sent=sent, status=status, is_saved=is_saved)
        page.sent_utf8 = body if same else None
        return page

    @cached_property
    def utf8(self) -> bytes:
        """The text in UTF-8, with `?` for lone surrogates."""
        return self.text.encode("utf-8", "replace") if self.sent_utf8 is None else self.sent_utf8

    @cached_property
    def html(self) -> bytes:
        """`utf8` without premature `</html>` and `</body>`: what `root` is parsed from."""
        return repair_html(self.utf8)

    @cached_property
    def root(self) -> HtmlElement:
        """The page as one lxml tree; an empty `<html>` if there is nothing to parse or the page `is_overloaded`."""
        return parse_html(b"" if self.is_overloaded else self.html)

    @cached_property
    def is_overloaded(self) -> bool:
        """Whether the page has a tag with so many attributes that parsing would take minutes."""
        return is_overloaded(self.html)

    @cached_property
    def title(self) -> HtmlElement | None:
        """The first `<title>`, which is in the head except on odd pages."""
        # lxml looks one match ahead, so asking the whole page would walk through all of it.
        within = (tree.iter("title") for tree in (*self.root[:1], self.root))
        return next(chain.from_iterable(within), None)

    @cached_property
    def meta(self) -> dict[str, str]:
        """`<meta name|property|itemprop content>` with lower-case names; the first non-empty value wins."""
        found: dict[str, str] = {}
        for tag in self.root.iter("meta"):
            name = (tag.get("name") or tag.get("property") or tag.get("itemprop") or "").strip().lower()
            content = (tag.get("content") or "").strip()
            if name and content and name not in found:
                found[name] = content
        return found


_CLASSES = lxml.etree.ElementDefaultClassLookup(element=HtmlElement, comment=lxml.html.HtmlComment)
"""One class for all elements: `lxml.html` calls a Python function for each, which takes a tenth of all time."""


def parse_html(markup: bytes | str) -> HtmlElement:
    """Return `markup` (bytes in UTF-8) as an lxml tree; an empty document if lxml finds nothing."""
    if isinstance(markup, str):
        markup = markup.encode("utf-8", "replace")
    parser = lxml.etree.HTMLParser(encoding="utf-8", huge_tree=True, recover=True)
    parser.set_element_class_lookup(_CLASSES)
    try:
        root = lxml.etree.fromstring(markup, parser)
    except lxml.etree.XMLSyntaxError:
        root = None
    return lxml.html.Element("html") if root is None else root


# --- The national meta tags of government sites (国办发〔2017〕47号), their variants and other common ones ---

META_DATE = (
    *("pubdate", "article:published_time", "og:release_date", "publishdate", "firstpublishedtime"),
    *("bytedance:published_time", "_pubtime", "publish_time", "datepublished", "weibo: article:create_at", "apub:time"),
    *("maketime", "dateupdate", "og:time"),
)
META_SOURCE = ("contentsource", "source", "mediaid")
_MARKUP = re.compile(r"<[^>]{0,300}>")
_SPACE = re.compile(r"\s+")


def first_meta(page: Page, names: tuple[str, ...]) -> str | None:
    """Return the first of the named meta values that is not empty, without markup and entities."""
    for name in names:
        value = strip_markup(page.meta.get(name))
        if value:
            return value
    return None


def strip_markup(value: str | None) -> str | None:
    """Return a meta value without tags and entities, with single spaces; None if nothing is left."""
    if not value:
        return None
    for _ in range(2):
        if "<" in value or "&" in value:
            value = html.unescape(_MARKUP.sub("", value))
    return _SPACE.sub(" ", value).strip() or None
