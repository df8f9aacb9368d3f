"""Names are resolved for the crawl by this resolver, and by no other: what leads into a private network is refused.

The check sits where a connection is made, on the very address that is connected to, so a name server that gives another
answer the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver, dnscache
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from crawler.guards.addresses import Allowed, is_public, literal

_MOST_REMEMBERED = 1000


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
        if len(self.refused) >= _MOST_REMEMBERED:
            self.refused.clear()
        self.refused[name.lower()] = address
        raise PrivateAddress(f"{name} leads to {address}")
