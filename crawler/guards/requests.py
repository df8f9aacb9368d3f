"""No request leaves for where a page, a redirect or a name server must not send the crawler."""

from __future__ import annotations

import logging
import math
import time
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached

from crawler.guards.addresses import PORTS, Allowed, Refusal, refusal
from crawler.guards.resolver import PublicResolver

logger = logging.getLogger(__name__)


class OutOfTime(IgnoreRequest):
    """A request of a site whose time is up."""


class Refused(IgnoreRequest):
    """A request that was not sent; `reason` is one word of `addresses.Refusal`."""

    def __init__(self, refused: Refusal) -> None:
        super().__init__(refused.detail)
        self.reason = refused.reason


class AddressMiddleware:
    """Refuses requests for private addresses, schemes that are not the web's, and ports of which neither the user nor
    the registry spoke, whoever asks for them: pages, redirects, robots.txt. Counts `guards/<reason>`."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats
        self.allowed = Allowed.of(crawler.settings.getlist("GUARD_ALLOWED"))
        self.trusted: set[tuple[str, int]] = set()
        _install_resolver(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises Refused, and OutOfTime after the request's `deadline` (meta, of the monotonic clock)."""
        if time.monotonic() > request.meta.get("deadline", math.inf):
            raise OutOfTime("the site's time is up (MAX_SITE_SECONDS)")
        if request.meta.get("is_start_request") and not request.meta.get("redirect_times"):
            self._trust(request)
        if refused := refusal(request.url, self.allowed, self.trusted):
            self.stats.inc_value(f"guards/{refused.reason}")
            logger.warning("Not asked for, because %s: %s", refused.detail, _shown(request.url))
            raise Refused(refused)

    def _trust(self, request: Request) -> None:
        parts = urlparse_cached(request)
        try:
            self.trusted.add(((parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)))
        except ValueError:
            return


class ResolutionMiddleware:
    """Tells a name that leads into a private network from one that doesn't resolve: it is not asked for again. Counts
    `guards/private_address`."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raises Refused where the resolver refused the host's address."""
        if not isinstance(exception, CannotResolveHostError):
            return
        from twisted.internet import reactor

        host = (urlparse_cached(request).hostname or "").lower()
        resolver = getattr(reactor, "resolver", None)
        address = resolver.refused.get(host) if isinstance(resolver, PublicResolver) else None
        if address:
            self.stats.inc_value("guards/private_address")
            logger.warning("Not asked for, because %s leads to %s: %s", host, address, _shown(request.url))
            raise Refused(Refusal("private_address", f"{host} leads to {address}, no address of the internet"))


def _install_resolver(crawler: Crawler) -> None:
    # `scrapy crawl` installs TWISTED_DNS_RESOLVER, a runner in a long-lived process does not.
    from twisted.internet import reactor

    if not isinstance(getattr(reactor, "resolver", None), PublicResolver):
        PublicResolver.from_crawler(crawler, reactor).install_on_reactor()


def _shown(url: str) -> str:
    """An address for the log: short, without user name and password."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"[:300]
