"""Today's rules over archived pages: the items of a crawl without a request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy_spider_metadata import Args

from crawler.items import Article
from crawler.middlewares.archive import Archived, ArchiveError, ArchiveReader
from crawler.middlewares.guard import too_many_tags
from crawler.parsing.rejection import PageRejection
from crawler.platforms.base import ListItem
from crawler.platforms.reading import read_article
from crawler.sites.registry import load
from crawler.sites.site import Section, Site
from crawler.spiders.base import ArticleRequest, NewsSpider, page_of
from crawler.spiders.sections import History, SectionCrawl, SiteCrawl
from crawler.storage.extension import CrawlStore

MAX_WAITING = 300
"""Articles in the writer above which the reader waits: the store may be slower than the parser."""


class ReparseArguments(BaseModel):
    """What `scrapy reparse` takes."""

    archive: tuple[str, ...]
    site: tuple[str, ...] = ()
    dry_run: bool = False
    since: datetime | None = None
    until: datetime | None = None
    keep: str | None = None


class ReparseSpider(Args[ReparseArguments], NewsSpider):
    """Yields the articles of archived pages, read with today's rules, to the pipelines of a crawl; its items stand for
    pages that were fetched before (`is_reparse`), so that none replaces a version that was fetched later. Counts
    `reparse/pages`, `/refused/<reason>`, `/cut_short`, `/torn`."""

    name = "reparse"
    params = ReparseArguments
    args: ReparseArguments  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = ArchiveReader()
        self.reader.open(self.args.archive)
        self.registry = load()
        self.codes = {site.code for query in self.args.site for site in self.registry.find(query)}
        self.parts: dict[str, tuple[ArticleRequest, float | None]] = {}
        """Articles whose next part is still to come, by its address."""
        self.crawl_state.is_reparse = True

    async def start(self) -> AsyncIterator[Any]:
        """The articles of the archives, in the order in which they were fetched."""
        unpack = HttpCompressionMiddleware.from_crawler(self.crawler)
        try:
            for archived in self.reader:
                for article in self._read(archived, unpack):
                    yield article
                    await self._room()
        except ArchiveError as error:
            self.logger.error("%s", error)
            self.count("reparse/unreadable")
        # A part that never came: what is stored may be whole.
        self.count("reparse/cut_short", len(self.parts))
        self.count("reparse/torn", self.reader.torn)

    async def _room(self) -> None:
        extension = self.crawler.get_extension(CrawlStore)
        if extension and extension.writer and extension.writer.pending > MAX_WAITING:
            await self.stored(extension.writer.flush())

    def _read(self, archived: Archived, unpack: HttpCompressionMiddleware) -> list[Article]:
        """The article that `archived` completes, if it does."""
        told = archived.asked or {}
        if told.get("page", "article") != "article":
            return []
        address = str(told.get("address") or archived.url)
        asked, threshold = self.parts.pop(address, (None, told.get("relevant_from")))
        if asked is None and told.get("part"):
            self.count("reparse/orphan_parts")
            return []
        asked = asked or self._asked(archived, told)
        if archived.status != 200 or (self.codes and not (asked.site and asked.site.code in self.codes)):
            return []
        try:
            answer = _response(archived, unpack)
        except IgnoreRequest:
            answer = None
        if answer is None or too_many_tags(answer.body, self.settings.getint("MAX_TAGS")):
            self.count("reparse/refused/too_large")
            return []
        page = page_of(answer)
        self.count("reparse/pages")
        result = read_article(page, site=asked.site, now=archived.moment)
        if isinstance(result, PageRejection):
            # An archive of others, and of our lists, holds more than articles.
            self.count(f"reparse/refused/{result.reason}" if archived.asked else "reparse/no_article")
            if not asked.parts:
                return []
        else:
            asked = replace(asked, parts=(*asked.parts, result))
            if further := self._next_part(page, asked):
                self.parts[further] = (asked, threshold)
                return []
        return self._completed(asked, archived.moment, threshold)

    def _completed(self, asked: ArticleRequest, moment: datetime, threshold: float | None) -> list[Article]:
        articles = self._finish(asked, moment)
        for article in articles:
            self.crawl_state.article_thresholds[article.canonical_url] = threshold
        return articles

    def _asked(self, archived: Archived, told: dict[str, Any]) -> ArticleRequest:
        link = str(told.get("link") or archived.url)
        site = self._site(told.get("site"), link)
        section = None
        if site and (name := told.get("section")):
            section = SectionCrawl(SiteCrawl(site, None), Section(str(name), link), History())
        listed = told.get("listed_at")
        moment = datetime.fromisoformat(listed) if listed else None
        return ArticleRequest(link, site, section, ListItem(link, "", moment, told.get("precision")))

    def _site(self, code: str | None, link: str) -> Site | None:
        by_code = next((site for site in self.registry if site.code == code), None) if code else None
        return by_code or self.registry.by_url(link)


def _response(archived: Archived, unpack: HttpCompressionMiddleware) -> Response:
    """The response as spiders see it. Raises IgnoreRequest where it unpacks to too much."""
    headers: dict[str, list[str]] = {}
    for name, value in archived.headers:
        headers.setdefault(name, []).append(value)
    raw = Response(archived.url, status=archived.status, headers=headers, body=archived.body)
    answer = unpack.process_response(Request(archived.url), raw)
    assert isinstance(answer, Response)
    return answer
