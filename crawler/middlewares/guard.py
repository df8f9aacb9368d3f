"""Which addresses a crawl may request: pages, redirects and name servers must not send it elsewhere.

`find_block_reason` decides by the address as text, and `PublicResolver` by the IP address that a name resolves to. The
second check happens where the connection is made, on the very address that is connected to, so a name server that
returns another answer the second time (DNS rebinding) gains nothing.
"""

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
from scrapy.resolver import CachingThreadedResolver, dnscache
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

logger = logging.getLogger(__name__)

PORTS = {"http": 80, "https": 443}
_LOCAL = re.compile(r"(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa)$")
# The URL standard reads a host as IPv4 where its last label is a number: decimal, octal or hexadecimal.
_NUMERIC = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", re.I)
_NAT64 = IPv6Network("64:ff9b::/96")

Ip = IPv4Address | IPv6Address


@dataclass(frozen=True)
class BlockReason:
    """Why an address is not requested: `reason` is one word (`foreign_scheme`, `credentials`, `odd_address`,
    `private_address`, `foreign_port`), `detail` a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Allowed:
    """What the setting GUARD_ALLOWED allows although it is private or has a port of its own."""

    hosts: Collection[str] = frozenset()
    """Names or IP addresses, with every port, or `host:port`."""
    networks: tuple[object, ...] = field(default=())

    @classmethod
    def from_entries(cls, entries: Iterable[str]) -> Allowed:
        """From `host`, `host:port` and `network/bits` entries. Raises ValueError for an entry that is not a network."""
        rows = [entry.strip().lower() for entry in entries if entry.strip()]
        return cls(
            frozenset(row for row in rows if "/" not in row), tuple(ip_network(row) for row in rows if "/" in row)
        )

    def includes(self, host: str, port: int | None = None) -> bool:
        """Whether a host is allowed at `port`, whatever it resolves to."""
        return host in self.hosts or f"{host}:{port}" in self.hosts

    def includes_name(self, host: str) -> bool:
        """Whether a host is allowed at some port at least."""
        return any(host in {entry, entry.rpartition(":")[0]} for entry in self.hosts)

    def includes_ip(self, ip: Ip) -> bool:
        """Whether an IP address lies in an allowed network."""
        return str(ip) in self.hosts or any(ip in network for network in self.networks)  # type: ignore[operator]


def is_public(ip: Ip) -> bool:
    """Whether an IP address is a public one: not private, loopback, link-local, carrier-grade NAT, multicast,
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


def parse_ip(host: str) -> Ip | None:
    """The IP address that `host` is in its usual notation, or None for a name and for other notations."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def find_block_reason(url: str, allowed: Allowed, trusted: Collection[tuple[str, int]] = ()) -> BlockReason | None:
    """Why the crawl must not request `url`, or None. `trusted` are the (host, port) pairs that the user or the registry
    named: their ports are not foreign."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return BlockReason("odd_address", "the address is malformed")
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme not in PORTS:
        return BlockReason("foreign_scheme", f"{parts.scheme}: is not a scheme of the web")
    if not host:
        return BlockReason("odd_address", "the address names no host")
    if parts.username or parts.password:
        return BlockReason("credentials", "the address holds a user name or password")
    return None if allowed.includes(host, port) else _of_host(parts, host, port, allowed, trusted)


def _of_host(
    parts: SplitResult, host: str, port: int | None, allowed: Allowed, trusted: Collection[tuple[str, int]]
) -> BlockReason | None:
    ip = parse_ip(host)
    if ip is not None and not (is_public(ip) or allowed.includes_ip(ip)):
        return BlockReason("private_address", f"{host} is not a public address")
    if ip is None and _NUMERIC.search(host):
        return BlockReason("odd_address", f"{host} is an IP address in disguise")
    if ip is None and ("." not in host or _LOCAL.search(host)):
        return BlockReason("private_address", f"{host} is a name of a local network")
    # A name that is allowed at one port may lead into a private network.
    if ip is None and allowed.includes_name(host):
        return BlockReason("foreign_port", f"{host} is allowed at other ports than {port}")
    if port != PORTS[parts.scheme] and (host, port) not in trusted:
        return BlockReason("foreign_port", f"port {port} is not one of the web")
    return None


_MAX_REFUSED_NAMES = 1000


class PrivateAddress(DNSLookupError):
    """A name resolves to an address that is not public."""


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, which refuses names whose address is not public, unless GUARD_ALLOWED or a proxy of the
    environment (HTTP_PROXY, …) names them. IP addresses pass: AddressMiddleware checks those of pages, and a proxy may
    have one. `refused` has the last names and what they resolved to.

    Scrapy caches answers for as long as the process lives, so a worker that lives for months would never follow a site
    that moved. Here the cache is cleared every DNSCACHE_SECONDS."""

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.allowed = Allowed()
        self.proxies: frozenset[str] = frozenset()
        self.refused: dict[str, str] = {}
        self.cache_seconds = 0.0
        self._clear_at = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Raises ValueError if GUARD_ALLOWED has an entry that is not a network."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed = Allowed.from_entries(crawler.settings.getlist("GUARD_ALLOWED"))
        addresses = [value if "//" in value else f"//{value}" for value in getproxies().values()]
        resolver.cache_seconds = crawler.settings.getfloat("DNSCACHE_SECONDS")
        resolver.proxies = frozenset(urlsplit(address).hostname or "" for address in addresses)
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        """The IPv4 address of a name. Fails with PrivateAddress."""
        if time.monotonic() >= self._clear_at:
            dnscache.clear()
            self._clear_at = time.monotonic() + self.cache_seconds
        answer = super().getHostByName(name, timeout)
        if parse_ip(name) is None and not self.allowed.includes_name(name.lower()) and name.lower() not in self.proxies:
            answer.addCallback(self._check_public, name)
        return answer

    def _check_public(self, address: str, name: str) -> str:
        ip = ip_address(address)
        if is_public(ip) or self.allowed.includes_ip(ip):
            self.refused.pop(name.lower(), None)
            return address
        if len(self.refused) >= _MAX_REFUSED_NAMES:
            self.refused.clear()
        self.refused[name.lower()] = address
        raise PrivateAddress(f"{name} resolves to {address}")


class OutOfTime(IgnoreRequest):
    """A request to a site whose time is up (MAX_SITE_SECONDS)."""


class BlockedURL(IgnoreRequest):
    """A request that is not sent because of its address; `reason` is one word of BlockReason."""

    def __init__(self, block: BlockReason) -> None:
        super().__init__(block.detail)
        self.reason = block.reason


class AddressMiddleware:
    """Blocks requests to private addresses, to schemes other than http and https, and to ports that neither the user
    nor the registry named, whatever they come from: pages, redirects, robots.txt. Counts `guards/<reason>`."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats
        self.allowed = Allowed.from_entries(crawler.settings.getlist("GUARD_ALLOWED"))
        self.trusted: set[tuple[str, int]] = set()
        _install_resolver(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises BlockedURL, and OutOfTime after the request's `deadline` (meta, on the monotonic clock)."""
        if time.monotonic() > request.meta.get("deadline", math.inf):
            raise OutOfTime("the site's time is up (MAX_SITE_SECONDS)")
        if request.meta.get("is_start_request") and not request.meta.get("redirect_times"):
            self._trust(request)
        if block := find_block_reason(request.url, self.allowed, self.trusted):
            self.stats.inc_value(f"guards/{block.reason}")
            logger.warning("Not requested, because %s: %s", block.detail, _redact(request.url))
            raise BlockedURL(block)

    def _trust(self, request: Request) -> None:
        parts = urlparse_cached(request)
        try:
            self.trusted.add(((parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)))
        except ValueError:
            return


class ResolutionMiddleware:
    """Distinguishes a name that resolves to a private address from one that does not resolve: it is not retried. Counts
    `guards/private_address`."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raises BlockedURL if the resolver refused the host's address."""
        if not isinstance(exception, CannotResolveHostError):
            return
        from twisted.internet import reactor

        host = (urlparse_cached(request).hostname or "").lower()
        resolver = getattr(reactor, "resolver", None)
        address = resolver.refused.get(host) if isinstance(resolver, PublicResolver) else None
        if address:
            self.stats.inc_value("guards/private_address")
            logger.warning("Not requested, because %s resolves to %s: %s", host, address, _redact(request.url))
            raise BlockedURL(BlockReason("private_address", f"{host} resolves to {address}, which is not public"))


def _install_resolver(crawler: Crawler) -> None:
    # `scrapy crawl` installs TWISTED_DNS_RESOLVER, a runner in a long-lived process does not.
    from twisted.internet import reactor

    if not isinstance(getattr(reactor, "resolver", None), PublicResolver):
        PublicResolver.from_crawler(crawler, reactor).install_on_reactor()


def _redact(url: str) -> str:
    """An address for the log: short, without user name and password."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"[:300]
