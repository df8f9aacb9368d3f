"""Retries that wait: Scrapy's own ask again at once, which is what an overloaded county server needs least."""

from __future__ import annotations

import asyncio

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings


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
