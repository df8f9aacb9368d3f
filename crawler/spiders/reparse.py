"""Parsing archived pages again with today's rules: the items of a crawl without a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
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
from crawler.middlewares.archive import ArchivedResponse, ArchiveError, ArchiveReader
from crawler.middlewares.limits import too_many_tags
from crawler.parsing.article import PageRejection
from crawler.platforms.base import ListItem
from crawler.platforms.reading import read_article
from crawler.sites.registry import load
from crawler.sites.site import Section, Site
from crawler.spiders.base import ArticleRequest, NewsSpider, page_of
from crawler.spiders.sections import SectionCrawl, SiteCrawl
from crawler.storage.crawl_state import History
from crawler.storage.extension import CrawlStore

MAX_PENDING_ARTICLES = 300
"""Articles in the writer above which reading pauses: the store may be slower than the parser."""


class ReparseArguments(BaseModel):
    """The arguments of `scrapy reparse`."""

    archive: tuple[str, ...]
    site: tuple[str, ...] = ()
    dry_run: bool = False
    since: datetime | None = None
    until: datetime | None = None
    keep: str | None = None


class ReparseSpider(Args[ReparseArguments], NewsSpider):
    """Yields the articles of archived pages, parsed with today's rules, to the pipelines. The pages were fetched before
    (`CrawlState.is_reparse`), so no item replaces a version that was fetched later. Counts `reparse/pages`,
    `/refused/<reason>`, `/cut_short`, `/torn`."""

    name = "reparse"
    params = ReparseArguments
    args: ReparseArguments  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = ArchiveReader()
        self.reader.open(self.args.archive)
        self.registry = load()
        self.codes = {site.code for query in self.args.site for site in self.registry.find(query)}
        self.unfinished: dict[str, tuple[ArticleRequest, float | None]] = {}
        """Articles whose next part has not been read yet, by its address; with their relevance threshold."""
        self.crawl_state.is_reparse = True

    async def start(self) -> AsyncIterator[Any]:
        """The articles of the archives, in the order in which they were fetched."""
        decompress = HttpCompressionMiddleware.from_crawler(self.crawler)
        try:
            for archived in self.reader:
                for article in self._read(archived, decompress):
                    yield article
                    await self._wait_for_writer()
        except ArchiveError as error:
            self.logger.error("%s", error)
            self.count("reparse/unreadable")
        # The archive lacks a part: the article that is stored may be whole.
        self.count("reparse/cut_short", len(self.unfinished))
        self.count("reparse/torn", self.reader.torn)

    async def _wait_for_writer(self) -> None:
        extension = self.crawler.get_extension(CrawlStore)
        if extension and extension.writer and extension.writer.pending > MAX_PENDING_ARTICLES:
            await self.from_store(extension.writer.flush())

    def _read(self, archived: ArchivedResponse, decompress: HttpCompressionMiddleware) -> list[Article]:
        """The article that `archived` completes, if it does."""
        note = archived.note or {}
        if note.get("page", "article") != "article":
            return []
        address = str(note.get("address") or archived.url)
        request, threshold = self.unfinished.pop(address, (None, note.get("relevant_from")))
        if request is None and note.get("part"):
            self.count("reparse/orphan_parts")
            return []
        request = request or self._article_request(archived, note)
        if archived.status != 200 or (self.codes and not (request.site and request.site.code in self.codes)):
            return []
        try:
            response = _response(archived, decompress)
        except IgnoreRequest:
            response = None
        if response is None or too_many_tags(response.body, self.settings.getint("MAX_TAGS")):
            self.count("reparse/refused/too_large")
            return []
        page = page_of(response)
        self.count("reparse/pages")
        result = read_article(page, site=request.site, now=archived.fetched_at)
        if isinstance(result, PageRejection):
            # An archive has other pages than articles: list pages, and those of other tools.
            self.count(f"reparse/refused/{result.reason}" if archived.note else "reparse/no_article")
            if not request.parts:
                return []
        else:
            request = replace(request, parts=(*request.parts, result))
            if further := self._next_part(page, request):
                self.unfinished[further] = (request, threshold)
                return []
        articles = self._finish(request, archived.fetched_at)
        for article in articles:
            self.crawl_state.article_thresholds[article.canonical_url] = threshold
        return articles

    def _article_request(self, archived: ArchivedResponse, note: Mapping[str, Any]) -> ArticleRequest:
        """The context in which the page was fetched; `note` is what the archive has of it."""
        url = str(note.get("link") or archived.url)
        site = self._find_site(note.get("site"), url)
        section = None
        if site and (name := note.get("section")):
            section = SectionCrawl(SiteCrawl(site, None), Section(str(name), url), History())
        listed = note.get("listed_at")
        listed_at = datetime.fromisoformat(listed) if listed else None
        return ArticleRequest(url, site, section, ListItem(url, "", listed_at, note.get("precision")))

    def _find_site(self, code: str | None, url: str) -> Site | None:
        by_code = next((site for site in self.registry if site.code == code), None) if code else None
        return by_code or self.registry.by_url(url)


def _response(archived: ArchivedResponse, decompress: HttpCompressionMiddleware) -> Response:
    """The response as spiders see it. Raises IgnoreRequest if it unpacks to too much."""
    headers: dict[str, list[str]] = {}
    for name, value in archived.headers:
        headers.setdefault(name, []).append(value)
    raw = Response(archived.url, status=archived.status, headers=headers, body=archived.body)
    response = decompress.process_response(Request(archived.url), raw)
    assert isinstance(response, Response)
    return response
