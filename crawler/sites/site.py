"""Who is crawled: one typed row per site. Data only; nothing here touches a network or a database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import CrawlerError
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
    """Its home page; "" if none is known, and then there is nothing to crawl."""
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
        """Whether `url` is on one of its hosts or below one; False for anything that is not an address."""
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            return False
        return any(host == domain or host.endswith("." + domain) for domain in self.domains)

    def rules_for(self, url: str) -> Rules | None:
        """The selectors of the layout whose pattern is found in `url`, or None."""
        return next((layout.rules for layout in self.layouts if layout.url.search(url)), None)


# What can be wrong with a registry file or with the name of a site: each is one sentence for the person at fault.


@dataclass(frozen=True)
class Problem:
    """One fault of a registry file. `place` is a column of a CSV file or a key of a TOML file; `line` counts from 1."""

    file: str
    line: int | None
    place: str | None
    what: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.place}: {self.what}" if self.place else f"{where}: {self.what}"


class RegistryError(CrawlerError):
    """The registry's files are broken; `problems` has every fault, the message a line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SiteError(CrawlerError):
    """A query names no site, or no single one."""


class UnknownSite(SiteError):
    """No site is called `query`; `nearest` are those with the most similar names, best first."""

    def __init__(self, query: str, nearest: Sequence[Site]) -> None:
        self.query, self.nearest = query, list(nearest)
        hint = ", ".join(describe(site) for site in nearest)
        super().__init__(
            f"no site is called {query!r}; did you mean {hint}?"
            if hint
            else f"no site is called {query!r}; `scrapy sites` lists all"
        )


class AmbiguousSite(SiteError):
    """Several sites, or a region and a site, are called `query`: `candidates`."""

    def __init__(self, query: str, candidates: Sequence[Site]) -> None:
        self.query, self.candidates = query, list(candidates)
        listed = ", ".join(describe(site) for site in candidates)
        regions = " (its first four digits mean the whole region)" if any(s.kind == "city" for s in candidates) else ""
        super().__init__(
            f"{query!r} is the name of {len(self.candidates)} places: {listed}; name one by its code{regions}"
        )


def describe(site: Site) -> str:
    """A site as a sentence names it: with the places it lies in, and its code."""
    above = (site.province, site.city)
    return "".join(name for name in above if name and name != site.name) + f"{site.name} ({site.code})"
