"""Fetching single pages and waiting for them: for the discovery of sections, and for commands that look at one site."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from crawler.discovery.fixtures import Review, review_articles
from crawler.discovery.survey import SurveyResult, Unanswered, reject_foreign, survey_site
from crawler.parsing.page import Page, PageRequest
from crawler.sites.edit import match_page
from crawler.sites.registry import Registry
from crawler.sites.site import Site
from crawler.spiders.base import Failed, classify, page_of

Fetch = Callable[[PageRequest], Awaitable[Response | Failed]]


async def fetch(crawler: Crawler, wanted: PageRequest, meta: Mapping[str, Any] | None = None) -> Response | Failed:
    """The response to one request of a running crawl, whatever its status, or why there is none. The request passes the
    downloader middlewares (robots.txt, delays, retries, limits) but not the scheduler, so it waits for no other. `meta`
    is added to the request's."""
    assert crawler.engine is not None
    request = Request(
        wanted.url,
        method=wanted.method,
        body=wanted.body,
        headers=dict(wanted.headers),
        meta={"dont_cache": True, **(meta or {})},
        dont_filter=True,
    )
    (answer,) = await asyncio.gather(crawler.engine.download_async(request), return_exceptions=True)
    if isinstance(answer, Response):
        return answer
    if not isinstance(answer, Exception):
        raise answer
    return classify(answer)


class ProbeSpider(Spider):
    """Runs one function that fetches pages, and ends. It is created by `run_probe`; `scrapy crawl` does not list it."""

    def __init__(self, function: Callable[[Fetch], Awaitable[None]], **kwargs: Any) -> None:
        super().__init__(name="probe", **kwargs)
        self.function = function

    async def start(self) -> AsyncIterator[Any]:
        """Run the function; there is nothing to schedule."""
        await self.function(lambda wanted: fetch(self.crawler, wanted))
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request


def quiet_settings(settings: BaseSettings) -> None:
    """Change `settings` to those of a probe: no store, no run log, no cache, and only serious errors in the log."""
    quiet = {
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {},
        "HTTPCACHE_ENABLED": False,
        "RETRY_TIMES": min(settings.getint("RETRY_TIMES"), 1),
    }
    if settings.getpriority("LOG_LEVEL") != SETTINGS_PRIORITIES["cmdline"]:
        quiet["LOG_LEVEL"] = "CRITICAL"
    settings.update(quiet, priority="cmdline")


def run_probe(command: ScrapyCommand, function: Callable[[Fetch], Awaitable[None]]) -> None:
    """Run `function` to its end in a crawl that `command` starts. What it raises is raised here."""
    process = command.crawler_process
    assert process is not None
    raised: list[BaseException] = []

    async def guarded(fetch_page: Fetch) -> None:
        (result,) = await asyncio.gather(function(fetch_page), return_exceptions=True)
        if isinstance(result, BaseException):
            raised.append(result)

    process.crawl(ProbeSpider, function=guarded)
    process.start()
    if raised:
        raise raised[0]


@dataclass
class SiteProbe:
    """A look at one site: whose it is, its sections, a few of its articles, and the responses they were read from.
    `site` is the one expected at `url`; if it is None, the page itself must show whose it is."""

    url: str
    site: Site | None
    registry: Registry
    now: datetime
    survey: SurveyResult | None = None
    review: Review | None = None
    responses: dict[str, Response] = field(default_factory=dict)
    """Every response, by the address that was requested and by its own."""
    response_count: int = 0
    _fetched: dict[PageRequest, Page | Unanswered] = field(default_factory=dict)

    async def run(self, fetch_response: Fetch) -> None:
        """Fetch the home page, find out whose it is, and go on to sections and articles: sets `survey` and `review`."""

        async def fetch_page(wanted: PageRequest) -> Page | Unanswered:
            if wanted not in self._fetched:
                self._fetched[wanted] = await self._fetch(fetch_response, wanted)
            return self._fetched[wanted]

        if self.site is None:
            home = await fetch_page(PageRequest(self.url))
            self.site = match_page(home, self.registry) if isinstance(home, Page) else None
            if self.site is None and isinstance(home, Page) and home.status == 200 and not reject_foreign(home, None):
                why = "the page does not show whose site it is: add --code, and --name if the code is new"
                self.survey = SurveyResult(self.url, home, ("unknown_site", why))
                return
        known = self.site.sections if self.site else ()
        self.survey = await survey_site(fetch_page, self.url, self.site, self.now, known=known)
        if self.site is not None and self.survey.problem is None:
            self.review = await review_articles(fetch_page, self.survey, self.site, self.now)

    async def _fetch(self, fetch_response: Fetch, wanted: PageRequest) -> Page | Unanswered:
        answer = await fetch_response(wanted)
        if not isinstance(answer, Response):
            return Unanswered(answer.reason, answer.detail)
        self.response_count += 1
        self.responses[wanted.url] = self.responses[answer.url] = answer
        return page_of(answer, wanted)


def headers_of(response: Response) -> dict[str, str]:
    """The headers of a response, names in lower case; of a repeated one the first."""
    names = {name.decode("latin-1").lower(): response.headers.get(name) for name in response.headers}
    return {name: value.decode("latin-1") for name, value in names.items() if value is not None}
