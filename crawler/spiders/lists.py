"""Spiders that walk the sections of sites: list pages newest first, and from them the articles nobody has yet."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.discovery.survey import Limits, SurveyResult, Unanswered, reject_foreign, survey_site
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import article_id, canonical_url
from crawler.platforms.base import Listing, ListItem
from crawler.platforms.endless import MAX_ADDRESS_LENGTH
from crawler.platforms.reading import read_list
from crawler.runs.site_stats import SectionEnd
from crawler.sites.files import domains_of
from crawler.sites.site import Section, Site
from crawler.spiders.base import ArticleRequest, Failed, NewsSpider, classify, page_of
from crawler.spiders.sections import History, SectionCrawl, SiteCrawl, section_key, stop_reason
from crawler.spiders.survey import ask
from crawler.storage.state import SectionStore

# Sections that the registry does not have: found on a site's home page, remembered, and walked like all others.

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


class SectionDiscovery:
    """Consults the home pages of sites during a crawl, each at most once."""

    def __init__(self, spider: ListSpider) -> None:
        self.spider = spider

    def request(self, crawl: SiteCrawl) -> Request | None:
        """The request for the home page of a site without sections, or None where it held none a while ago."""
        spider, site = self.spider, crawl.site
        spider.crawl_stats.site_started(site, 1)
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
        elif (strange := reject_foreign(page, site)) is not None:
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
        surveyed = await survey_site(fetch, site.homepage, site, now, limits=limits)
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

    async def _remember(self, site: Site, surveyed: SurveyResult, new: list[Section], now: datetime) -> None:
        store = self.spider.store
        if store is None or (surveyed.home is None and not surveyed.found):
            return
        rows = {section_key(section): {"name": section.name, "url": section.url} for section in new}
        await SectionStore(store).found(site.code, {**rows, HOME: {"name": "首页", "url": site.homepage}}, now)

    def _tell(self, site: Site, surveyed: SurveyResult, new: list[Section]) -> None:
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
        self.spider.crawl_stats.section_ended(site, SectionEnd("首页", site.homepage, reason, 1, listed, listed))


_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z|wps|et|ofd|jpe?g|png|gif|bmp|mp[34]|avi|apk)$", re.I)

_GONE = frozenset({"http_404", "http_410"})


class ListSpider(NewsSpider):
    """Base of `cfsn` and `county`: subclasses set `crawl_state.sites`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.homes = SectionDiscovery(self)

    def nothing_to_do(self) -> str | None:
        """Why these arguments leave nothing to crawl, in a sentence that says what to do; None where they do."""
        if any(self.chosen(site) or not site.sections for site in self.crawl_state.sites):
            return None
        names = "、".join(site.name for site in self.crawl_state.sites[:5])
        sections = list(dict.fromkeys(s.name for site in self.crawl_state.sites for s in site.sections))[:20]
        wanted = ",".join(self.args.section)
        return f"no section of {names} has {wanted} in its name; there are, among others: {', '.join(sections)}"

    async def start(self) -> AsyncIterator[Any]:
        """The first list page of every section of every site."""
        for site in self.crawl_state.sites:
            deadline = time.monotonic() + self.settings.getfloat("MAX_SITE_SECONDS")
            crawl = SiteCrawl(site, self.args.limit, deadline, self.window)
            begun = await self.begin(crawl)
            for section in begun:
                yield self.list_request(PageRequest(section.section.url), section, None)
            if not crawl.site.sections:
                if (request := self.homes.request(crawl)) is not None:
                    yield request
            elif not begun:
                self.count("sites/without_sections")

    async def begin(self, crawl: SiteCrawl, only: Sequence[Section] | None = None) -> list[SectionCrawl]:
        """The sections of a site to walk now (those asked for, or `only` these), with what earlier crawls left of them,
        marked as begun."""
        site = crawl.site
        stored = await self.stored(SectionStore(self.store).load(site.code)) if self.store else {}
        if only is None:
            crawl.site, crawl.home = with_found(site, stored), stored.get(HOME, {})
        chosen = self.chosen(crawl.site) if only is None else only
        retry_after = datetime.now(UTC) - timedelta(days=self.settings.getint("SECTION_RETRY_DAYS"))
        begun = []
        for section in chosen:
            row = stored.get(section_key(section), {})
            if section.optional and not self.args.section and row.get("gone_at") and row["gone_at"] > retry_after:
                self.count("sections/gone_before", site=site)
                continue
            history = History(row.get("complete_at"), row.get("complete_since"), bool(row.get("open")))
            begun.append(SectionCrawl(crawl, section, history))
        if self.store:
            keys = {s.key: (s.section.name, s.section.url) for s in begun}
            await self.stored(SectionStore(self.store).begin(site.code, keys))
        if begun:
            self.crawl_stats.site_started(site, len(begun))
            crawl.walking += len(begun)
        self.crawl_state.sections += begun
        return begun

    def chosen(self, site: Site) -> list[Section]:
        """The sections of a site that the arguments ask for."""
        words = self.args.section
        return [s for s in site.sections if not words or any(w in s.name or w == s.group for w in words)]

    def list_request(self, wanted: PageRequest, section: SectionCrawl, platform: str | None) -> Request:
        """The request for a page of a list."""
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
            meta={"site": section.crawl.site.code, "deadline": section.crawl.deadline},
            dont_filter=True,
        )

    async def parse_list(
        self, response: Response, section: SectionCrawl, sent: PageRequest, platform: str | None
    ) -> AsyncIterator[Any]:
        """A list page: yields the requests for its unknown articles, and for the next page while that is worth it."""
        section.pages += 1
        site = section.crawl.site
        self.count("lists/pages", site=site)
        page = page_of(response, sent)
        listing = read_list(page, platform=platform, site=site, now=datetime.now(UTC))
        if section.pages == 1 and self.homes.lost(page, listing, section):
            return
        items = self._own(listing.items, section)
        section.listed += len(items)
        repeated = section.shows(items)
        fresh = await self._fresh(items, section)
        for item in fresh:
            section.waiting += 1
            yield self.article_request(item.url, ArticleRequest(item.url, site, section, item))
        if further := self._next(listing, items, fresh, repeated, section):
            yield self.list_request(further, section, listing.platform)

    def _own(self, items: Sequence[ListItem], section: SectionCrawl) -> dict[str, ListItem]:
        """The items that are pages of this site, by article id."""
        own: dict[str, ListItem] = {}
        site, account, now = section.crawl.site, self.crawl_stats.for_site(section.crawl.site), datetime.now(UTC)
        most = self.settings.getint("MAX_LINKS_PER_PAGE")
        if len(items) > most:
            self.count("links/too_many", len(items) - most, site)
            self.logger.warning("%s: only the first %d links of a page are read", section.section.url, most)
        for item in items[:most]:
            if len(item.url) > MAX_ADDRESS_LENGTH:
                self.count("links/too_long", site=site)
            elif not site.publishes(item.url):
                self.count("links/foreign", site=site)
            elif _FILE.search(urlsplit(item.url).path):
                self.count("links/file", site=site)
            else:
                own[article_id(canonical_url(item.url))] = item
                account.note_date(item.published_at, now)
        return own

    async def _fresh(self, items: dict[str, ListItem], section: SectionCrawl) -> list[ListItem]:
        """The items to fetch now: inside the window, unknown to the store (unless `refresh`), within the limit."""
        inside = {key: item for key, item in items.items() if self.window.holds(item)}
        site = section.crawl.site
        self.count("links/outside_window", len(items) - len(inside), site)
        known: set[str] = set()
        if self.store and not self.args.refresh and inside:
            retry_after = datetime.now(UTC) - timedelta(days=self.settings.getint("REJECT_RETRY_DAYS"))
            known = await self.stored(self.store.known(inside, retry_after, self.crawl_state.relevance_threshold))
        self.count("links/known", len(known), site)
        taken = section.crawl.take(key for key in inside if key not in known)
        section.passed += len(items) - len(taken)
        return [inside[key] for key in inside if key in taken]

    def _next(
        self,
        listing: Listing,
        items: dict[str, ListItem],
        fresh: list[ListItem],
        repeated: bool,
        section: SectionCrawl,
    ) -> PageRequest | None:
        """The next list page, or None after noting why paging ends here."""
        site, name = section.crawl.site.name, section.section.name
        ended = stop_reason(list(items.values()), fresh, repeated, self.window, section.history)
        # A shell without items whose list comes from an API is no end: the API is its first page.
        if ended == "empty" and listing.next and section.pages == 1:
            ended = None
        if ended is None and section.crawl.is_full:
            ended = "limit"
        if ended is None and section.crawl.is_late:
            ended = "time"
            self.logger.warning("%s %s: stopped, the site's time is up (MAX_SITE_SECONDS)", site, name)
        if ended is None and listing.next:
            ended = section.pager.trap(listing.items, listing.next.url, datetime.now(UTC))
            if ended:
                self.logger.warning("%s %s: the pager has no end (%s): %.200s", site, name, ended, listing.next.url)
        if ended is None and listing.next is None:
            ended = "last_page"
        if ended is None and section.pages >= self.settings.getint("MAX_LIST_PAGES"):
            ended = "max_pages"
            self.logger.warning("%s %s: stopped after %d list pages (MAX_LIST_PAGES)", site, name, section.pages)
        section.ended = ended
        if ended is None:
            return listing.next
        if not section.listed:
            self.count("sections/without_links", site=section.crawl.site)
            why = listing.reason or "no article links"
            self.logger.warning("%s %s: nothing to crawl on %s (%s)", site, name, section.section.url, why)
            self.homes.consult(section)
        self._ended(section)
        return None

    def _ended(self, section: SectionCrawl) -> None:
        """Count the end of a section's paging."""
        assert section.ended is not None
        site = section.crawl.site
        self.count(f"sections/{section.ended}", site=site)
        end = SectionEnd(section.section.name, section.section.url, section.ended)
        end.pages, end.listed, end.passed = section.pages, section.listed, section.passed
        self.crawl_stats.section_ended(site, end)
        section.forget()

    async def list_failed(self, failure: Failure) -> None:
        """The errback of a list page: an optional section that is gone is remembered, anything else is a failure."""
        section: SectionCrawl = failure.request.cb_kwargs["section"]  # type: ignore[attr-defined]
        problem = self.failed(failure, section.crawl.site)
        if section.pages and problem.final:
            section.ended = "last_page"  # a pager that counts more pages than the site has published
        elif problem.final and section.section.optional:
            section.ended = "gone"
            self.crawl_state.missing_sections.append(section)
        else:
            self.lose(section, problem.detail, consult=not section.pages and problem.reason in _GONE)
            return
        self._ended(section)

    def lose(self, section: SectionCrawl, why: str, *, consult: bool = True) -> None:
        """End a section that fails for a reason; where its page is gone, the home page may tell what became of it."""
        section.ended = "failed"
        section.failures += 1
        self.logger.error("%s %s: %s: %s", section.crawl.site.name, section.section.name, section.section.url, why)
        if consult:
            self.homes.consult(section)
        self._ended(section)
