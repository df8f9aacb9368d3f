"""What all spiders share: requesting an article, reading it, and joining its parts."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple, Self, TypeVar

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import TCPTimedOutError
from twisted.python.failure import Failure

from crawler.errors import StoreError
from crawler.items import Article, Reject, StoredDoubt
from crawler.middlewares.guard import BlockedURL, OutOfTime
from crawler.middlewares.limits import ResponseTooLarge, TooManyRedirects, TooManyTags
from crawler.middlewares.politeness import CircuitOpen, RobotsDisallowed, RobotsUnreachable
from crawler.parsing.article import PageRejection
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import ListItem
from crawler.platforms.reading import join_parts, next_part, read_article
from crawler.runs.second_opinion import compare_with_list
from crawler.runs.site_stats import CrawlStats
from crawler.sites.registry import load
from crawler.sites.site import Site
from crawler.spiders.arguments import CrawlArguments
from crawler.spiders.sections import SectionCrawl, Window
from crawler.storage.crawl_state import CrawlState
from crawler.storage.extension import CrawlStore
from crawler.storage.store import Store

# --- What a failed request means: a reason of a fixed vocabulary, and whether to try again ---

BLOCKED_STATUSES = frozenset({401, 403, 405, 412, 468, 521})
"""Statuses by which a site, or the firewall in front of it, refuses a crawler."""
GONE_STATUSES = frozenset({404, 410})

HOST_REASONS = frozenset({"given_up", "robots_unreachable", "timeout", "unreachable"})
"""Reasons that concern the whole host, not one page."""


class Failed(NamedTuple):
    """`reason` is a word for statistics and `rejects`, `detail` a sentence. `final`: the site has given its answer, so
    the next crawl need not request the page again."""

    reason: str
    detail: str
    final: bool


_REASONS: tuple[tuple[type[IgnoreRequest] | tuple[type[IgnoreRequest], ...], str, bool], ...] = (
    (CircuitOpen, "given_up", False),
    (OutOfTime, "out_of_time", False),
    (RobotsDisallowed, "robots", True),
    (TooManyRedirects, "redirect_loop", True),
    ((ResponseTooLarge, TooManyTags), "too_large", True),
    (IgnoreRequest, "ignored", True),
)
"""Errors of our own middlewares, special ones first: the reason, and whether it is final."""


def classify(error: BaseException) -> Failed:
    """What `error`, raised for one request by the downloader or a middleware, means. Only its type counts."""
    if isinstance(error, HttpError):
        return _classify_status(error.response.status)
    if isinstance(error, RobotsUnreachable):
        return classify(error.cause) if error.cause else Failed("robots_unreachable", str(error), False)
    if isinstance(error, BlockedURL):
        return Failed(error.reason, f"the address is not requested: {error}", True)
    for kinds, reason, final in _REASONS:
        if isinstance(error, kinds):
            return Failed(reason, str(error) or "a middleware refused the request", final)
    if isinstance(error, DownloadCancelledError):
        return Failed("too_large", "the page is larger than DOWNLOAD_MAXSIZE", True)
    if isinstance(error, DownloadTimeoutError | TimeoutError | TCPTimedOutError):
        return Failed("timeout", "no answer within DOWNLOAD_TIMEOUT", False)
    return Failed("unreachable", f"{type(error).__name__}: {error}"[:300], False)


def _classify_status(status: int) -> Failed:
    if status in GONE_STATUSES:
        return Failed(f"http_{status}", f"the site answers {status}: the page is gone", True)
    if status in BLOCKED_STATUSES:
        return Failed("blocked", f"the site answers {status}: it refuses this crawler", False)
    return Failed(f"http_{status}", f"the site answers {status}", False)


Answer = TypeVar("Answer")


def page_of(response: Response, sent: PageRequest | None = None) -> Page:
    """The response as parsers see it; `sent` is the request of a list page."""
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
    """The context of a request for an article page: what is known of the article, and the parts read so far. It is the
    `article` of the request's `cb_kwargs`."""

    url: str
    site: Site | None = None
    section: SectionCrawl | None = None
    item: ListItem | None = None
    parts: tuple[Article, ...] = ()

    def done(self, *, failed: bool = False) -> None:
        """Note in the section that nothing more of this article will be requested."""
        if self.section:
            self.section.waiting -= 1
            self.section.failures += failed

    def to_archive(self) -> dict[str, Any]:
        """What the archive stores beside the page, for `scrapy reparse`."""
        item = self.item
        return {
            "link": self.url,
            "site": self.site.code if self.site else None,
            "section": self.section.section.name if self.section else None,
            "listed_at": item.published_at.isoformat() if item and item.published_at else None,
            "precision": item.precision if item else None,
            "part": len(self.parts),
        }

    def reject(self, reason: str, detail: str | None) -> Reject:
        """The record of a page that yields no article."""
        return Reject(
            url=self.url,
            reason=reason,
            detail=detail,
            site=self.site.as_publisher() if self.site else None,
            section=self.section.section.name if self.section else None,
            seen_at=datetime.now(UTC),
        )


class NewsSpider(Spider):
    """Base of the spiders. Subclasses decide which pages; `parse_article` turns an article page into items."""

    args: CrawlArguments
    default_keep = "all"
    """What is stored if the argument `keep` is not given: `relevant` or `all`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.crawl_state = CrawlState(arguments=self.args.model_dump(mode="json", exclude_defaults=True))

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if (spider.args.keep or cls.default_keep) == "relevant":
            spider.crawl_state.relevance_threshold = crawler.settings.getfloat("RELEVANCE_THRESHOLD")
        crawler.signals.connect(spider.on_spider_error, signal=signals.spider_error)
        crawler.signals.connect(spider.on_item_error, signal=signals.item_error)
        return spider

    def nothing_to_do(self) -> str | None:
        """Why the arguments leave nothing to crawl, or None."""
        return None

    @property
    def window(self) -> Window:
        """The period that the arguments ask for."""
        return Window(self.args.since, self.args.until)

    @property
    def store(self) -> Store | None:
        """The store of this crawl, or None if it has none (ITEM_PIPELINES without StorePipeline)."""
        extension = self.crawler.get_extension(CrawlStore)
        return extension.store if extension else None

    async def from_store(self, answer: Awaitable[Answer]) -> Answer:
        """What the store answers. Raises CloseSpider, after one line in the log, if the store is lost for good."""
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

    def article_request(self, url: str, article: ArticleRequest) -> Request:
        """The request for an article page. It goes before further list pages, and further parts before all others."""
        if article.site and not article.parts:
            self.crawl_stats.article_requested(article.site)
        return Request(
            url,
            callback=self.parse_article,
            errback=self.article_failed,
            cb_kwargs={"article": article},
            meta={
                "dont_cache": True,
                "site": article.site.code if article.site else "",
                "deadline": article.section.crawl.deadline if article.section else math.inf,
            },
            priority=20 if article.parts else 10,
            dont_filter=True,
        )

    def parse(self, response: Response, **kwargs: Any) -> Any:
        """The callback that `scrapy parse` uses by default: an article page."""
        return self.parse_article(response)

    def parse_article(self, response: Response, article: ArticleRequest | None = None) -> Iterator[Any]:
        """An article page: yields the article, the request for its next part, or a reject. Not asynchronous, because it
        awaits nothing and each layer of Scrapy would wrap an asynchronous generator in another one. Without `article`
        (`scrapy parse`) the site is found by the address."""
        article = article or ArticleRequest(response.url, load().by_url(response.url))
        now = response.meta.get("fetched_at") or datetime.now(UTC)
        page = page_of(response)
        result = read_article(page, site=article.site, now=now)
        if article.site and not article.site.publishes(page.url):
            result = PageRejection("foreign", f"the address leads to another site: {page.url:.200}")
        if isinstance(result, PageRejection):
            if not article.parts:
                article.done(failed=result.reason in {"blocked", "needs_browser"})
                yield article.reject(result.reason, result.detail)
                return
        else:
            article = replace(article, parts=(*article.parts, result))
            if further := self._next_part(page, article):
                yield self.article_request(further, article)
                return
        yield from self._finish(article, now)

    def _next_part(self, page: Page, article: ArticleRequest) -> str | None:
        """The address of the article's next part, unless the pager leads back or never ends."""
        further = next_part(page)
        read = {part.url for part in article.parts} | {article.url}
        if further is None or further in read:
            return None
        if len(article.parts) >= self.settings.getint("MAX_ARTICLE_PARTS"):
            self.count("articles/cut_short", site=article.site)
            self.logger.warning("%s: stopped after %d parts (MAX_ARTICLE_PARTS)", article.url, len(article.parts))
            return None
        return further

    def _finish(self, request: ArticleRequest, now: datetime) -> list[Article]:
        """The whole article, unless its own date lies outside the window."""
        article = join_parts(list(request.parts)) if len(request.parts) > 1 else request.parts[0]
        request.done()
        if article.published_at is None and request.item and request.item.published_at:
            article.published_at, article.published_precision = request.item.published_at, request.item.precision
            article.provenance["published_at"] = "list"
        if request.item:
            listed = request.item
            doubts = compare_with_list(article, listed.title, listed.published_at, listed.precision, now)
            article.doubts = [StoredDoubt(doubt.kind, doubt.evidence) for doubt in doubts]
        dated = ListItem(request.url, article.title or "", article.published_at, article.published_precision)
        if not self.window.includes(dated):
            self.count("articles/outside_window", site=request.site)
            self._settle(request.site)
            return []
        article.canonical_url = canonical_url(request.url)
        article.site = request.site.as_publisher() if request.site else None
        article.section = request.section.section.name if request.section else article.section
        article.fetched_at = now
        return [article]

    def article_failed(self, failure: Failure) -> list[Reject | Article]:
        """The errback of an article: parts that were read are kept; without any, the page becomes a reject."""
        article: ArticleRequest = failure.request.cb_kwargs["article"]  # type: ignore[attr-defined]
        problem = self.classify_failure(failure, article.site)
        if article.parts:
            self.count("articles/cut_short", site=article.site)
            self.logger.warning("%s: a further part is missing: %s", article.url, problem.detail)
            return list(self._finish(article, datetime.now(UTC)))
        article.done(failed=not problem.final)
        if problem.reason == "out_of_time":
            self._settle(article.site)
            return []
        return [article.reject(problem.reason, problem.detail)]

    def classify_failure(self, failure: Failure, site: Site | None = None) -> Failed:
        """What a failed request to `site` means; counted as `failures/<reason>`."""
        assert failure.value is not None
        problem = classify(failure.value)
        self.count(f"failures/{problem.reason}", site=site)
        return problem

    def on_spider_error(self, response: Response | Failure) -> None:
        """A callback or errback raised (signal `spider_error`): no item will come, so the article is settled here and
        its site can still finish. Scrapy logs the error, and CrawlStats counts it."""
        article = response.request.cb_kwargs.get("article")  # type: ignore[union-attr]
        if isinstance(article, ArticleRequest):
            article.done(failed=True)
            self._settle(article.site)

    def on_item_error(self, item: Any) -> None:
        """A pipeline raised (signal `item_error`): the item is not stored, so the article is settled here."""
        code = item.site["code"] if isinstance(item, Article | Reject) and item.site else None
        self._settle(next((site for site in self.crawl_state.sites if site.code == code), None))

    def _settle(self, site: Site | None) -> None:
        """Note that a requested article of `site` needs no storing."""
        if site:
            self.crawl_stats.article_settled(site)
