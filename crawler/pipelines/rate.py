"""Rate: how much an article is about food safety; of sites that publish everything, only what concerns it goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.items import Article, Reject
from crawler.pipelines.store import StorePipeline
from crawler.text.relevance import Relevance, relevance


def rated(article: Article) -> Relevance:
    """The relevance of a clean article."""
    kind = (article.site or {}).get("kind")
    return relevance(article.title, article.body, section=article.section, source=article.source, kind=kind)


class RatePipeline:
    """Gives articles their `relevance`. Where the spider keeps only what is relevant (`relevant_from`), an article
    below goes to `rejects` as `irrelevant` with its score, so that no later crawl fetches it
    (`rejects/irrelevant` counts them)."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RatePipeline:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """The article rated; other items as they are. Raises DropItem after recording what is not kept."""
        if not isinstance(item, Article):
            return item
        rating = rated(item)
        item.relevance = rating.as_dict()
        threshold = self._threshold(item)
        if threshold is None or rating.score >= threshold:
            return item
        why = f"relevance {rating.score:.3f}, kept from {threshold:g} on: {item.title}"
        reject = Reject(item.url, "irrelevant", why, item.site, item.section, score=rating.score)
        reject.canonical_url, reject.seen_at = item.canonical_url, datetime.now(UTC)
        if store := self.crawler.get_item_pipeline(StorePipeline):
            await store.process_item(reject)
        raise DropItem(f"irrelevant: {why}: {item.url}", log_level="DEBUG")

    def _threshold(self, article: Article) -> float | None:
        """The relevance from which on the article is kept; `scrapy reparse` knows it of each."""
        wanted = getattr(self.crawler.spider, "relevance_wanted", None)
        return wanted(article) if wanted else getattr(self.crawler.spider, "relevant_from", None)
