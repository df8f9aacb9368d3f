"""The run log: one document in `runs` per crawl, written at its start and at its end."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from crawler.pipelines.store import StorePipeline

# The statistics worth keeping for months; the rest is Scrapy's own bookkeeping.
_KEPT = (
    "articles/",
    "rejects",
    "lists/",
    "links/",
    "sections/",
    "failures/",
    "store/",
    "retry/count",
    "httpcache/reval",
)
_COUNTED = ("downloader/request_count", "downloader/response_bytes", "log_count/ERROR")


class RunExtension:
    """Names the run (statistic `run_id`, field `run` of what it stores) and records it in the store: spider, arguments,
    sites, times (UTC), how it finished, counts. Without a store it only names the run."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.stats.set_value("run_id", self.run_id)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunExtension:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    async def spider_opened(self, spider: Spider) -> None:
        """Record the start."""
        if store := self._store():
            arguments = spider.args.model_dump(mode="json", exclude_defaults=True)  # type: ignore[attr-defined]
            await store.start_run(
                {
                    "_id": self.run_id,
                    "spider": spider.name,
                    "arguments": arguments,
                    "sites": [site.code for site in getattr(spider, "sites", ())],
                    "started_at": datetime.now(UTC),
                    "pid": os.getpid(),
                }
            )

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Record the end."""
        if store := self._store():
            await store.finish_run(
                self.run_id,
                {
                    "finished_at": datetime.now(UTC),
                    "finish_reason": reason,
                    "counts": counts_of(self.stats.get_stats()),
                },
            )

    def _store(self) -> Any:
        pipeline = self.crawler.get_item_pipeline(StorePipeline)
        return pipeline.store if pipeline else None


def counts_of(stats: dict[str, Any]) -> dict[str, int]:
    """The statistics of a crawl that a run keeps; dots, which MongoDB reads as paths, become dashes."""
    return {
        key.replace(".", "-"): value
        for key, value in stats.items()
        if isinstance(value, int) and (key.startswith(_KEPT) or key in _COUNTED)
    }
