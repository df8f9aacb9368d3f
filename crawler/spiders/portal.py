"""`cfsn`: 中国食品安全网, both generations of its pages."""

from __future__ import annotations

from typing import Any

from scrapy_spider_metadata import Args

from crawler.sites.registry import load
from crawler.spiders.arguments import CrawlArguments
from crawler.spiders.lists import ListSpider


class CfsnSpider(Args[CrawlArguments], ListSpider):
    """Crawls every section of cfsn.cn in `sites/portal.toml`: `scrapy crawl cfsn -a since=7d`."""

    name = "cfsn"
    params = CrawlArguments

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.crawl_state.sites = list(load().find("cfsn"))
