"""An add-on of Scrapy for tests: hosts where nobody listens, although all requests go to one server.

Set it as ADDONS together with REFUSED_HOSTS, the names of the hosts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached

# Port 1 (tcpmux) has been served by nobody for decades, and opening it takes root.
CLOSED = "http://127.0.0.1:1"
AFTER_HTTP_PROXY = 760


def refuse(hosts: Iterable[str]) -> dict[str, Any]:
    """The settings that let every connection to `hosts` be refused."""
    return {"ADDONS": json.dumps({f"{__name__}.RefusedHosts": 1}), "REFUSED_HOSTS": ",".join(hosts)}


class RefusedHosts:
    """The add-on, and the downloader middleware that it adds."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self.hosts = frozenset(hosts)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getlist("REFUSED_HOSTS"))

    def update_settings(self, settings: BaseSettings) -> None:
        settings["DOWNLOADER_MIDDLEWARES"].set(type(self), AFTER_HTTP_PROXY, priority="addon")

    def process_request(self, request: Request) -> None:
        if urlparse_cached(request).hostname in self.hosts:
            request.meta["proxy"] = CLOSED
