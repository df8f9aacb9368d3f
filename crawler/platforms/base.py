"""The contract of a platform: how one CMS builds its article and list pages.

A platform is a class with data (marks, selectors, the form of its links) and, if its lists are special, a few
methods. It is pure: no clock, no network, no settings. One module per product, named after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import ClassVar

from ahocorasick_rs import BytesAhoCorasick, Implementation

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules


def marks_of(page: Page, wanted: frozenset[str]) -> frozenset[str]:
    """Those of `wanted` that occur in the page's text, found in one pass and cached with the page for all platforms."""
    if page.marks is None or page.marks[0] is not wanted:
        finder, names = _finder(wanted)
        places = {place for place, _, _ in finder.find_matches_as_indexes(page.utf8, overlapping=True)}
        page.marks = (wanted, frozenset(names[place] for place in places))
    return page.marks[1]


@cache
def _finder(wanted: frozenset[str]) -> tuple[BytesAhoCorasick, list[str]]:
    names = sorted(wanted)
    # The DFA takes the most memory (some hundred kilobytes) and half the time of the other automata.
    return BytesAhoCorasick([name.encode() for name in names], implementation=Implementation.DFA), names


@dataclass(frozen=True)
class ListItem:
    """One article link of a list page: absolute `url`, full `title`, and the date the row shows.

    `published_at` is aware (China Standard Time); `precision` is `minute` or `day`; both None if the row shows no date.
    """

    url: str
    title: str
    published_at: datetime | None = None
    precision: str | None = None


@dataclass(frozen=True)
class Listing:
    """What was read of a list page: its items in page order, the request for the next page, and, if there are no
    items, the reason (`needs_api`, `needs_browser`, `blocked`, `not_found`, `stub`, `empty`, `parked`, `login`, …)."""

    items: tuple[ListItem, ...] = ()
    next: PageRequest | None = None
    platform: str = "generic"
    total: int | None = None
    """How many articles the whole list holds, if the page or the API states it."""
    reason: str | None = None


_HEAD, _TAIL = 100_000, 20_000


class Platform:
    """Base of all platforms. Subclasses set the class variables and override what their CMS does differently."""

    name: ClassVar[str]
    rules: ClassVar[Rules] = Rules()
    article_url: ClassVar[re.Pattern[str] | None] = None
    """Found in the path (with `?query`) of an article's address on this platform."""
    list_url: ClassVar[re.Pattern[str] | None] = None
    """Found in the path (with `?query`) of a list page's address, if its shape identifies the product."""
    link_form: ClassVar[re.Pattern[str] | None] = None
    """Found in a page that links to articles of this product, if no other product uses that form: worth two."""
    link_sign: ClassVar[str] = ""
    """A string that occurs in every link of that form; it is found in the same pass as the marks."""
    signs: ClassVar[tuple[str, ...]] = ()
    """Strings worth nothing by themselves that `fingerprint` needs; they are found in the same pass."""
    marks: ClassVar[tuple[str, ...]] = ()
    """Strings that only the templates and scripts of this product contain: worth two each."""
    traces: ClassVar[tuple[str, ...]] = ()
    """Strings that hint at it but also come with pasted text or occur elsewhere: worth one each."""
    known: ClassVar[frozenset[str]] = frozenset()
    """The marks, traces and signs of all platforms defined so far."""
    _marks: ClassVar[frozenset[str]] = frozenset()
    _traces: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        """Add the marks to those of all platforms, which every page is searched for."""
        cls._marks, cls._traces = frozenset(cls.marks), frozenset(cls.traces)
        Platform.known |= {mark for mark in (*cls.marks, *cls.traces, *cls.signs, cls.link_sign) if mark}

    def fingerprint(self, page: Page) -> int:
        """The score of this platform by the page's own marks; 0: not this platform.

        Two for each distinct mark, for an address of the product's shape and for links of its form, one for each
        distinct trace."""
        marks = self.marks_of(page)
        found = 2 * len(marks & self._marks) + len(marks & self._traces)
        if self.link_form is not None and (not self.link_sign or self.link_sign in marks):
            found += 2 * bool(self.link_form.search(sample_text(page)))
        return found + 2 * self.owns(page.url or page.meta.get("url", ""))

    @staticmethod
    def marks_of(page: Page) -> frozenset[str]:
        """The marks, traces and signs of any platform that the page's text holds."""
        return marks_of(page, Platform.known)

    def owns(self, url: str) -> bool:
        """Whether the shape of an address alone identifies this platform."""
        local = path_and_query(url)
        if self.article_url is not None and self.article_url.search(local):
            return True
        return self.list_url is not None and self.list_url.search(local) is not None

    def article_fields(self, page: Page) -> dict[str, str]:
        """The raw values of an article that the page keeps in a script or a comment, out of reach of selectors:
        `title`, `published_at`, `source`, `author`, and `body` as HTML. {} without such values."""
        return {}

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The article links of a list page (or of a list API's answer), in order; None leaves them to the generic
        reading of links. `now` (aware) is the latest possible date."""
        return None

    def next_page(self, page: Page) -> PageRequest | None:
        """The request for the list page after this one by a mechanism of this product; None leaves it to the pagers
        that are common to many (`pager.py`)."""
        return None

    def needs_api(self, page: Page) -> bool:
        """Whether the page is the shell of a list that a script loads: its own links are not the list."""
        return False

    def total(self, page: Page) -> int | None:
        """How many articles the whole list holds, if the page states it in a form of this product."""
        return None


def sample_text(page: Page) -> str:
    """The text that is searched for forms of links: of a very long page only the beginning and the end, for speed."""
    text = page.text
    return text if len(text) <= _HEAD + _TAIL else text[:_HEAD] + text[-_TAIL:]


@lru_cache(maxsize=16)
def path_and_query(url: str) -> str:
    """Path and query of an address, "" if it has neither."""
    scheme = url.find("://")
    start = url.find("/", scheme + 3) if scheme >= 0 else 0
    return url[start : start + 2000].split("#", 1)[0] if start >= 0 else ""
