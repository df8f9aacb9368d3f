"""Retries that wait: Scrapy's own ask again at once, which is what an overloaded county server needs least."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from functools import cached_property
from typing import Self

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object

from crawler.parsing.urls import other_scheme
from crawler.storage.crawl_state import crawl_state
from crawler.storage.extension import CrawlStore

logger = logging.getLogger(__name__)


class BackoffRetryMiddleware(RetryMiddleware):
    """RetryMiddleware that waits RETRY_BACKOFF_SECONDS before the first retry and twice as long before each further
    one, at least `Retry-After` (RFC 9110 §10.2.3, in seconds) and at most RETRY_BACKOFF_MAX_SECONDS."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.first_wait = settings.getfloat("RETRY_BACKOFF_SECONDS")
        self.longest_wait = settings.getfloat("RETRY_BACKOFF_MAX_SECONDS")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackoffRetryMiddleware:
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Hand on `response`, or after the wait a new request where its status is worth a retry."""
        result = super().process_response(request, response)
        if isinstance(result, Request):
            await self._wait(result, response.headers.get("Retry-After"))
        return result

    async def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        """A new request after the wait where `exception` is worth a retry, else None."""
        result = super().process_exception(request, exception)
        if isinstance(result, Request):
            await self._wait(result, None)
        return result

    async def _wait(self, request: Request, retry_after: bytes | None) -> None:
        seconds = self.first_wait * 2 ** (request.meta["retry_times"] - 1)
        if retry_after and retry_after.strip().isdigit():
            seconds = max(seconds, float(retry_after))
        await asyncio.sleep(min(seconds, self.longest_wait))


# A host that does not answer is given up for the rest of a crawl: each further page would cost 30 s a try.


class CircuitOpen(IgnoreRequest):
    """The host of a request was given up."""


class CircuitBreakerMiddleware:
    """Gives a host up after CIRCUIT_BREAKER_TIMEOUTS tries in a row without an answer, or CIRCUIT_BREAKER_ERRORS
    answers in a row that say the server failed (RETRY_HTTP_CODES); any other answer resets the count. The last
    try keeps its error and is not repeated; what is asked of the host from then on fails with CircuitOpen, also
    what waits for its turn. Counts `sites/given_up` (hosts) and `requests/given_up`. It stands nearer to the
    site than the retries: each try counts."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        settings = crawler.settings
        self.limits = {
            "silent": settings.getint("CIRCUIT_BREAKER_TIMEOUTS"),
            "errors": settings.getint("CIRCUIT_BREAKER_ERRORS"),
        }
        self.silence = tuple(load_object(kind) for kind in settings.getlist("RETRY_EXCEPTIONS"))
        self.errors = {int(status) for status in settings.getlist("RETRY_HTTP_CODES")}
        self.failures: Counter[tuple[str, str]] = Counter()
        self.given_up: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CircuitBreakerMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises CircuitOpen where the host was given up."""
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

    def _refusal(self, why: str) -> CircuitOpen:
        self.stats.inc_value("requests/given_up")
        return CircuitOpen(why)


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""


# http or https: where a host does not answer under one, it is asked under the other.

_SWITCHED = "other_scheme"


class SchemeMiddleware:
    """Sends a request whose host gives no answer (RETRY_EXCEPTIONS) under http or https to the other one, once, unless
    the host has answered under the first; where the other answers, all that follows goes there. Counts the hosts as
    `sites/scheme_switched`. It stands nearer to the site than the retries: a port that is closed stays closed."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats
        kinds = (load_object(kind) for kind in crawler.settings.getlist("RETRY_EXCEPTIONS"))
        self.silence = tuple(kind for kind in kinds if kind is not CannotResolveHostError)
        self.answering: dict[str, set[str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SchemeMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> Request | None:
        """The request under the scheme that the host answers, where it is the other one only."""
        host, scheme = _place(request)
        answering = self.answering.get(host)
        if not answering or scheme in answering or request.meta.get(_SWITCHED):
            return None
        return self._switched(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note which scheme the host answers."""
        host, scheme = _place(request)
        if host not in self.answering and request.meta.get(_SWITCHED):
            self.stats.inc_value("sites/scheme_switched")
            logger.warning("%s answers %s only: all its pages are asked for there", host, scheme)
        self.answering.setdefault(host, set()).add(scheme)
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The request under the other scheme, where this one may be closed for good."""
        if (
            not isinstance(exception, self.silence)
            or request.meta.get(_SWITCHED)
            or self.answering.get(_place(request)[0])
        ):
            return None
        return self._switched(request)

    @staticmethod
    def _switched(request: Request) -> Request | None:
        url = other_scheme(request.url)
        if url is None:
            return None
        return request.replace(url=url, dont_filter=True, meta={**request.meta, _SWITCHED: True})


def _place(request: Request) -> tuple[str, str]:
    parts = urlparse_cached(request)
    return parts.hostname or "", parts.scheme


# No request leaves for a site that somebody else may be crawling by now.


class LeaseMiddleware:
    """Before every request: is the site still ours? A process that slept or was cut off from the store finds out here,
    and its crawl ends with `lease_lost`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.ending: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @cached_property
    def crawl_store(self) -> CrawlStore | None:
        """The extension that holds the leases."""
        return self.crawler.get_extension(CrawlStore)

    async def process_request(self, request: Request) -> None:
        """Raises IgnoreRequest if the lease is lost."""
        leases = self.crawl_store.leases if self.crawl_store else None
        if leases is None or await leases.holds():
            return
        if self.ending is None:
            logger.error("Another process has taken over %s: this crawl ends", _names(self.crawler))
            assert self.crawler.engine is not None
            self.ending = asyncio.create_task(self.crawler.engine.close_spider_async(reason="lease_lost"))
        # Neither failed nor rejected: the page is left to whoever crawls the site now.
        request.errback = None
        raise IgnoreRequest("the lease of the site is lost")


def _names(crawler: Crawler) -> str:
    return "、".join(site.name for site in crawl_state(crawler).sites)
