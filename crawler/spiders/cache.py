"""The HTTP cache of list pages: it saves bytes, and never stands in for a site that doesn't answer."""

from __future__ import annotations

from typing import Any

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.extensions.httpcache import RFC2616Policy
from scrapy.http import Response


class RevalidatingPolicy(RFC2616Policy):
    """RFC2616Policy that takes the stored page for a 304 only; Scrapy's takes it for a server error too."""

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Whether the site said that its page is still the stored one."""
        return response.status == 304


class HonestCacheMiddleware(HttpCacheMiddleware):
    """Scrapy's cache without its recovery from errors: with the list of last week in place of an error, a site that is
    down would count as crawled, with nothing new."""

    def process_exception(self, request: Request, exception: Exception, spider: Spider | None = None) -> Any:
        """None: the error goes on, to the retries and then to the spider."""
        request.meta.pop("cached_response", None)
