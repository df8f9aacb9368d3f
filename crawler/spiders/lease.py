"""No request leaves for a site that somebody else may be crawling by now."""

from __future__ import annotations

import asyncio
import logging
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from crawler.pipelines.tenure import TENURES

logger = logging.getLogger(__name__)


class LeaseMiddleware:
    """Before every request: is the site still ours? A process that slept or was cut off from the store finds out here,
    and its crawl ends with `lease_lost`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.ending: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raises IgnoreRequest where the lease is lost."""
        tenure = TENURES.get(self.crawler)
        if tenure is None or await tenure.holds():
            return
        if self.ending is None:
            logger.error("Another process has taken over %s: this crawl ends", _names(self.crawler))
            assert self.crawler.engine is not None
            self.ending = asyncio.create_task(self.crawler.engine.close_spider_async(reason="lease_lost"))
        # Neither failed nor rejected: the page is left to whoever crawls the site now.
        request.errback = None
        raise IgnoreRequest("the lease of the site is lost")


def _names(crawler: Crawler) -> str:
    return "、".join(site.name for site in getattr(crawler.spider, "sites", ()))
