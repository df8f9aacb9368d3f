"""What all spiders share: how an article is asked for, read, and joined from its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.items import Article, Reject
from crawler.parsing.article import Refusal
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import canonical_url
from crawler.pipelines.store import StorePipeline
from crawler.platforms.base import ListItem
from crawler.platforms.extract import join_parts, next_part, read_article
from crawler.sites.site import Site
from crawler.spiders.arguments import CrawlArguments
from crawler.spiders.failures import Failed, classify
from crawler.spiders.paging import Window
from crawler.spiders.sections import SectionCrawl
from crawler.storage.store import Store


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


class NewsSpider(Spider):
    """Base of the spiders. Subclasses say which pages; `parse_article` turns any article page into items."""

    args: CrawlArguments

    @property
    def window(self) -> Window:
        """The time the arguments ask for."""
        return Window(self.args.since, self.args.until)

    @property
    def store(self) -> Store | None:
        """The store articles go to, or None where the crawl has none (ITEM_PIPELINES without StorePipeline)."""
        pipeline = self.crawler.get_item_pipeline(StorePipeline)
        return pipeline.store if pipeline else None

    def count(self, key: str, by: int = 1) -> None:
        """Add to a statistic of the crawl."""
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(key, by)

    def article_request(
        self, url: str, site: Site | None, section: SectionCrawl | None = None, item: ListItem | None = None
    ) -> Request:
        """The request for an article, ahead of further list pages."""
        context: dict[str, Any] = {"link": url, "site": site, "section": section, "item": item, "parts": ()}
        return Request(
            url,
            callback=self.parse_article,
            errback=self.article_failed,
            cb_kwargs=context,
            meta={"dont_cache": True},
            priority=10,
            dont_filter=True,
        )

    async def parse_article(
        self,
        response: Response,
        link: str,
        site: Site | None,
        section: SectionCrawl | None,
        item: ListItem | None,
        parts: tuple[Article, ...],
    ) -> AsyncIterator[Any]:
        """An article page: yields the article, the request for its next part, or a reject."""
        now = datetime.now(UTC)
        page = page_of(response)
        result = read_article(page, site=site, now=now)
        if isinstance(result, Refusal) and not parts:
            self._answered(section, failed=result.reason in {"blocked", "needs_browser"})
            yield self._reject(link, result.reason, result.detail, site, section)
            return
        if isinstance(result, Article):
            parts = (*parts, result)
            further = next_part(page)
            if further and len(parts) < self.settings.getint("MAX_ARTICLE_PARTS"):
                context: dict[str, Any] = {"link": link, "site": site, "section": section, "item": item, "parts": parts}
                # `dont_filter` stays off: a pager that leads back to a part already read ends there.
                yield Request(
                    further,
                    callback=self.parse_article,
                    errback=self.article_failed,
                    cb_kwargs=context,
                    meta={"dont_cache": True},
                    priority=20,
                    dont_filter=True,
                )
                return
        for found in self._finish(link, parts, site, section, item, now):
            yield found

    def _finish(
        self,
        link: str,
        parts: tuple[Article, ...],
        site: Site | None,
        section: SectionCrawl | None,
        item: ListItem | None,
        now: datetime,
    ) -> list[Article]:
        """The whole article, unless its own date lies outside the window asked for."""
        article = join_parts(list(parts)) if len(parts) > 1 else parts[0]
        self._answered(section)
        if article.published_at is None and item and item.published_at:
            article.published_at, article.published_precision = item.published_at, item.precision
            article.provenance["published_at"] = "list"
        dated = ListItem(link, article.title or "", article.published_at, article.published_precision)
        if not self.window.holds(dated):
            self.count("articles/outside_window")
            return []
        article.canonical_url = canonical_url(link)
        article.site = site.as_publisher() if site else None
        article.section = section.section.name if section else article.section
        article.fetched_at = now
        return [article]

    def article_failed(self, failure: Failure) -> list[Reject | Article]:
        """The errback of an article: its parts so far are kept, a page without any becomes a reject."""
        context = failure.request.cb_kwargs  # type: ignore[attr-defined]
        problem = self._failed(failure)
        site, section = context["site"], context["section"]
        if context["parts"]:
            self.count("articles/cut_short")
            self.logger.warning("%s: a further part is missing: %s", context["link"], problem.detail)
            now = datetime.now(UTC)
            return list(self._finish(context["link"], context["parts"], site, section, context["item"], now))
        self._answered(section, failed=not problem.final)
        return [self._reject(context["link"], problem.reason, problem.detail, site, section)]

    def _failed(self, failure: Failure) -> Failed:
        assert failure.value is not None
        problem = classify(failure.value)
        self.count(f"failures/{problem.reason}")
        return problem

    @staticmethod
    def _answered(section: SectionCrawl | None, *, failed: bool = False) -> None:
        if section:
            section.waiting -= 1
            section.failures += failed

    @staticmethod
    def _reject(url: str, reason: str, detail: str | None, site: Site | None, section: SectionCrawl | None) -> Reject:
        return Reject(
            url=url,
            reason=reason,
            detail=detail,
            site=site.as_publisher() if site else None,
            section=section.section.name if section else None,
            seen_at=datetime.now(UTC),
        )
