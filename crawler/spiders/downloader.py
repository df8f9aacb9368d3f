"""Scrapy's downloader, with two faults mended: a host never has more requests than the settings allow, and a crawl that
is to end does not first fetch all that waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from typing import Any

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class CountingDownloader(Downloader):
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
