"""Asking for single pages and waiting for them: what a survey of a site, and the commands that add one, need."""

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
from scrapy.settings import BaseSettings

from crawler.discovery.fixtures import Review, review_articles
from crawler.discovery.survey import SurveyResult, Unanswered, reject_foreign, survey_site
from crawler.parsing.page import Page, PageRequest
from crawler.sites.edit import match_page
from crawler.sites.registry import Registry
from crawler.sites.site import Site
from crawler.spiders.base import Failed, classify, page_of

Ask = Callable[[PageRequest], Awaitable[Response | Failed]]


async def ask(crawler: Crawler, wanted: PageRequest, meta: Mapping[str, Any] | None = None) -> Response | Failed:
    """The answer to one request of a running crawl, whatever its status, or why none came. It goes the way of all
    requests (robots.txt, delays, retries, limits) but for the scheduler: nothing that waits there holds it up. `meta`
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


class SurveySpider(Spider):
    """Does `work`, a piece of work that asks for pages, and ends. It has no name of its own: `scrapy crawl` does not
    know it."""

    def __init__(self, work: Callable[[Ask], Awaitable[None]], **kwargs: Any) -> None:
        super().__init__(name="survey", **kwargs)
        self.work = work

    async def start(self) -> AsyncIterator[Any]:
        """Do the work; there is nothing to schedule."""
        await self.work(lambda wanted: ask(self.crawler, wanted))
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request


def prepare(settings: BaseSettings) -> None:
    """Set what a survey needs: no store, no run log, no cache, and a log that speaks up only for faults."""
    quiet = {
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {},
        "HTTPCACHE_ENABLED": False,
        "RETRY_TIMES": min(settings.getint("RETRY_TIMES"), 1),
    }
    if settings.getpriority("LOG_LEVEL") != 40:
        quiet["LOG_LEVEL"] = "CRITICAL"
    settings.update(quiet, priority="cmdline")


def run(command: ScrapyCommand, work: Callable[[Ask], Awaitable[None]]) -> None:
    """Run `work` to its end in a crawl that `command` starts. What it raises is raised here."""
    process = command.crawler_process
    assert process is not None
    raised: list[BaseException] = []

    async def guarded(asking: Ask) -> None:
        (result,) = await asyncio.gather(work(asking), return_exceptions=True)
        if isinstance(result, BaseException):
            raised.append(result)

    process.crawl(SurveySpider, work=guarded)
    process.start()
    if raised:
        raise raised[0]


# One visit to a site: whose it is, its sections, a few of its articles, and the answers they were read from.

_GIVE = "give --code, and --name where the code is new"


@dataclass
class Visit:
    """What a visit to `url` brings. `site` is the one expected there, None where the page itself is to tell; after
    `work`, `surveyed` and `reviewed` hold what was found, and `answers` every answer by the address asked for and the
    one it came from."""

    url: str
    site: Site | None
    registry: Registry
    now: datetime
    surveyed: SurveyResult | None = None
    reviewed: Review | None = None
    answers: dict[str, Response] = field(default_factory=dict)
    asked: int = 0
    _asked: dict[PageRequest, Page | Unanswered] = field(default_factory=dict)

    async def work(self, ask: Ask) -> None:
        """Ask for the home page, recognise whose it is, and go on to sections and articles."""

        async def fetch(wanted: PageRequest) -> Page | Unanswered:
            if wanted not in self._asked:
                self._asked[wanted] = await self._answer(ask, wanted)
            return self._asked[wanted]

        if self.site is None:
            home = await fetch(PageRequest(self.url))
            self.site = match_page(home, self.registry) if isinstance(home, Page) else None
            if self.site is None and isinstance(home, Page) and home.status == 200 and not reject_foreign(home, None):
                self.surveyed = SurveyResult(
                    self.url, home, ("unknown_site", "nothing on it says whose site it is: " + _GIVE)
                )
                return
        known = self.site.sections if self.site else ()
        self.surveyed = await survey_site(fetch, self.url, self.site, self.now, known=known)
        if self.site is not None and self.surveyed.problem is None:
            self.reviewed = await review_articles(fetch, self.surveyed, self.site, self.now)

    async def _answer(self, ask: Ask, wanted: PageRequest) -> Page | Unanswered:
        answer = await ask(wanted)
        if not isinstance(answer, Response):
            return Unanswered(answer.reason, answer.detail)
        self.asked += 1
        self.answers[wanted.url] = self.answers[answer.url] = answer
        return page_of(answer, wanted)


def headers_of(answer: Response) -> dict[str, str]:
    """The headers of an answer, names in lower case, of a repeated one the first."""
    names = {name.decode("latin-1").lower(): answer.headers.get(name) for name in answer.headers}
    return {name: value.decode("latin-1") for name, value in names.items() if value is not None}
