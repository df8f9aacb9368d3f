"""The contract of a platform: how one CMS builds its article and list pages.

A platform is a class with data (marks, selectors, the dialect of its article links) and, where its lists are
special, two methods. It is pure: no clock, no network, no settings. One module per product, named after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules


@dataclass(frozen=True)
class ListItem:
    """One article link of a list page: absolute `url`, full `title`, and the date the row shows.

    `published_at` is aware (China Standard Time); `precision` is `minute` or `day`; both None where there is none.
    """

    url: str
    title: str
    published_at: datetime | None = None
    precision: str | None = None


@dataclass(frozen=True)
class Listing:
    """What a list page gives: its items in page order, the request for the next page, and, where there are no
    items, why (`needs_api`, `needs_browser`, `stub`, `empty`)."""

    items: tuple[ListItem, ...] = ()
    next: PageRequest | None = None
    platform: str = "generic"
    total: int | None = None
    reason: str | None = None


class Platform:
    """Base of all platforms. Subclasses set the class variables and override what their CMS does differently."""

    name: ClassVar[str]
    rules: ClassVar[Rules] = Rules()
    article_url: ClassVar[re.Pattern[str] | None] = None
    """Matches the path of an article's address on this platform."""

    def fingerprint(self, page: Page) -> int:
        """How many of this platform's own marks the page bears; 0: not this platform."""
        return 0

    def list_items(self, page: Page, now: datetime) -> list[ListItem]:
        """The article links of a list page (or of a list API's answer), in order. `now` (aware) bounds the dates."""
        return []

    def next_page(self, page: Page) -> PageRequest | None:
        """The request for the list page after this one, or None at the end."""
        return None
