"""Components that spare a crawl work nobody needs: half of a download's CPU time on pages of 45 KB."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Self

from scrapy import Request, signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.response.text import TextResponse
from scrapy.robotstxt import RobotParser
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

_HEAD = 4096
"""How far into a page Scrapy looks for a refresh."""


class RawBodyMiddleware:
    """Hands a compressed answer on as plain bytes (a `Response` without text), so that Scrapy 2.19.0 does not look for
    the character set of bytes that are still compressed. HttpCompressionMiddleware makes a text response of them again:
    this one's priority is just above."""

    def process_response(self, request: Request, response: Response) -> Response:
        """The response, as plain bytes where it is compressed."""
        if not isinstance(response, TextResponse) or b"Content-Encoding" not in response.headers:
            return response
        return Response(
            response.url,
            status=response.status,
            headers=response.headers,
            body=response.body,
            flags=response.flags,
            request=response.request,
            certificate=response.certificate,
            ip_address=response.ip_address,
            protocol=response.protocol,
        )


class CheapMetaRefreshMiddleware(MetaRefreshMiddleware):
    """Scrapy's, for pages that have a refresh: the others are not decoded a second time to find out."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response, or the request that its refresh asks for."""
        if b"refresh" not in response.body[:_HEAD].lower():
            return response
        return super().process_response(request, response)


class FastStats(MemoryStatsCollector):
    """Scrapy's, without what warns those who still pass a spider: in Scrapy 2.19.0 it is asked at each use of any
    attribute, and a count costs 1.6 µs instead of 0.1, fifteen times a page."""

    __getattribute__ = object.__getattribute__


class RareCollections:
    """Lets Python look for cyclic garbage every GC_THRESHOLD objects, for the whole process. By default it does so
    every 700, several times a page, and each time in vain: the trees of pages are freed by counting."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        gc.set_threshold(crawler.settings.getint("GC_THRESHOLD"), *gc.get_threshold()[1:])
        return cls()


# robots.txt for every request, those too that wait while it is being fetched.


def _brief(record: logging.LogRecord) -> bool:
    record.exc_info = None  # an unreachable host is no fault of the program: its sentence is enough
    return True


logging.getLogger(RobotsTxtMiddleware.__module__).addFilter(_brief)


class FixedRobotsTxtMiddleware(RobotsTxtMiddleware):
    """Scrapy's own, with one fault mended. In Scrapy 2.19.0 all requests that come while a host's robots.txt is on its
    way await one Deferred, and under the asyncio reactor the first to await it takes its result away: the others see no
    rules and are let through, whatever robots.txt says."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host; None where it has none."""
        pending = self._parsers.get(urlparse_cached(request).netloc)
        if not isinstance(pending, Deferred):
            return await super().robot_parser(request)
        mine: Deferred[RobotParser | None] = Deferred()

        def hand_on(rules: RobotParser | None) -> RobotParser | None:
            mine.callback(rules)
            return rules

        pending.addCallback(hand_on)
        return await maybe_deferred_to_future(mine)


# Scrapy's downloader, with two faults mended: a host never has more requests than the settings allow, and a crawl
# that is to end does not first fetch all that waits.


class FixedDownloader(Downloader):
    """Counts a request as on its way when its turn has come. Scrapy 2.19.0 counts it when the event loop gets round
    to it, and until then gives its place to another: with no delay to all that wait for the host, with
    a short one to whichever comes while the loop is busy.

    Once the crawl is to end (Ctrl-C, SIGTERM, a time limit, a lost store), the pages that wait for their turn at a host
    are left to the next crawl: a delay of some seconds each, they would hold the end up for minutes."""

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)

    def _process_queue(self, slot: Slot) -> None:
        if self._is_ending():
            waiting, slot.queue = slot.queue, deque()
            for request, answer in waiting:
                if request.errback is None:
                    slot.queue.append((request, answer))  # somebody awaits it: robots.txt, a home page
                    continue
                # Neither failed nor rejected: its section stays open.
                request.errback = None
                answer.errback(Failure(IgnoreRequest("the crawl is to end")))
        super()._process_queue(slot)

    def _is_ending(self) -> bool:
        engine = self.crawler.engine
        return engine is not None and engine._slot is not None and engine._slot.closing is not None


# One page after the other, with a look at everything else between them.


class YieldMiddleware:
    """Lets the event loop go round between two responses. Sixty that come at once would be read in one round of it, a
    third of a second in which no answer of the store or of a host is heard."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """What the callback gives, which begins its work when its turn has come."""
        async with self._turn:
            await asyncio.sleep(0)
        async for each in result:
            yield each


# The end that somebody asked for (Ctrl-C, SIGTERM), at whatever moment it is asked for.

LOOK_SECONDS = 0.02


class ShutdownFix:
    """Ends a crawl that was told to stop while it was still opening. Scrapy 2.19.0 notes the wish and starts the engine
    all the same; the crawl then goes on to its end, and after that waits for ever to be stopped."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    def engine_started(self) -> None:
        """Look again once the engine runs: from then on Scrapy stops it itself."""
        self.task = asyncio.ensure_future(self._heed())

    async def _heed(self) -> None:
        engine = self.crawler.engine
        assert engine is not None
        while engine.spider is not None and not engine.running:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(LOOK_SECONDS)
        if engine.running and not self.crawler.crawling:
            await engine.stop_async()
