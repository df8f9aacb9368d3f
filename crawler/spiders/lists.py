"""Spiders that crawl the sections of sites: list pages, newest first, and the articles on them that are not stored."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.discovery.survey import Limits, SurveyResult, Unanswered, reject_foreign, survey_site
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import article_id, canonical_url
from crawler.platforms.base import Listing, ListItem
from crawler.platforms.pager import MAX_ADDRESS_LENGTH
from crawler.platforms.reading import read_list
from crawler.runs.site_stats import SectionEnd
from crawler.sites.files import domains_of
from crawler.sites.site import Section, Site
from crawler.spiders.base import HOST_REASONS, ArticleRequest, Failed, NewsSpider, classify, page_of
from crawler.spiders.sections import SectionCrawl, SiteCrawl, read_history, section_key, stop_reason
from crawler.spiders.site_probe import fetch
from crawler.storage.crawl_state import History
from crawler.storage.state import SectionStore

logger = logging.getLogger(__name__)


# --- Sections that the registry does not have: found on a site's home page and stored ---

HOME_KEY = "home"
"""The key of a home page among the stored sections of its site."""
_NOT_A_SECTION = frozenset({"not_found", "parked", "closed", "default_page", "login"})


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
    if listing.reason in _NOT_A_SECTION:
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


_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z|wps|et|ofd|jpe?g|png|gif|bmp|mp[34]|avi|apk)$", re.I)
_PAGE_GONE = frozenset({"http_404", "http_410"})
_NOT_A_LIST = "not_a_list"


class ListSpider(NewsSpider):
    """Base of `cfsn` and `county`: subclasses set `crawl_state.sites`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._logged_failures: set[tuple[str, str]] = set()

    def nothing_to_do(self) -> str | None:
        """Why the arguments leave nothing to crawl, in a sentence that says what to do; None if there is something."""
        sites = self.crawl_state.sites
        if any(self.select_sections(site) or not site.sections for site in sites):
            return None
        names = "、".join(site.name for site in sites[:5])
        sections = list(dict.fromkeys(s.name for site in sites for s in site.sections))[:20]
        wanted = ",".join(self.args.section)
        return f"no section of {names} has {wanted} in its name; there are, among others: {', '.join(sections)}"

    async def start(self) -> AsyncIterator[Any]:
        """The first list page of every section of every site; the home page of a site without sections."""
        for site in self.crawl_state.sites:
            deadline = time.monotonic() + self.settings.getfloat("MAX_SITE_SECONDS")
            crawl = SiteCrawl(site, self.args.limit, deadline, self.window)
            started = await self.start_sections(crawl)
            for section in started:
                yield self.list_request(PageRequest(section.section.url), section, None)
            if not crawl.site.sections:
                if (request := self.home_request(crawl)) is not None:
                    yield request
            elif not started:
                self.count("sites/without_sections")

    # Sections: which ones, and their start and end.

    def select_sections(self, site: Site) -> list[Section]:
        """The sections of a site that the arguments ask for."""
        words = self.args.section
        return [s for s in site.sections if not words or any(w in s.name or w == s.group for w in words)]

    async def start_sections(self, crawl: SiteCrawl, only: Sequence[Section] | None = None) -> list[SectionCrawl]:
        """The sections of a site to crawl now (those that the arguments ask for, or `only` these) with their history,
        recorded as started. Optional sections that the site did not have a while ago are left out."""
        site = crawl.site
        stored = await self.from_store(SectionStore(self.store).load(site.code)) if self.store else {}
        if only is None:
            crawl.site, crawl.home = add_stored_sections(site, stored), stored.get(HOME_KEY, {})
        wanted = self.select_sections(crawl.site) if only is None else only
        retry_before = datetime.now(UTC) - timedelta(days=self.settings.getint("SECTION_RETRY_DAYS"))
        started = []
        for section in wanted:
            row = stored.get(section_key(section), {})
            gone_at = row.get("gone_at")
            if section.optional and not self.args.section and gone_at and gone_at > retry_before:
                self.count("sections/gone_before", site=site)
                continue
            started.append(SectionCrawl(crawl, section, read_history(row)))
        if self.store:
            keys = {s.key: (s.section.name, s.section.url) for s in started}
            await self.from_store(SectionStore(self.store).begin(site.code, keys))
        if started:
            self.crawl_stats.site_started(site, len(started))
            crawl.open_sections += len(started)
        self.crawl_state.sections += started
        return started

    def fail_section(self, section: SectionCrawl, problem: Failed, *, is_logged: bool = False) -> None:
        """End a section that can't be crawled. If its page is gone, its site's home page may show its successor. One
        line is logged per section, but only one per site if the problem concerns the whole host, and none if the
        circuit breaker has logged it (`is_logged`)."""
        section.ended = "failed"
        section.failures += 1
        self._log_failure(section, problem, is_logged)
        is_gone = problem.reason in _PAGE_GONE and not section.pages
        if is_gone or problem.reason == _NOT_A_LIST:
            self.fall_back_to_home(section)
        self._end_section(section)

    def _log_failure(self, section: SectionCrawl, problem: Failed, is_logged: bool) -> None:
        site = section.site
        if problem.reason in HOST_REASONS:
            key = (site.code, problem.reason)
            is_logged = is_logged or key in self._logged_failures or problem.reason == "given_up"
            self._logged_failures.add(key)
        log = self.logger.debug if is_logged else self.logger.error
        log("%s %s: %s: %s", site.name, section.section.name, section.section.url, problem.detail)

    def _end_section(self, section: SectionCrawl) -> None:
        """Count the end of a section's paging."""
        assert section.ended is not None
        self.count(f"sections/{section.ended}", site=section.site)
        end = SectionEnd(section.section.name, section.section.url, section.ended)
        end.pages, end.listed, end.passed = section.pages, section.listed, section.passed
        self.crawl_stats.section_ended(section.site, end)
        section.release()

    def on_spider_error(self, response: Response | Failure) -> None:
        """A callback or errback raised: end what it was about, so that its site can still finish."""
        super().on_spider_error(response)
        about = response.request.cb_kwargs  # type: ignore[union-attr]
        section, crawl = about.get("section"), about.get("crawl")
        if isinstance(section, SectionCrawl) and section.ended is None:
            self.fail_section(section, Failed("crawler_error", "the crawler failed on this page", False))
        elif isinstance(crawl, SiteCrawl):
            self._end_home(crawl.site, "failed")

    # List pages.

    def list_request(self, wanted: PageRequest, section: SectionCrawl, platform: str | None) -> Request:
        """The request for a list page; `platform` is that of the section's first page, None for the first."""
        return Request(
            wanted.url,
            method=wanted.method,
            body=wanted.body,
            # max-age=0: always ask the server, with the validators of its last answer (RFC 9111 §5.2.1.1); its
            # heuristic freshness would hide a day's news.
            headers={"Cache-Control": "max-age=0", **dict(wanted.headers)},
            callback=self.parse_list,
            errback=self.list_failed,
            cb_kwargs={"section": section, "sent": wanted, "platform": platform},
            meta={"site": section.site.code, "deadline": section.crawl.deadline},
            dont_filter=True,
        )

    async def parse_list(
        self,
        response: Response,
        section: SectionCrawl | None = None,
        sent: PageRequest | None = None,
        platform: str | None = None,
    ) -> AsyncIterator[Any]:
        """A list page: yields the requests for its unknown articles, and for the next page while that is worth it.
        Without `section` (`scrapy parse -c parse_list`) the site is the first one that the arguments name."""
        section = section or self._new_section(response.url)
        section.pages += 1
        site = section.site
        self.count("lists/pages", site=site)
        page = page_of(response, sent)
        listing = read_list(page, platform=platform, site=site, now=datetime.now(UTC))
        if section.pages == 1 and (why := why_not_a_list(page, listing, section)):
            self.count(f"failures/{why[0]}", site=site)
            self.fail_section(section, Failed(_NOT_A_LIST, why[1], False))
            return
        items = self._select_items(listing.items, section)
        section.listed += len(items)
        is_repeat = section.is_repeat(items)
        fresh = await self._select_fresh(items, section)
        for item in fresh:
            section.waiting += 1
            yield self.article_request(item.url, ArticleRequest(item.url, site, section, item))
        if further := self._next_request(listing, items, fresh, is_repeat, section):
            yield self.list_request(further, section, listing.platform)

    def _new_section(self, url: str) -> SectionCrawl:
        """A section that has no history: that of one list page."""
        crawl = SiteCrawl(self.crawl_state.sites[0], self.args.limit, window=self.window)
        return SectionCrawl(crawl, Section("", url), History())

    async def list_failed(self, failure: Failure) -> None:
        """The errback of a list page: an optional section that the site does not have is recorded; anything else is a
        failure."""
        section: SectionCrawl = failure.request.cb_kwargs["section"]  # type: ignore[attr-defined]
        problem = self.classify_failure(failure, section.site)
        if section.pages and problem.final:
            section.ended = "last_page"  # a pager that counts more pages than the site has published
        elif problem.final and section.section.optional:
            section.ended = "gone"
            self.crawl_state.missing_sections.append(section)
        else:
            # The try that opened the circuit is not repeated; the circuit breaker has logged why.
            self.fail_section(section, problem, is_logged=bool(failure.request.meta.get("dont_retry")))  # type: ignore[attr-defined]
            return
        self._end_section(section)

    def _select_items(self, items: Sequence[ListItem], section: SectionCrawl) -> dict[str, ListItem]:
        """The items that are pages of this site, by article id."""
        own: dict[str, ListItem] = {}
        site, stats, now = section.site, self.crawl_stats.for_site(section.site), datetime.now(UTC)
        max_links = self.settings.getint("MAX_LINKS_PER_PAGE")
        if len(items) > max_links:
            self.count("links/too_many", len(items) - max_links, site)
            self.logger.warning("%s: only the first %d links of a page are read", section.section.url, max_links)
        for item in items[:max_links]:
            if len(item.url) > MAX_ADDRESS_LENGTH:
                self.count("links/too_long", site=site)
            elif not site.publishes(item.url):
                self.count("links/foreign", site=site)
            elif _FILE.search(urlsplit(item.url).path):
                self.count("links/file", site=site)
            else:
                own[article_id(canonical_url(item.url))] = item
                stats.note_date(item.published_at, now)
        return own

    async def _select_fresh(self, items: dict[str, ListItem], section: SectionCrawl) -> list[ListItem]:
        """The items to fetch now: inside the window, unknown to the store (unless `refresh`), within the limit."""
        inside = {key: item for key, item in items.items() if self.window.includes(item)}
        site = section.site
        self.count("links/outside_window", len(items) - len(inside), site)
        known: set[str] = set()
        if self.store and not self.args.refresh and inside:
            retry_after = timedelta(days=self.settings.getint("REJECT_RETRY_DAYS"))
            threshold = self.crawl_state.relevance_threshold
            known = await self.from_store(self.store.known(inside, retry_after, threshold))
        self.count("links/known", len(known), site)
        taken = section.crawl.take(key for key in inside if key not in known)
        section.passed += len(items) - len(taken)
        return [inside[key] for key in inside if key in taken]

    def _next_request(
        self,
        listing: Listing,
        items: dict[str, ListItem],
        fresh: list[ListItem],
        is_repeat: bool,
        section: SectionCrawl,
    ) -> PageRequest | None:
        """The next list page, or None after recording why paging ends here."""
        site = section.site
        section.ended = self._why_ended(listing, items.values(), fresh, is_repeat, section)
        if section.ended is None:
            return listing.next
        if not section.listed:
            self.count("sections/without_links", site=site)
            why = listing.reason or "no article links"
            name, url = section.section.name, section.section.url
            self.logger.warning("%s %s: nothing to crawl on %s (%s)", site.name, name, url, why)
            self.fall_back_to_home(section)
        self._end_section(section)
        return None

    def _why_ended(
        self,
        listing: Listing,
        items: Iterable[ListItem],
        fresh: list[ListItem],
        is_repeat: bool,
        section: SectionCrawl,
    ) -> str | None:
        """Why paging ends after this page, in a word; None if it goes on."""
        place, warn = f"{section.site.name} {section.section.name}", self.logger.warning
        ended = stop_reason(list(items), fresh, is_repeat, self.window, section.history)
        # A shell without items whose list comes from an API is not an end: the API is its first page.
        if ended and not (ended == "empty" and listing.next and section.pages == 1):
            return ended
        if section.crawl.is_full:
            return "limit"
        if section.crawl.is_late:
            warn("%s: stopped, the site's time is up (MAX_SITE_SECONDS)", place)
            return "time"
        if listing.next is None:
            return "last_page"
        if trap := section.pager.trap(listing.items, listing.next.url, datetime.now(UTC)):
            warn("%s: the pager has no end (%s): %.200s", place, trap, listing.next.url)
            return trap
        if section.pages >= self.settings.getint("MAX_LIST_PAGES"):
            warn("%s: stopped after %d list pages (MAX_LIST_PAGES)", place, section.pages)
            return "max_pages"
        return None

    # Home pages: where sections are found that the registry does not have.

    def fall_back_to_home(self, section: SectionCrawl) -> None:
        """Look on the home page for the successor of a section whose list page is gone, once per site."""
        crawl = section.crawl
        if crawl.has_checked_home or section.section.optional:
            return
        self.count("discovery/lists_gone", site=crawl.site)
        if (request := self.home_request(crawl)) is not None:
            assert self.crawler.engine is not None
            self.crawler.engine.crawl(request)

    def home_request(self, crawl: SiteCrawl) -> Request | None:
        """The request for a home page to find sections on; None if it had none a while ago."""
        site = crawl.site
        self.crawl_stats.site_started(site, 1)
        crawl.has_checked_home = True
        days = self.settings.getint("SECTION_RETRY_DAYS")
        checked_at = crawl.home.get("found_at")
        if checked_at and checked_at > datetime.now(UTC) - timedelta(days=days):
            self.count("discovery/none_before", site=site)
            self.logger.warning(
                "%s: a list page is missing, and on %s its home page led to no other; the next look is %d days later",
                site.name,
                f"{checked_at:%F}",
                days,
            )
            self._end_home(site, "failed")
            return None
        return Request(
            site.homepage,
            callback=self.parse_home,
            errback=self.home_failed,
            cb_kwargs={"crawl": crawl},
            meta={"dont_cache": True, **self._home_meta(crawl)},
            dont_filter=True,
        )

    async def parse_home(self, response: Response, crawl: SiteCrawl) -> AsyncIterator[Any]:
        """A home page: yields what the first pages of the sections found there yield."""
        async for result in self._crawl_new_sections(crawl, response):
            yield result

    async def home_failed(self, failure: Failure) -> AsyncIterator[Any]:
        """The errback of a home page: it may answer under the other scheme."""
        assert failure.value is not None
        crawl: SiteCrawl = failure.request.cb_kwargs["crawl"]  # type: ignore[attr-defined]
        async for result in self._crawl_new_sections(crawl, classify(failure.value)):
            yield result

    async def _crawl_new_sections(self, crawl: SiteCrawl, home: Response | Failed) -> AsyncIterator[Any]:
        site = crawl.site
        limits = Limits(self.settings.getint("DISCOVERY_SECTIONS"), self.settings.getint("DISCOVERY_REQUESTS"))
        discovery = await discover_sections(self.crawler, site, home, self._home_meta(crawl), limits)
        surveyed, new = discovery.survey, discovery.new
        if self.store and (surveyed.home is not None or surveyed.found):
            await SectionStore(self.store).found(site.code, discovery.as_rows(site), datetime.now(UTC))
        self.count("discovery/home_pages", site=site)
        self.count("discovery/requests", surveyed.asked, site)
        self.count("discovery/sections", len(new), site)
        if surveyed.problem:
            self.count(f"failures/{surveyed.problem[0]}", site=site)
        discovery.log(site)
        crawl.site = add_sections(site, new)
        wanted = [section for section in self.select_sections(crawl.site) if section in new]
        started = await self.start_sections(crawl, only=wanted)
        self._end_home(site, "surveyed" if surveyed.found else "failed", len(surveyed.found))
        for section in started:
            request = PageRequest(section.section.url)
            if (response := discovery.responses.get(request.url)) is None:
                yield self.list_request(request, section, None)
                continue
            async for result in self.parse_list(response, section, request, None):
                yield result

    def _home_meta(self, crawl: SiteCrawl) -> dict[str, Any]:
        return {"site": crawl.site.code, "deadline": crawl.deadline}

    def _end_home(self, site: Site, reason: str, found: int = 0) -> None:
        self.crawl_stats.section_ended(site, SectionEnd("首页", site.homepage, reason, 1, found, found))
