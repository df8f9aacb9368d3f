"""No page is read that would take hundreds of megabytes to read."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response


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
