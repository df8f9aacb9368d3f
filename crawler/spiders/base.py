"""What all spiders share: how an article is asked for, read, and joined from its parts."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple, Self, TypeVar

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler.errors import StoreError
from crawler.items import Article, Reject
from crawler.middlewares.guard import OutOfTime, Refused, TooManyTags
from crawler.middlewares.politeness import CircuitOpen
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rejection import PageRejection
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import ListItem
from crawler.platforms.reading import join_parts, next_part, read_article
from crawler.runs.site_stats import CrawlStats
from crawler.sites.site import Site
from crawler.spiders.arguments import CrawlArguments
from crawler.spiders.sections import SectionCrawl, Window
from crawler.storage.crawl_state import CrawlState
from crawler.storage.extension import CrawlStore
from crawler.storage.store import Store

# What a failed request means: a reason of the fixed vocabulary, a sentence, and whether asking again may help.

BLOCKED = {401, 403, 405, 412, 468, 521}
GONE = {404, 410}


class Failed(NamedTuple):
    """`reason` for stats and `rejects`; `final` where the site has given its answer, so that the page need not be
    asked for again at the next crawl."""

    reason: str
    detail: str
    final: bool


def classify(error: BaseException) -> Failed:
    """What `error`, raised for one request by the downloader or a middleware, means."""
    if isinstance(error, HttpError):
        return _of_status(error.response.status)
    if isinstance(error, DownloadCancelledError):
        return Failed("too_large", "the page is larger than DOWNLOAD_MAXSIZE", True)
    if isinstance(error, IgnoreRequest):
        return _ignored(error)
    if isinstance(error, DownloadTimeoutError | TimeoutError) or "Timeout" in type(error).__name__:
        return Failed("timeout", "no answer within DOWNLOAD_TIMEOUT", False)
    return Failed("unreachable", f"{type(error).__name__}: {error}"[:300], False)


def _of_status(status: int) -> Failed:
    if status in GONE:
        return Failed(f"http_{status}", f"the site answers {status}: the page is gone", True)
    if status in BLOCKED:
        return Failed("blocked", f"the site answers {status}: it refuses this crawler", False)
    return Failed(f"http_{status}", f"the site answers {status}", False)


def _ignored(error: IgnoreRequest) -> Failed:
    """A request that one of our own middlewares did not let through."""
    if isinstance(error, CircuitOpen):
        return Failed("given_up", str(error), False)
    if isinstance(error, OutOfTime):
        return Failed("out_of_time", str(error), False)
    if isinstance(error, Refused):
        return Failed(error.reason, f"the address is not asked for: {error}", True)
    text = str(error)
    if isinstance(error, TooManyTags):
        return Failed("too_large", text, True)
    if "robots.txt" in text:
        return Failed("robots", "robots.txt forbids this page", True)
    if "redirection" in text:
        return Failed("redirect_loop", "the page redirects in a circle or too often", True)
    if "DOWNLOAD_MAXSIZE" in text or "exceed" in text:
        return Failed("too_large", "the page unpacks to more than DOWNLOAD_MAXSIZE", True)
    return Failed("ignored", text or "a middleware refused the request", True)


Answer = TypeVar("Answer")


def page_of(response: Response, sent: PageRequest | None = None) -> Page:
    """The response as parsers see it."""
    header = response.headers.get("Content-Type")
    return Page.from_bytes(
        response.body,
        response.url,
        header.decode("latin-1") if header else None,
        sent=sent,
        status=response.status,
    )


@dataclass(frozen=True)
class ArticleRequest:
    """What is known of an article when its page is asked for, and the parts read so far."""

    link: str
    site: Site | None = None
    section: SectionCrawl | None = None
    item: ListItem | None = None
    parts: tuple[Article, ...] = ()

    def answered(self, *, failed: bool = False) -> None:
        """Tell the section that this article is settled."""
        if self.section:
            self.section.waiting -= 1
            self.section.failures += failed

    def described(self) -> dict[str, Any]:
        """What the archive notes beside the page, for `scrapy reparse`."""
        item = self.item
        return {
            "link": self.link,
            "site": self.site.code if self.site else None,
            "section": self.section.section.name if self.section else None,
            "listed_at": item.published_at.isoformat() if item and item.published_at else None,
            "precision": item.precision if item else None,
            "part": len(self.parts),
        }

    def reject(self, reason: str, detail: str | None) -> Reject:
        """The record of a page that gave no article."""
        return Reject(
            url=self.link,
            reason=reason,
            detail=detail,
            site=self.site.as_publisher() if self.site else None,
            section=self.section.section.name if self.section else None,
            seen_at=datetime.now(UTC),
        )


class NewsSpider(Spider):
    """Base of the spiders. Subclasses say which pages; `parse_article` turns any article page into items."""

    args: CrawlArguments
    keeps = "all"
    """What is stored where the argument `keep` is not given: `relevant` or `all`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.crawl_state = CrawlState(arguments=self.args.model_dump(mode="json", exclude_defaults=True))

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if (spider.args.keep or cls.keeps) == "relevant":
            spider.crawl_state.relevance_threshold = crawler.settings.getfloat("RELEVANCE_THRESHOLD")
        return spider

    def nothing_to_do(self) -> str | None:
        """Why the arguments leave nothing to crawl, or None."""
        return None

    @property
    def window(self) -> Window:
        """The time the arguments ask for."""
        return Window(self.args.since, self.args.until)

    @property
    def store(self) -> Store | None:
        """The store of the crawl, None if it has none (ITEM_PIPELINES without StorePipeline)."""
        extension = self.crawler.get_extension(CrawlStore)
        return extension.store if extension else None

    async def stored(self, answer: Awaitable[Answer]) -> Answer:
        """What the store answers. Raises CloseSpider, after one logged sentence, where it is lost for good."""
        try:
            return await answer
        except StoreError as error:
            self.logger.error("%s", error)
            raise CloseSpider("store_unavailable") from error

    @cached_property
    def crawl_stats(self) -> CrawlStats:
        """The counts of each site."""
        return self.crawler.get_extension(CrawlStats) or CrawlStats()

    def count(self, key: str, by: int = 1, site: Site | None = None) -> None:
        """Add to a statistic of the crawl, and of `site`."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key, by)
        if site:
            self.crawl_stats.count(site, key, by)

    def article_request(self, url: str, asked: ArticleRequest) -> Request:
        """The request for an article page, ahead of further list pages; further parts come first of all."""
        if asked.site and not asked.parts:
            self.crawl_stats.article_requested(asked.site)
        return Request(
            url,
            callback=self.parse_article,
            errback=self.article_failed,
            cb_kwargs={"asked": asked},
            meta={
                "dont_cache": True,
                "site": asked.site.code if asked.site else "",
                "deadline": asked.section.crawl.deadline if asked.section else math.inf,
            },
            priority=20 if asked.parts else 10,
            dont_filter=True,
        )

    def parse_article(self, response: Response, asked: ArticleRequest) -> Iterator[Any]:
        """An article page: yields the article, the request for its next part, or a reject. Not asynchronous, for it
        waits for nothing: each layer of Scrapy would wrap an asynchronous generator in another one."""
        now = response.meta.get("fetched_at") or datetime.now(UTC)
        page = page_of(response)
        result = read_article(page, site=asked.site, now=now)
        if asked.site and not asked.site.publishes(page.url):
            result = PageRejection("foreign", f"the address leads to another site: {page.url:.200}")
        if isinstance(result, PageRejection):
            if not asked.parts:
                asked.answered(failed=result.reason in {"blocked", "needs_browser"})
                yield asked.reject(result.reason, result.detail)
                return
        else:
            asked = replace(asked, parts=(*asked.parts, result))
            if further := self._next_part(page, asked):
                yield self.article_request(further, asked)
                return
        yield from self._finish(asked, now)

    def _next_part(self, page: Page, asked: ArticleRequest) -> str | None:
        """The address of the article's next part, unless the pager leads back or never ends."""
        further = next_part(page)
        read = {part.url for part in asked.parts} | {asked.link}
        if further is None or further in read:
            return None
        if len(asked.parts) >= self.settings.getint("MAX_ARTICLE_PARTS"):
            self.count("articles/cut_short", site=asked.site)
            self.logger.warning("%s: stopped after %d parts (MAX_ARTICLE_PARTS)", asked.link, len(asked.parts))
            return None
        return further

    def _finish(self, asked: ArticleRequest, now: datetime) -> list[Article]:
        """The whole article, unless its own date lies outside the window asked for."""
        article = join_parts(list(asked.parts)) if len(asked.parts) > 1 else asked.parts[0]
        asked.answered()
        if article.published_at is None and asked.item and asked.item.published_at:
            article.published_at, article.published_precision = asked.item.published_at, asked.item.precision
            article.provenance["published_at"] = "list"
        dated = ListItem(asked.link, article.title or "", article.published_at, article.published_precision)
        if not self.window.holds(dated):
            self.count("articles/outside_window", site=asked.site)
            if asked.site:
                self.crawl_stats.article_settled(asked.site)
            return []
        article.canonical_url = canonical_url(asked.link)
        article.site = asked.site.as_publisher() if asked.site else None
        article.section = asked.section.section.name if asked.section else article.section
        article.fetched_at = now
        return [article]

    def article_failed(self, failure: Failure) -> list[Reject | Article]:
        """The errback of an article: its parts so far are kept, a page without any becomes a reject."""
        asked: ArticleRequest = failure.request.cb_kwargs["asked"]  # type: ignore[attr-defined]
        problem = self.failed(failure, asked.site)
        if asked.parts:
            self.count("articles/cut_short", site=asked.site)
            self.logger.warning("%s: a further part is missing: %s", asked.link, problem.detail)
            return list(self._finish(asked, datetime.now(UTC)))
        asked.answered(failed=not problem.final)
        if problem.reason == "out_of_time":
            if asked.site:
                self.crawl_stats.article_settled(asked.site)
            return []
        return [asked.reject(problem.reason, problem.detail)]

    def failed(self, failure: Failure, site: Site | None = None) -> Failed:
        """What a failed request to `site` means, counted."""
        assert failure.value is not None
        problem = classify(failure.value)
        self.count(f"failures/{problem.reason}", site=site)
        return problem
