"""Sections that the registry does not have: found on a site's home page, stored, and crawled like all others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.discovery.survey import Limits, SurveyResult, Unanswered, reject_foreign, survey_site
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import Listing
from crawler.sites.files import domains_of
from crawler.sites.site import Section, Site
from crawler.spiders.base import page_of
from crawler.spiders.failures import Failed
from crawler.spiders.sections import SectionCrawl, section_key
from crawler.spiders.site_probe import fetch

logger = logging.getLogger(__name__)

HOME_KEY = "home"
"""The key of a home page among the stored sections of its site."""
_NOT_A_LIST = frozenset({"not_found", "parked", "closed", "default_page", "login"})


def add_stored_sections(site: Site, stored: Mapping[str, Mapping[str, Any]]) -> Site:
    """`site` with the sections that earlier crawls found on its home page; `stored` are its documents in `sections`."""
    known = {HOME_KEY, *(section_key(section) for section in site.sections)}
    found = [
        Section(row["name"], row["url"]) for key, row in stored.items() if row.get("found_at") and key not in known
    ]
    return add_sections(site, found) if found else site


def add_sections(site: Site, sections: list[Section]) -> Site:
    """`site` with more sections, and with the domains they are on."""
    domains = dict.fromkeys([*site.domains, *domains_of([section.url for section in sections])])
    return replace(site, sections=(*site.sections, *sections), domains=tuple(domains))


def why_not_a_list(page: Page, listing: Listing, section: SectionCrawl) -> tuple[str, str] | None:
    """`(reason, sentence)` if the first page of a section is no longer a list of its site; else None."""
    site = section.site
    if canonical_url(page.url) == canonical_url(site.homepage) != canonical_url(section.section.url):
        return "not_found", "it leads back to the home page"
    if (strange := reject_foreign(page, site)) is not None:
        return strange
    if listing.reason in _NOT_A_LIST:
        return listing.reason or "", f"the page is not a list ({listing.reason})"
    return None


@dataclass
class Discovery:
    """What the look at a home page found: the `new` sections, and the pages that were fetched on the way."""

    survey: SurveyResult
    new: list[Section]
    responses: dict[str, Response] = field(default_factory=dict)
    """By the address that was requested."""

    def as_rows(self, site: Site) -> dict[str, dict[str, str]]:
        """The rows of `sections` to store, by key: the new sections, and the home page itself."""
        rows = {section_key(section): {"name": section.name, "url": section.url} for section in self.new}
        return {**rows, HOME_KEY: {"name": "首页", "url": site.homepage}}

    def log(self, site: Site) -> None:
        """Log what was found, in one line."""
        if self.survey.problem:
            logger.error("%s: %s: %s", site.name, site.homepage, self.survey.problem[1])
        elif self.new:
            found = ", ".join(f"{section.name} {section.url}" for section in self.new)
            logger.info("%s: its home page leads to %s; scrapy addsite would keep them", site.name, found)
        else:
            logger.warning("%s: its home page leads to no section that is not known yet", site.name)


async def discover_sections(
    crawler: Crawler, site: Site, home: Response | Failed, meta: Mapping[str, Any], limits: Limits
) -> Discovery:
    """Look for sections on the home page of `site`, which was answered with `home`. Further pages are fetched as the
    crawl fetches all pages; `meta` is added to their requests."""
    responses: dict[str, Response] = {}
    first = PageRequest(site.homepage)

    async def fetch_page(wanted: PageRequest) -> Page | Unanswered:
        answer = home if wanted == first else await fetch(crawler, wanted, meta)
        if not isinstance(answer, Response):
            return Unanswered(answer.reason, answer.detail)
        responses[wanted.url] = answer
        return page_of(answer, wanted)

    surveyed = await survey_site(fetch_page, site.homepage, site, datetime.now(UTC), limits=limits)
    known = {section_key(section) for section in site.sections}
    new = [one.section() for one in surveyed.found if section_key(one.section()) not in known]
    return Discovery(surveyed, new, responses)
