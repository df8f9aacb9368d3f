"""Scrapy's downloader, with one fault mended: never more requests at a host than the settings allow."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from scrapy import Request
from scrapy.core.downloader import Downloader, Slot
from scrapy.http import Response
from twisted.internet.defer import Deferred


class CountingDownloader(Downloader):
    """Counts a request as on its way when its turn has come. Scrapy 2.19.0 counts it when the event loop gets round
    to it, and until then gives its place to another: with no delay to all that wait for the host, with
    a short one to whichever comes while the loop is busy."""

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)
