"""No page is read that would take hundreds of megabytes to read."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


class TooManyTags(IgnoreRequest):
    """A page with more tags than MAX_TAGS."""


class TagMiddleware:
    """Refuses pages of more than MAX_TAGS tags, however few bytes they are. It stands where pages come unpacked."""

    def __init__(self, most: int) -> None:
        self.most = most

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("MAX_TAGS"))

    def process_response(self, request: Request, response: Response) -> Response:
        """The response. Raises TooManyTags."""
        if len(response.body) > self.most and (tags := response.body.count(b"<")) > self.most:
            raise TooManyTags(f"the page has {tags:,} tags, more than MAX_TAGS")
        return response
