"""`county`: government sites of the registry, by code, name, pinyin or region."""

from __future__ import annotations

from typing import Any

from scrapy_spider_metadata import Args

from crawler.sites.registry import load
from crawler.spiders.arguments import SiteArguments
from crawler.spiders.lists import ListSpider


class CountySpider(Args[SiteArguments], ListSpider):
    """Crawls government sites of the registry: `scrapy crawl county -a site=qingtian,缙云县`."""

    name = "county"
    params = SiteArguments
    args: SiteArguments
    default_keep = "relevant"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        registry = load()
        found = {site.code: site for query in self.args.site for site in registry.find(query)}
        self.crawl_state.sites = list(found.values())
