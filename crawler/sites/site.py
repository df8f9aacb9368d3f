"""Who is crawled: one typed row per site. Data only; nothing here touches a network or a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.parsing.rules import Rules


@dataclass(frozen=True)
class Section:
    """栏目: a list page worth crawling. `optional` ones may be gone (404) without making the crawl fail; `group` is a
    word that chooses several at once (`generation-1`)."""

    name: str
    url: str
    optional: bool = False
    group: str = ""


@dataclass(frozen=True)
class Layout:
    """Selectors for the pages of a site whose address matches `url`: one generation of its templates."""

    name: str
    url: re.Pattern[str]
    rules: Rules


@dataclass(frozen=True)
class Site:
    """One site. `code` is its key everywhere: the GB/T 2260 code of a government, a word for others (`cfsn`)."""

    code: str
    name: str
    kind: str
    """`portal`, `county`, `city`, `province` or `other`."""
    homepage: str
    """Its home page; "" where none is known, and then there is nothing to crawl."""
    short: str = ""
    """The name people use (青田, 内蒙古); of a province or a city it names the region."""
    pinyin: str = ""
    """The short name in letters a to z."""
    province: str | None = None
    city: str | None = None
    county: str | None = None
    gb_code: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names, where no rule makes them from the name (青田县政府 and 青田发布 need none)."""
    platform: str | None = None
    """The platform its pages are known to use; None leaves it to `platforms/detect.py`."""
    sections: tuple[Section, ...] = ()
    layouts: tuple[Layout, ...] = ()
    domains: tuple[str, ...] = ()
    """Host names the site may be crawled on, without `www.`."""
    status: str = "listed"
    """What the row is worth: `verified` (a frozen page proves it), `detected`, `listed`."""
    access: str | None = None
    """Notes for whoever fetches: `protocol-switch`, `ua-mobile`, …"""
    edited: str | None = None
    """The day a person last wrote its row, by hand or with `scrapy addsite`: such a row outlives the generator."""

    def as_publisher(self) -> dict[str, Any]:
        """The `site` field of its articles."""
        keys = ("code", "name", "kind", "province", "city", "county", "gb_code")
        return {key: getattr(self, key) for key in keys}

    def publishes(self, url: str) -> bool:
        """Whether `url` is on one of its hosts or below one; False for what is no address."""
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            return False
        return any(host == domain or host.endswith("." + domain) for domain in self.domains)

    def rules_for(self, url: str) -> Rules | None:
        """The selectors of the layout whose pattern is found in `url`, or None."""
        return next((layout.rules for layout in self.layouts if layout.url.search(url)), None)
