"""Sends every request of a crawl to a replica of the sites, under the real addresses."""

from __future__ import annotations

import re
from typing import Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.httpobj import urlparse_cached

# Port 1 (tcpmux) has been served by nobody for decades, and opening it takes root.
_CLOSED = "http://127.0.0.1:1"


class ReplicaMiddleware:
    """Hands each request (robots.txt and redirects too) to the replica at the setting `REPLICA` ("127.0.0.1:PORT") as
    to a proxy, so that address, Host header and download slot stay those of the real site. Counts them as
    `replica/requests`. Requests for the hosts in `REPLICA_REFUSING` go where nobody listens. Not enabled where
    `REPLICA` is unset."""

    def __init__(self, crawler: Crawler, address: str) -> None:
        self.stats = crawler.stats
        self.proxy = f"http://{address}"
        self.refusing = frozenset(crawler.settings.getlist("REPLICA_REFUSING"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Raises NotConfigured without the setting, ValueError where it is no loopback address with a port."""
        address = crawler.settings.get("REPLICA")
        if not address:
            raise NotConfigured
        if not re.fullmatch(r"127\.0\.0\.1:\d{1,5}", address):
            raise ValueError(f"REPLICA must be 127.0.0.1:PORT, the address the replica prints, not {address!r}")
        return cls(crawler, address)

    def process_request(self, request: Request, spider: Spider | None = None) -> None:
        """Route `request` through the replica."""
        refuses = bool(self.refusing) and urlparse_cached(request).hostname in self.refusing
        request.meta["proxy"] = _CLOSED if refuses else self.proxy
        if self.stats:
            self.stats.inc_value("replica/requests")
