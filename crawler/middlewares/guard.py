"""No request leaves for where a page, a redirect or a name server must not send the crawler."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver, dnscache
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

logger = logging.getLogger(__name__)


# Which addresses a crawl may ask: pure decisions over an address as text, and over an IP address.

PORTS = {"http": 80, "https": 443}
_LOCAL = re.compile(r"(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$")
# The URL standard reads a host as IPv4 where its last label is a number: decimal, octal or hexadecimal.
_NUMERIC = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", re.I)
_NAT64 = IPv6Network("64:ff9b::/96")

Ip = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Refusal:
    """Why an address is not asked: `reason` is one word (`foreign_scheme`, `credentials`, `odd_address`,
    `private_address`, `foreign_port`), `detail` a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Allowed:
    """What the setting GUARD_ALLOWED lets through although it is private or has a port of its own."""

    hosts: Collection[str] = frozenset()
    """Names or IP addresses, with every port, or `host:port`."""
    networks: tuple[object, ...] = field(default=())

    @classmethod
    def of(cls, entries: Iterable[str]) -> Allowed:
        """From `host`, `host:port` and `network/bits` entries. Raises ValueError for a network that is none."""
        rows = [entry.strip().lower() for entry in entries if entry.strip()]
        return cls(
            frozenset(row for row in rows if "/" not in row), tuple(ip_network(row) for row in rows if "/" in row)
        )

    def holds(self, host: str, port: int | None = None) -> bool:
        """Whether a host is allowed, whatever it resolves to."""
        return host in self.hosts or f"{host}:{port}" in self.hosts

    def names(self, host: str) -> bool:
        """Whether a host is allowed at some port at least."""
        return any(host in {entry, entry.rpartition(":")[0]} for entry in self.hosts)

    def holds_ip(self, ip: Ip) -> bool:
        """Whether an IP address lies in an allowed network."""
        return str(ip) in self.hosts or any(ip in network for network in self.networks)  # type: ignore[operator]


def is_public(ip: Ip) -> bool:
    """Whether an IP address is one of the internet: not private, loopback, link-local, carrier-grade NAT, multicast,
    reserved, documentation or unspecified, nor an IPv6 one that leads to such an IPv4 one."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inner is None and ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if int(ip) >> 32 == 0:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def literal(host: str) -> Ip | None:
    """The IP address that `host` is in its usual notation, or None for a name and for other notations."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def refusal(url: str, allowed: Allowed, trusted: Collection[tuple[str, int]] = ()) -> Refusal | None:
    """Why the crawl must not ask `url`, or None. `trusted` are the (host, port) pairs that the user or the registry
    named: their ports are not foreign. What a name resolves to is seen where the connection is made (`resolver.py`)."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return Refusal("odd_address", "the address can't be read")
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in PORTS:
        return Refusal("foreign_scheme", f"{parts.scheme}: is no scheme of the web")
    if not host:
        return Refusal("odd_address", "the address names no host")
    if parts.username or parts.password:
        return Refusal("credentials", "the address holds a user name or password")
    return None if allowed.holds(host, port) else _of_host(parts, host, port, allowed, trusted)


def _of_host(
    parts: SplitResult, host: str, port: int | None, allowed: Allowed, trusted: Collection[tuple[str, int]]
) -> Refusal | None:
    ip = literal(host)
    if ip is not None and not (is_public(ip) or allowed.holds_ip(ip)):
        return Refusal("private_address", f"{host} is no address of the internet")
    if ip is None and _NUMERIC.search(host):
        return Refusal("odd_address", f"{host} is an IP address in disguise")
    if ip is None and ("." not in host or _LOCAL.search(host)):
        return Refusal("private_address", f"{host} is a name of a local network")
    # A name that is allowed at one port may lead into a private network.
    if ip is None and allowed.names(host):
        return Refusal("foreign_port", f"{host} is allowed at other ports than {port}")
    if port != PORTS[parts.scheme] and (host, port) not in trusted:
        return Refusal("foreign_port", f"port {port} is not one of the web")
    return None


# Names are resolved for the crawl by this resolver, and by no other: what leads into a private network is refused.
# The check sits where a connection is made, on the very address that is connected to, so a name server that gives
# another answer the second time (DNS rebinding) gains nothing.

_MAX_REMEMBERED = 1000


class PrivateAddress(DNSLookupError):
    """A name resolves to an address that is not of the internet."""


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, refusing names whose address is not public, unless GUARD_ALLOWED or a proxy of the environment
    (HTTP_PROXY, …) names them. IP addresses pass: those of pages are checked by the middleware, and a proxy may have
    one. `refused` holds the last names and what they led to.

    Scrapy remembers answers for as long as the process lives; a worker that lives for months would never follow a site
    that moved, so they are forgotten every DNSCACHE_SECONDS."""

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.allowed = Allowed()
        self.proxies: frozenset[str] = frozenset()
        self.refused: dict[str, str] = {}
        self.keep_seconds = 0.0
        self._forget_at = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Raises ValueError where GUARD_ALLOWED holds a network that is none."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed = Allowed.of(crawler.settings.getlist("GUARD_ALLOWED"))
        addresses = [value if "//" in value else f"//{value}" for value in getproxies().values()]
        resolver.keep_seconds = crawler.settings.getfloat("DNSCACHE_SECONDS")
        resolver.proxies = frozenset(urlsplit(address).hostname or "" for address in addresses)
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        """The IPv4 address of a name. Fails with PrivateAddress."""
        if time.monotonic() >= self._forget_at:
            dnscache.clear()
            self._forget_at = time.monotonic() + self.keep_seconds
        answer = super().getHostByName(name, timeout)
        if literal(name) is None and not self.allowed.names(name.lower()) and name.lower() not in self.proxies:
            answer.addCallback(self._public, name)
        return answer

    def _public(self, address: str, name: str) -> str:
        ip = ip_address(address)
        if is_public(ip) or self.allowed.holds_ip(ip):
            self.refused.pop(name.lower(), None)
            return address
        if len(self.refused) >= _MAX_REMEMBERED:
            self.refused.clear()
        self.refused[name.lower()] = address
        raise PrivateAddress(f"{name} leads to {address}")


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


# No page is read that would take hundreds of megabytes to read.


class TooManyTags(IgnoreRequest):
    """A page with more tags than MAX_TAGS."""


def too_many_tags(body: bytes, most: int) -> str | None:
    """Why a page, unpacked, is not read where it has more tags than `most`; else None."""
    if len(body) > most and (tags := body.count(b"<")) > most:
        return f"the page has {tags:,} tags, more than MAX_TAGS"
    return None


class TagMiddleware:
    """Refuses pages of more than MAX_TAGS tags, however few bytes they are. It stands where pages come unpacked."""

    def __init__(self, most: int) -> None:
        self.most = most

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("MAX_TAGS"))

    def process_response(self, request: Request, response: Response) -> Response:
        """The response. Raises TooManyTags."""
        if refused := too_many_tags(response.body, self.most):
            raise TooManyTags(refused)
        return response
