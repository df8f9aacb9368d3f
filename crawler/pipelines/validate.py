"""Validate: what is no usable article goes to `rejects` with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.items import Article, Reject
from crawler.pipelines.store import StorePipeline

_LONGEST_TITLE = 300
_LONGEST_BODY = 2_000_000


def fault_of(article: Any) -> tuple[str, str] | None:
    """`(reason, detail)` why an article (any item with its fields) can't be stored, or None where it can."""
    fields = ItemAdapter(article)
    title, body = fields.get("title"), fields.get("body") or ""
    if not title:
        return "no_title", "the page shows no headline"
    if len(title) > _LONGEST_TITLE:
        return "bad_title", f"the headline has {len(title)} characters: not a headline"
    if not body and not fields.get("images") and not fields.get("attachments") and not fields.get("tables"):
        return "no_body", "neither text nor image, table or attachment"
    if len(body) > _LONGEST_BODY:
        return "too_large", f"the text has {len(body)} characters"
    if (lost := (title + body).count("\ufffd")) > max(2, len(body) // 100):
        return "undecodable", f"{lost} characters could not be decoded"
    return None


class ValidatePipeline:
    """Drops articles with a fault, writing each to `rejects` (`rejects/<reason>` counts them)."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ValidatePipeline:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """The item where it is sound. Raises DropItem after recording the reject where it is not."""
        if not isinstance(item, Article) or (fault := fault_of(item)) is None:
            return item
        reason, detail = fault
        reject = Reject(item.url, reason, detail, item.site, item.section, item.run, datetime.now(UTC))
        if store := self.crawler.get_item_pipeline(StorePipeline):
            await store.process_item(reject)
        raise DropItem(f"{reason}: {detail}: {item.url}", log_level="INFO")
