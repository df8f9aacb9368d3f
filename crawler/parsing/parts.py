"""An article in several pages ([1] [2] … 下一页): finds the URL of the next part, and joins the parts."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urldefrag, urlsplit

from lxml.html import HtmlElement

from crawler.items import Article
from crawler.parsing.content import absolute, base_url
from crawler.parsing.page import Page

_NEXT = re.compile(
    r"[\[【(（]?\s*(?:下\s*一\s*页|下\s*页|后\s*一\s*页|下\s*一\s*頁|余下全文|阅读全文|>{1,2}|»|›)\s*[>»›]?\s*[\]】)）]?"
)
_NUMBER = re.compile(r"[\[【(（]?\s*(\d{1,2})\s*[\]】)）]?")
_STEM = re.compile(r"(?P<stem>.*?)(?:(?P<joint>[_-])(?P<number>\d{1,2}))?(?P<ext>\.\w{2,5})?")
_PAGE_KEYS = frozenset(["page", "p", "pageno", "currpage", "currentpage", "pageindex", "pn"])


def next_part(page: Page) -> str | None:
    """Return the absolute URL of the part after `page` of the same article, or None.

    That is a link that says so (下一页, or the next number of a pager) and whose URL differs only by a page number.
    """
    if not page.url:
        return None
    base = base_url(page)
    numbered: dict[int, str] = {}
    # The URL of every part holds the name of the page's file, which rules out nearly all links.
    name = _stem(urlsplit(page.url).path).rpartition("/")[2]
    for link in page.root.iter("a"):
        href = (link.get("href") or "").strip()
        if not href or href[0] == "#" or len(href) > 500 or not (name in href or href[0] == "?"):
            continue
        text = _text(link)
        says_next, number = _NEXT.fullmatch(text), _NUMBER.fullmatch(text)
        if not (says_next or number):
            continue
        url = absolute(base, href)
        if url is None or not is_part_of(url, page.url):
            continue
        if says_next:
            return url if _comes_after(url, page.url) else None
        if number:
            numbered.setdefault(int(number[1]), url)
    return _find_following(numbered, page.url)


def _text(link: HtmlElement) -> str:
    text = "".join(str(piece) for piece in link.itertext())
    return " ".join(text.split())[:20]


def _find_following(numbered: dict[int, str], url: str) -> str | None:
    """Return the URL under the number after the current one: the number linked to this page, or to no page."""
    if not numbered:
        return None
    shown = next((n for n, other in numbered.items() if _same(other, url)), None)
    if shown is None:
        shown = next(n for n in range(1, len(numbered) + 2) if n not in numbered)
    following = numbered.get(shown + 1)
    return following if following and not _same(following, url) else None


def is_part_of(url: str, first: str) -> bool:
    """Return whether two URLs differ only by a page number: `a.html` and `a_2.html`, `?id=1` and `?id=1&page=2`."""
    one, other = urlsplit(url), urlsplit(first)
    if one.hostname != other.hostname or _same(url, first):
        return False
    if (one.path, _plain_query(one.query)) == (other.path, _plain_query(other.query)):
        return True
    if one.query or other.query:
        return False
    stems = {_stem(path) for path in (one.path, other.path)}
    whole = {path.rpartition(".")[0] or path for path in (one.path, other.path)}
    return len(stems) == 1 or bool(stems & whole and _grows(one.path, other.path))


def _comes_after(url: str, other: str) -> bool:
    one, two = urlsplit(url).path, urlsplit(other).path
    if one != two and _grows(one, two):
        return len(one) > len(two)
    return _number(url) > _number(other)


def _grows(path: str, other: str) -> bool:
    """Return whether one path is the other with `_N` before its ending."""
    longer, shorter = sorted((path, other), key=len, reverse=True)
    return _stem(longer) == (shorter.rpartition(".")[0] or shorter)


def _stem(path: str) -> str:
    found = _STEM.fullmatch(path)
    return found["stem"] if found else path


def _number(url: str) -> int:
    parts = urlsplit(url)
    for key, value in parse_qsl(parts.query):
        if key.lower() in _PAGE_KEYS and value.isdigit():
            return int(value[:4])
    found = _STEM.fullmatch(parts.path)
    return int(found["number"]) if found and found["number"] else 0


def _plain_query(query: str) -> list[tuple[str, str]]:
    return sorted((key, value) for key, value in parse_qsl(query) if key.lower() not in _PAGE_KEYS)


def _same(one: str, other: str) -> bool:
    return urldefrag(one)[0].split("://")[-1] == urldefrag(other)[0].split("://")[-1]


def join_parts(parts: list[Article]) -> Article:
    """Join the parts of one article, in order.

    Fields come from the first part, missing ones from the next part that has them; bodies are article; tables, pictures
    and files are collected without repeats. Raises ValueError for an empty list.
    """
    if not parts:
        raise ValueError("an article has at least one part")
    first = parts[0]
    article = replace(first, provenance=dict(first.provenance))
    for name in ("published_at", "source", "author", "editor", "gov_index"):
        known = next((part for part in parts if getattr(part, name) is not None), None)
        if known is not None and known is not first:
            setattr(article, name, getattr(known, name))
            article.provenance[name] = known.provenance.get(name, "generic")
            if name == "published_at":
                article.published_precision = known.published_precision
    article.body = "\n".join(part.body for part in parts if part.body) or None
    article.tables = [table for part in parts for table in part.tables]
    article.images = list({image.url: image for part in reversed(parts) for image in reversed(part.images)}.values())[
        ::-1
    ]
    article.attachments = list(
        {file.url: file for part in reversed(parts) for file in reversed(part.attachments)}.values()
    )[::-1]
    article.confidence = min((part.confidence for part in parts if part.confidence is not None), default=None)
    return article
