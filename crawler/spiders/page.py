"""`page`: single articles by address, with the rules of their site if the registry has it, else the generic ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy_spider_metadata import Args

from crawler.parsing.urls import article_id, canonical_url
from crawler.sites.registry import load
from crawler.spiders.arguments import PageArguments
from crawler.spiders.base import ArticleRequest, NewsSpider


class PageSpider(Args[PageArguments], NewsSpider):
    """Scrapes single articles: `scrapy crawl page -a url=http://www.qingtian.gov.cn/art/….html`."""

    name = "page"
    params = PageArguments
    args: PageArguments

    async def start(self) -> AsyncIterator[Any]:
        """The articles at the given addresses, without those that are stored (unless `refresh`)."""
        registry = load()
        urls = {article_id(canonical_url(url)): url for url in self.args.url[: self.args.limit]}
        known = await self.store.known(urls) if self.store and not self.args.refresh else set()
        for key, url in urls.items():
            if key in known:
                self.count("links/known")
                self.logger.info("%s is stored already; add -a refresh=1 to fetch it again", url)
            else:
                yield self.article_request(url, ArticleRequest(url, registry.by_url(url)))
