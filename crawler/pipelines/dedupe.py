"""Dedupe: the keys by which the store tells the same page, the same text and a new version apart."""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter

from crawler.items import Article
from crawler.parsing.urls import canonical_url
from crawler.text.fingerprint import content_hash, fingerprint


class DedupePipeline:
    """Gives an article its canonical URL, content hash and fingerprint. The look-ups are the store's: it compares whole
    batches (`storage/writer.py`), so that no index of what is known lives in the crawler's memory."""

    def process_item(self, item: Any) -> Any:
        """The article with its keys; other items as they are."""
        if not isinstance(item, Article):
            return item
        fields = ItemAdapter(item)
        fields["canonical_url"] = fields["canonical_url"] or canonical_url(fields["url"])
        fields["content_hash"] = content_hash(fields["title"], fields["body"])
        fields["fingerprint"] = fingerprint(fields["title"], fields["body"])
        return item
