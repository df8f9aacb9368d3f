"""Sections that the registry does not have: found on a site's home page, remembered, and walked like all others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.discovery.identity import stranger
from crawler.discovery.survey import Limits, Survey, Unanswered, survey
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import Listing
from crawler.runs.accounts import SectionEnd
from crawler.sites.rows import domains_of
from crawler.sites.site import Section, Site
from crawler.spiders.failures import Failed, classify
from crawler.spiders.sections import SectionCrawl, SiteCrawl, section_key
from crawler.spiders.surveying import ask

if TYPE_CHECKING:
    from crawler.spiders.lists import ListSpider

HOME = "home"
"""The key of a home page among the stored sections of its site."""
_NO_LIST = frozenset({"not_found", "parked", "closed", "default_page", "login"})


def with_found(site: Site, stored: Mapping[str, Mapping[str, Any]]) -> Site:
    """`site` with the sections that earlier crawls found on its home page."""
    known = {HOME, *(section_key(section) for section in site.sections)}
    found = [
        Section(row["name"], row["url"]) for key, row in stored.items() if row.get("found_at") and key not in known
    ]
    return _extended(site, found) if found else site


def _extended(site: Site, found: list[Section]) -> Site:
    domains = dict.fromkeys([*site.domains, *domains_of([section.url for section in found])])
    return replace(site, sections=(*site.sections, *found), domains=tuple(domains))


class HomePages:
    """Consults the home pages of sites during a crawl, each at most once."""

    def __init__(self, spider: ListSpider) -> None:
        self.spider = spider

    def request(self, crawl: SiteCrawl) -> Request | None:
        """The request for the home page of a site without sections, or None where it held none a while ago."""
        spider, site = self.spider, crawl.site
        spider.accounts.begin(site, 1)
        crawl.consulted = True
        days = spider.settings.getint("SECTION_RETRY_DAYS")
        sought = crawl.home.get("found_at")
        if sought and sought > datetime.now(UTC) - timedelta(days=days):
            spider.count("discovery/none_before", site=site)
            told = (
                "%s: a list page is missing, and on %s its home page led to no other; it is asked again after %d days"
            )
            spider.logger.warning(told, site.name, f"{sought:%F}", days)
            self._end(site, "failed")
            return None
        return Request(
            site.homepage,
            callback=self.answered,
            errback=self.failed,
            cb_kwargs={"crawl": crawl},
            meta={"site": site.code, "dont_cache": True, "deadline": crawl.deadline},
            dont_filter=True,
        )

    def lost(self, page: Page, listing: Listing, section: SectionCrawl) -> bool:
        """Whether the first page of a section is none of its site's lists any more; told, counted, and the home page
        is consulted."""
        site = section.crawl.site
        if canonical_url(page.url) == canonical_url(site.homepage) != canonical_url(section.section.url):
            why = "not_found", "it leads back to the home page"
        elif (strange := stranger(page, site)) is not None:
            why = strange
        elif listing.reason in _NO_LIST:
            why = listing.reason or "", f"the page is no list ({listing.reason})"
        else:
            return False
        self.spider.count(f"failures/{why[0]}", site=site)
        self.spider.lose(section, why[1])
        return True

    def consult(self, section: SectionCrawl) -> None:
        """Look at the home page of a site, one of whose list pages is gone, for what stands in its place."""
        crawl = section.crawl
        if crawl.consulted or section.section.optional:
            return
        self.spider.count("discovery/lists_gone", site=crawl.site)
        if (request := self.request(crawl)) is not None:
            assert self.spider.crawler.engine is not None
            self.spider.crawler.engine.crawl(request)

    async def answered(self, response: Response, crawl: SiteCrawl) -> AsyncIterator[Any]:
        """The callback of a home page: yields what the first pages of the sections found there give."""
        async for result in self._survey(crawl, response):
            yield result

    async def failed(self, failure: Failure) -> AsyncIterator[Any]:
        """The errback of a home page: it may answer under another scheme."""
        assert failure.value is not None
        crawl: SiteCrawl = failure.request.cb_kwargs["crawl"]  # type: ignore[attr-defined]
        async for result in self._survey(crawl, classify(failure.value)):
            yield result

    async def _survey(self, crawl: SiteCrawl, home: Response | Failed) -> AsyncIterator[Any]:
        from crawler.spiders.base import page_of

        spider, site, now = self.spider, crawl.site, datetime.now(UTC)
        answers: dict[str, Response] = {}
        first = PageRequest(site.homepage)
        meta = {"site": site.code, "deadline": crawl.deadline}

        async def fetch(wanted: PageRequest) -> Page | Unanswered:
            answer = home if wanted == first else await ask(spider.crawler, wanted, meta)
            if not isinstance(answer, Response):
                return Unanswered(answer.reason, answer.detail)
            answers[wanted.url] = answer
            return page_of(answer, wanted)

        limits = Limits(spider.settings.getint("DISCOVERY_SECTIONS"), spider.settings.getint("DISCOVERY_REQUESTS"))
        surveyed = await survey(fetch, site.homepage, site, now, limits=limits)
        known = {section_key(section) for section in site.sections}
        new = [one.section() for one in surveyed.found if section_key(one.section()) not in known]
        await self._remember(site, surveyed, new, now)
        self._tell(site, surveyed, new)
        crawl.site = _extended(site, new)
        wanted = [section for section in spider.chosen(crawl.site) if section in new]
        begun = await spider.begin(crawl, only=wanted)
        self._end(site, "surveyed" if surveyed.found else "failed", len(surveyed.found))
        for section in begun:
            request = PageRequest(section.section.url)
            if (answer := answers.get(request.url)) is None:
                yield spider.list_request(request, section, None)
                continue
            async for result in spider.parse_list(answer, section, request, None):
                yield result

    async def _remember(self, site: Site, surveyed: Survey, new: list[Section], now: datetime) -> None:
        store = self.spider.store
        if store is None or (surveyed.home is None and not surveyed.found):
            return
        rows = {section_key(section): {"name": section.name, "url": section.url} for section in new}
        await store.sections.found(site.code, {**rows, HOME: {"name": "首页", "url": site.homepage}}, now)

    def _tell(self, site: Site, surveyed: Survey, new: list[Section]) -> None:
        spider = self.spider
        spider.count("discovery/home_pages", site=site)
        spider.count("discovery/requests", surveyed.asked, site)
        spider.count("discovery/sections", len(new), site)
        if surveyed.problem:
            spider.count(f"failures/{surveyed.problem[0]}", site=site)
            spider.logger.error("%s: %s: %s", site.name, site.homepage, surveyed.problem[1])
        elif new:
            listed = ", ".join(f"{section.name} {section.url}" for section in new)
            spider.logger.info("%s: its home page leads to %s; scrapy addsite would keep them", site.name, listed)
        else:
            spider.logger.warning("%s: its home page leads to no section that is not known", site.name)

    def _end(self, site: Site, reason: str, listed: int = 0) -> None:
        self.spider.accounts.section_ended(site, SectionEnd("首页", site.homepage, reason, 1, listed, listed))
