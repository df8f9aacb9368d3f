"""What a site may expect of us: robots.txt, waits between retries, no requests to a host that is down or leased."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Self

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler, load_object
from twisted.internet.error import ConnectError, NoRouteError

from crawler.middlewares.scrapy_fixes import FixedRobotsTxtMiddleware
from crawler.parsing.urls import other_scheme
from crawler.storage.crawl_state import crawl_state
from crawler.storage.extension import CrawlStore

logger = logging.getLogger(__name__)

TOO_MANY_REQUESTS = 429


class RobotsDisallowed(IgnoreRequest):
    """A request that robots.txt forbids."""


class RobotsUnreachable(IgnoreRequest):
    """A request to a host whose robots.txt can't be read. `cause` is the download's error, or None if the host answered
    with a server error."""

    def __init__(self, detail: str, cause: Exception | None = None) -> None:
        super().__init__(detail)
        self.cause = cause


class RobotsMiddleware(FixedRobotsTxtMiddleware):
    """Obeys robots.txt as RFC 9309 says. A client error (4xx) means that there are no rules. If the server fails (5xx,
    429, or no answer at all), nothing is requested from the host; robots.txt is asked for again after
    ROBOTSTXT_RETRY_SECONDS. Raises RobotsDisallowed and RobotsUnreachable. Counts `robotstxt/…` as Scrapy does."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.retry_seconds = crawler.settings.getfloat("ROBOTSTXT_RETRY_SECONDS")
        self.unreachable: dict[str, tuple[float, RobotsUnreachable]] = {}
        """By host: until when (monotonic clock), and why."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host; None if it has none. Raises RobotsUnreachable."""
        netloc = urlparse_cached(request).netloc
        if netloc in self.unreachable and time.monotonic() > self.unreachable[netloc][0]:
            del self.unreachable[netloc], self._downloads[netloc]
        rules = await super().robot_parser(request)
        if netloc in self.unreachable:
            _, error = self.unreachable[netloc]
            raise RobotsUnreachable(str(error), error.cause) from error.cause
        return rules

    async def download_rules(self, request: Request) -> RobotParser | None:
        """Download and parse the robots.txt of the request's host."""
        url = urlparse_cached(request)
        assert self.crawler.engine is not None
        wanted = Request(
            f"{url.scheme}://{url.netloc}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            meta={"dont_obey_robotstxt": True},
            callback=NO_CALLBACK,
        )
        self._stats.inc_value("robotstxt/request_count")
        (answer,) = await asyncio.gather(self.crawler.engine.download_async(wanted), return_exceptions=True)
        if isinstance(answer, IgnoreRequest):
            return None  # our own guard or limit refused robots.txt: the host has no rules that we could read
        if isinstance(answer, Exception):
            self._stats.inc_value(f"robotstxt/exception_count/{type(answer)}")
            self._set_unreachable(url.netloc, RobotsUnreachable("its robots.txt gets no answer", answer))
            return None
        if isinstance(answer, BaseException):
            raise answer
        self._stats.inc_value("robotstxt/response_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{answer.status}")
        if answer.status >= 500 or answer.status == TOO_MANY_REQUESTS:
            detail = f"its robots.txt answers {answer.status}, so nothing else is requested for now (RFC 9309)"
            logger.warning("%s: %s", url.netloc, detail)
            self._set_unreachable(url.netloc, RobotsUnreachable(detail))
            return None
        if answer.status >= 400:
            return None
        return build_from_crawler(self._parserimpl, self.crawler, answer.body)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raises RobotsDisallowed if the rules forbid the request."""
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise RobotsDisallowed("robots.txt forbids this page") from error

    def _set_unreachable(self, netloc: str, error: RobotsUnreachable) -> None:
        self.unreachable[netloc] = (time.monotonic() + self.retry_seconds, error)


class BackoffRetryMiddleware(RetryMiddleware):
    """RetryMiddleware that waits: RETRY_BACKOFF_SECONDS before the first retry and twice as long before each further
    one, at least `Retry-After` (RFC 9110 §10.2.3) and at most RETRY_BACKOFF_MAX_SECONDS. Scrapy's own retries at once,
    which an overloaded server needs least."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.first_wait = settings.getfloat("RETRY_BACKOFF_SECONDS")
        self.max_wait = settings.getfloat("RETRY_BACKOFF_MAX_SECONDS")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler.settings)
        middleware.crawler = crawler
        return middleware

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response; or after the wait a new request, if its status is worth a retry."""
        result = super().process_response(request, response)
        if isinstance(result, Request):
            await self._wait(result, retry_after_seconds(response))
        return result

    async def process_exception(self, request: Request, exception: Exception) -> Request | Response | None:  # type: ignore[override]
        """A new request after the wait if the exception is worth a retry, else None."""
        result = super().process_exception(request, exception)
        if isinstance(result, Request):
            await self._wait(result, 0.0)
        return result

    async def _wait(self, request: Request, least_seconds: float) -> None:
        seconds = self.first_wait * 2 ** (request.meta["retry_times"] - 1)
        await asyncio.sleep(min(max(seconds, least_seconds), self.max_wait))


def retry_after_seconds(response: Response) -> float:
    """How long the server asks to wait, in seconds; 0 if it does not say or can't be understood. A date is compared
    with the response's own `Date`, so that neither clock need be right; without one, with our clock."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until = _parse_http_date(value)
    if until is None:
        return 0.0
    now = _parse_http_date((response.headers.get("Date") or b"").decode("latin-1")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _parse_http_date(text: str) -> datetime | None:
    """A date of RFC 9110 §5.6.7, in any of its three formats; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class CircuitOpen(IgnoreRequest):
    """A request to a host that does not answer."""


class CircuitBreakerMiddleware:
    """Stops requests to a host that does not answer, for the rest of the crawl: each further page would cost 30 s a
    try. The circuit opens after CIRCUIT_BREAKER_TIMEOUTS tries in a row without an answer, or CIRCUIT_BREAKER_ERRORS
    answers in a row that say the server failed (RETRY_HTTP_CODES); any other answer resets the count.

    The last try keeps its error and is not repeated. Later requests fail with CircuitOpen, those that already wait in
    the downloader when it is their turn (CircuitBreakerHandler). Counts `sites/given_up` (hosts) and
    `requests/given_up`. It stands closer to the site than the retries, so each try counts."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        settings = crawler.settings
        self.limits = {
            "timeouts": settings.getint("CIRCUIT_BREAKER_TIMEOUTS"),
            "errors": settings.getint("CIRCUIT_BREAKER_ERRORS"),
        }
        self.no_answer = tuple(load_object(kind) for kind in settings.getlist("RETRY_EXCEPTIONS"))
        self.error_statuses = {int(status) for status in settings.getlist("RETRY_HTTP_CODES")}
        self.failures: Counter[tuple[str, str]] = Counter()
        self.open: dict[str, str] = {}
        """Why the circuit is open, by host."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises CircuitOpen if the circuit of the host is open."""
        if reason := self.open.get(_host(request)):
            self.stats.inc_value("requests/given_up")
            raise CircuitOpen(reason)

    def process_response(self, request: Request, response: Response) -> Response:
        """Count an answer."""
        if response.status in self.error_statuses:
            self._count_failure(request, "errors", f"it answers {response.status}")
        else:
            for kind in self.limits:
                self.failures.pop((_host(request), kind), None)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a try without an answer."""
        if isinstance(exception, self.no_answer):
            self._count_failure(request, "timeouts", type(exception).__name__)

    def _count_failure(self, request: Request, kind: str, why: str) -> None:
        host = _host(request)
        self.failures[host, kind] += 1
        if self.failures[host, kind] < self.limits[kind]:
            return
        request.meta["dont_retry"] = True
        if host not in self.open:
            self.open[host] = (
                f"{host} gets no more requests in this crawl: {self.limits[kind]} tries in a row failed ({why})"
            )
            self.stats.inc_value("sites/given_up")
            logger.error("%s", self.open[host])
            self._end_waits(request)

    def _end_waits(self, request: Request) -> None:
        """Let the requests that wait in the downloader have their turn at once: none of them is sent."""
        assert self.crawler.engine is not None
        if slot := self.crawler.engine.downloader.slots.get(request.meta.get("download_slot", "")):
            slot.delay = 0.0


class CircuitBreakerHandler(HTTP11DownloadHandler):
    """The HTTP download handler, which asks the circuit breaker again right before a request is sent: the circuit may
    have opened while the request waited for its turn."""

    lazy = True  # the breaker exists only once the engine does

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.breaker = crawler.get_downloader_middleware(CircuitBreakerMiddleware)

    async def download_request(self, request: Request) -> Response:
        """The response. Raises CircuitOpen."""
        if self.breaker:
            self.breaker.process_request(request)
        return await super().download_request(request)


class SchemeMiddleware:
    """Sends a request that gets no answer (RETRY_EXCEPTIONS) to the other scheme, http or https, once, unless the host
    has answered under the first. If the other one answers, all later requests to the host use it. Counts the hosts as
    `sites/scheme_switched`. It stands closer to the site than the retries: a port that is closed stays closed."""

    SWITCHED = "scheme_switched"

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats
        kinds = (load_object(kind) for kind in crawler.settings.getlist("RETRY_EXCEPTIONS"))
        self.no_answer = tuple(kind for kind in kinds if kind is not CannotResolveHostError)
        self.answering: dict[str, set[str]] = {}
        """The schemes under which each host has answered."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> Request | None:
        """The request under the scheme that the host answers, if that is only the other one."""
        answering = self.answering.get(_host(request))
        if not answering or urlparse_cached(request).scheme in answering or request.meta.get(self.SWITCHED):
            return None
        return self._switch(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Remember which scheme the host answers."""
        host, scheme = _host(request), urlparse_cached(request).scheme
        if host not in self.answering and request.meta.get(self.SWITCHED):
            self.stats.inc_value("sites/scheme_switched")
            logger.warning("%s answers %s only: all its pages are requested there", host, scheme)
        self.answering.setdefault(host, set()).add(scheme)
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The request under the other scheme, if this one may be closed for good."""
        if not isinstance(exception, self.no_answer) or request.meta.get(self.SWITCHED):
            return None
        return None if self.answering.get(_host(request)) else self._switch(request)

    def _switch(self, request: Request) -> Request | None:
        url = other_scheme(request.url)
        if url is None:
            return None
        return request.replace(url=url, dont_filter=True, meta={**request.meta, self.SWITCHED: True})


class NetworkDownMiddleware:
    """Ends a crawl of several sites with the reason `network_down` if the crawler itself has no network: names don't
    resolve or there is no route, for MAX_HOSTS hosts (or all, if the crawl has fewer), and no host has ever answered.
    Otherwise each of thousands of sites would be recorded as broken. It stands further from the site than the retries:
    only a request whose retries have failed counts."""

    MAX_HOSTS = 5
    NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.has_network = False
        self.failed_hosts: set[str] = set()
        self.closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Remember that some host has answered."""
        self.has_network = True
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a host that can't be reached for a reason of our own network."""
        if self.has_network or self.closing or not self._is_local(exception):
            return
        self.failed_hosts.add(_host(request))
        sites = len(crawl_state(self.crawler).sites)
        if sites > 1 and len(self.failed_hosts) >= min(sites, self.MAX_HOSTS):
            logger.error(
                "The network of this machine seems to be down: none of %d hosts can be reached (%s). The crawl ends; "
                "the records of its sites are unchanged",
                len(self.failed_hosts),
                type(exception).__name__,
            )
            assert self.crawler.engine is not None
            self.closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="network_down"))

    def _is_local(self, exception: Exception) -> bool:
        if isinstance(exception, CannotResolveHostError | NoRouteError):
            return True
        return isinstance(exception, ConnectError) and exception.osError in self.NO_ROUTE


class LeaseMiddleware:
    """Checks before every request that this process still holds the lease of the site. A process that slept or lost the
    database finds out here, and its crawl ends with `lease_lost`."""

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
            names = "、".join(site.name for site in crawl_state(self.crawler).sites)
            logger.error("Another process has taken over %s: this crawl ends", names)
            assert self.crawler.engine is not None
            self.ending = asyncio.create_task(self.crawler.engine.close_spider_async(reason="lease_lost"))
        # Neither failed nor rejected: the page is left to the process that crawls the site now.
        request.errback = None
        raise IgnoreRequest("the lease of the site is lost")


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""
