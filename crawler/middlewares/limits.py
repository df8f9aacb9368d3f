"""Limits on what a site may send: redirects, decompressed bytes and tags. Each limit raises an error of its own."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware, RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

_META_REFRESH_BYTES = 4096
"""How far into a page Scrapy looks for a refresh."""


class TooManyRedirects(IgnoreRequest):
    """A page that redirects in a circle, or more than REDIRECT_MAX_TIMES times."""


class ResponseTooLarge(IgnoreRequest):
    """A response that decompresses to more than DOWNLOAD_MAXSIZE."""


class TooManyTags(IgnoreRequest):
    """A page with more tags than MAX_TAGS."""


class LimitedRedirectMiddleware(RedirectMiddleware):
    """RedirectMiddleware with an error type of its own: Scrapy's differs from others by its text only."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response, or the request for the address it redirects to. Raises TooManyRedirects."""
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise TooManyRedirects("the page redirects in a circle or too often") from error


class LimitedMetaRefreshMiddleware(MetaRefreshMiddleware):
    """MetaRefreshMiddleware that raises TooManyRedirects, and does not decode pages without a refresh."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response, or the request that its refresh asks for. Raises TooManyRedirects."""
        if b"refresh" not in response.body[:_META_REFRESH_BYTES].lower():
            return response
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise TooManyRedirects("the page redirects in a circle or too often") from error


class LimitedCompressionMiddleware(HttpCompressionMiddleware):
    """HttpCompressionMiddleware with an error type of its own."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The response, decompressed. Raises ResponseTooLarge."""
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise ResponseTooLarge("the page unpacks to more than DOWNLOAD_MAXSIZE") from error


def too_many_tags(body: bytes, max_tags: int) -> str | None:
    """Why a decompressed page is not parsed if it has more than `max_tags` tags; else None."""
    if len(body) > max_tags and (tags := body.count(b"<")) > max_tags:
        return f"the page has {tags:,} tags, more than MAX_TAGS"
    return None


class TagLimitMiddleware:
    """Refuses pages of more than MAX_TAGS tags, however few bytes they have: parsing one takes hundreds of megabytes.
    Its place is just after decompression."""

    def __init__(self, max_tags: int) -> None:
        self.max_tags = max_tags

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("MAX_TAGS"))

    def process_response(self, request: Request, response: Response) -> Response:
        """The response. Raises TooManyTags."""
        if reason := too_many_tags(response.body, self.max_tags):
            raise TooManyTags(reason)
        return response
