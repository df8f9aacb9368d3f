"""A host that does not answer is given up for the rest of a crawl: each further page would cost 30 s a try."""

from __future__ import annotations

import logging
from collections import Counter

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object

logger = logging.getLogger(__name__)


class HostGivenUp(IgnoreRequest):
    """The host of a request was given up."""


class GivingUpMiddleware:
    """Gives a host up after GIVE_UP_SILENT tries in a row without an answer, or GIVE_UP_ERRORS answers in a row that
    say the server failed (RETRY_HTTP_CODES); any other answer begins the count anew. The last try keeps its error and
    is not repeated; what is asked of the host from then on fails with HostGivenUp, also what waits for its turn.
    Counts `sites/given_up` (hosts) and `requests/given_up`. It stands nearer to the site than the retries: each try
    counts."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        settings = crawler.settings
        self.limits = {"silent": settings.getint("GIVE_UP_SILENT"), "errors": settings.getint("GIVE_UP_ERRORS")}
        self.silence = tuple(load_object(kind) for kind in settings.getlist("RETRY_EXCEPTIONS"))
        self.errors = {int(status) for status in settings.getlist("RETRY_HTTP_CODES")}
        self.failures: Counter[tuple[str, str]] = Counter()
        self.given_up: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GivingUpMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises HostGivenUp where the host was given up."""
        if why := self.given_up.get(_host(request)):
            raise self._refusal(why)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note an answer."""
        if response.status in self.errors:
            self._failed(request, "errors", f"it answers {response.status}")
        else:
            for kind in self.limits:
                self.failures.pop((_host(request), kind), None)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Note a try without an answer."""
        if isinstance(exception, self.silence):
            self._failed(request, "silent", type(exception).__name__)

    def _failed(self, request: Request, kind: str, why: str) -> None:
        host = _host(request)
        self.failures[host, kind] += 1
        if self.failures[host, kind] < self.limits[kind]:
            return
        request.meta["dont_retry"] = True
        if host not in self.given_up:
            self.given_up[host] = (
                f"{host} is given up for this crawl: {self.limits[kind]} tries in a row failed ({why})"
            )
            self.stats.inc_value("sites/given_up")
            logger.error("%s", self.given_up[host])
            self._drop_waiting(host)

    def _drop_waiting(self, host: str) -> None:
        """Fail what waits for its turn at the host: it has passed `process_request` already."""
        assert self.crawler.engine is not None
        slot = self.crawler.engine.downloader.slots.get(host)
        while slot and slot.queue:
            _, answer = slot.queue.popleft()
            answer.errback(self._refusal(self.given_up[host]))

    def _refusal(self, why: str) -> HostGivenUp:
        self.stats.inc_value("requests/given_up")
        return HostGivenUp(why)


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""
