"""Overrides of faults in Scrapy. Each class names the fault, the version it was seen in, and when it can be removed.

One more is in `storage/extension.py`, where it is needed: `engine_stopped` is sent before a crawl is really closed.
`crawler/docs/upstream/` has scripts that reproduce the two faults that change which requests are sent. What we do
differently by choice, and not because of a fault, is in the other modules of this package.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Self

from scrapy import Request, signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.response.text import TextResponse
from scrapy.robotstxt import RobotParser
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

POLL_SECONDS = 0.02
"""How often the engine's state is read while Scrapy has no signal for its change."""


class RawBodyMiddleware:
    """Passes a compressed response on as plain bytes (a `Response` without text).

    Fault: Scrapy runs charset detection over the body while it is still compressed, and again after decompression
    (2.1 ms a page). Seen in 2.19.0. Remove when the download handler no longer creates text responses for compressed
    bodies. Its priority is just above HttpCompressionMiddleware, which creates the text response."""

    def process_response(self, request: Request, response: Response) -> Response:
        """The response, as plain bytes if it is compressed."""
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


class FastStats(MemoryStatsCollector):
    """Scrapy's stats collector without its deprecation shim.

    Fault: the shim wraps every attribute access to warn callers that still pass a spider, so a count costs 1.6 µs
    instead of 0.1, fifteen times a page. Seen in 2.19.0. Remove when Scrapy drops the shim."""

    __getattribute__ = object.__getattribute__


class FixedRobotsTxtMiddleware(RobotsTxtMiddleware):
    """Applies robots.txt also to requests that arrive while it is being downloaded.

    Fault: all these requests await one Deferred. Under the asyncio reactor the first one takes its result and the
    others get None, which means "no rules": they are sent whatever robots.txt says. Seen in 2.19.0
    (`docs/upstream/robotstxt_shared_deferred.py`). Remove when each request gets the result."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._downloads: dict[str, asyncio.Task[RobotParser | None]] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host; None if it has none."""
        netloc = urlparse_cached(request).netloc
        if netloc not in self._downloads:
            self._downloads[netloc] = asyncio.ensure_future(self.download_rules(request))
        # A request that is cancelled must not cancel the download that others wait for.
        return await asyncio.shield(self._downloads[netloc])

    async def download_rules(self, request: Request) -> RobotParser | None:
        """Download and parse the robots.txt of the request's host."""
        return await super().robot_parser(request)


class FixedDownloader(Downloader):
    """Keeps to the concurrency per host, and ends a crawl without downloading its whole queue first.

    Fault 1: a request counts as being transferred only when the event loop first runs its coroutine. Until then its
    place is free, so a host gets more requests at once than CONCURRENT_REQUESTS_PER_DOMAIN allows. Seen in 2.19.0
    (`docs/upstream/downloader_transfers.py`). Remove when `_process_queue` counts what it takes from the queue.

    Fault 2: a crawl that is told to stop (Ctrl-C, SIGTERM, a time limit, a lost store) first downloads everything that
    waits in the downloader, a delay of some seconds each, and no signal is sent when the closing starts. Seen in
    2.19.0. Remove when Scrapy can drop queued requests at the end. Requests with an errback are dropped (neither failed
    nor rejected: the next crawl fetches them); a request without one is awaited by somebody (robots.txt) and stays."""

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)

    def _process_queue(self, slot: Slot) -> None:
        if self._is_closing():
            waiting, slot.queue = slot.queue, deque()
            for request, answer in waiting:
                if request.errback is None:
                    slot.queue.append((request, answer))
                    continue
                request.errback = None
                answer.errback(Failure(IgnoreRequest("the crawl is closing")))
        super()._process_queue(slot)

    def _is_closing(self) -> bool:
        engine = self.crawler.engine
        return engine is not None and engine._slot is not None and engine._slot.closing is not None


class ShutdownFix:
    """Stops a crawl that was told to stop while it was still opening.

    Fault: Scrapy notes the request to stop and starts the engine all the same; the crawl then runs to its end, and
    after that waits forever to be stopped. Seen in 2.19.0. Remove when the engine checks `crawler.crawling` after
    opening the spider."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    def engine_started(self) -> None:
        """Check once the engine is running: from then on Scrapy stops it itself."""
        self.task = asyncio.ensure_future(self._stop_if_asked())

    async def _stop_if_asked(self) -> None:
        engine = self.crawler.engine
        assert engine is not None
        while engine.spider is not None and not engine.running:  # noqa: ASYNC110 (there is no signal)
            await asyncio.sleep(POLL_SECONDS)
        if engine.running and not self.crawler.crawling:
            await engine.stop_async()
