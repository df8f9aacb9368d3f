"""A few articles of a surveyed site, read as a crawl reads them, for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from crawler.discovery.survey import Fetch, Survey, Unanswered
from crawler.items import Article
from crawler.parsing.article import Refusal
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import ListItem
from crawler.platforms.extract import read_article
from crawler.sites.rows import bare_host
from crawler.sites.site import Site

_SPARE = 3
"""How many articles more may be asked for where the first ones give none."""


@dataclass(frozen=True)
class Review:
    """`read` are articles with their pages, `failed` addresses with the reason why they gave none."""

    read: tuple[tuple[Article, Page], ...]
    failed: tuple[tuple[str, str], ...]


async def review(fetch: Fetch, surveyed: Survey, site: Site, now: datetime, wanted: int = 3) -> Review:
    """Up to `wanted` articles of the sections found, from as many sections as there are. `now` is aware."""
    read: list[tuple[Article, Page]] = []
    failed: list[tuple[str, str]] = []
    known = replace(site, platform=site.platform or platform_of(surveyed))
    for item in _in_turn(surveyed)[: wanted + _SPARE]:
        if len(read) == wanted:
            break
        page = await fetch(PageRequest(item.url))
        if isinstance(page, Unanswered):
            failed.append((item.url, page.detail))
            continue
        article = read_article(page, site=known, now=now)
        if isinstance(article, Refusal):
            failed.append((item.url, article.detail))
        else:
            read.append((article, page))
    return Review(tuple(read), tuple(failed))


def platform_of(surveyed: Survey) -> str | None:
    """The platform most of the sections found are built with, None where it is unknown."""
    names = [found.platform for found in surveyed.found if found.platform != "generic"]
    return max(names, key=names.count) if names else None


def _in_turn(surveyed: Survey) -> list[ListItem]:
    """The newest article of each section, then the second of each, …; each once, only on the site's own host."""
    home = bare_host(surveyed.home.url if surveyed.home else surveyed.homepage)
    rows = [[item for item in found.items if bare_host(item.url).endswith(home)] for found in surveyed.found]
    longest = max(map(len, rows), default=0)
    items = [row[number] for number in range(longest) for row in rows if number < len(row)]
    return list({canonical_url(item.url): item for item in items}.values())
