"""Asking for single pages and waiting for them: what a survey of a site, and the commands that add one, need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from scrapy import Request, Spider
from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings

from crawler.parsing.page import PageRequest
from crawler.spiders.failures import Failed, classify

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
