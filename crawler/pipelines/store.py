"""Store: articles and rejects into MongoDB, in batches."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itemadapter import ItemAdapter
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem

from crawler.items import Article, Reject
from crawler.parsing.urls import article_id
from crawler.runs.accounts import Accounts
from crawler.pipelines import tenure
from crawler.storage.errors import StoreError
from crawler.storage.mongo import open_store
from crawler.storage.store import Store
from crawler.storage.writer import ArticleWriter

logger = logging.getLogger(__name__)


class StorePipeline:
    """Hands articles and rejects to the batch writer. Counts what became of each: `articles/new`, `/unchanged`,
    `/changed`, `/duplicate`, `/reprint`, `rejects` and `rejects/<reason>`. Where the store goes away for longer than
    STORE_RETRY_SECONDS the crawl ends with `store_unavailable`; what it held is fetched again by the next one."""

    store: Store | None = None
    writer: ArticleWriter | None = None
    accounts: Accounts | None = None
    ending: asyncio.Future[None] | None = None

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.settings = crawler.settings

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        pipeline = cls(crawler)
        # Later than close_spider and spider_closed: the run's last record still needs the store.
        crawler.signals.connect(pipeline._disconnect, signal=signals.engine_stopped)
        return pipeline

    async def open_spider(self) -> None:
        """Connect; raises CloseSpider after one logged sentence where the store can't be reached."""
        self.accounts = self.crawler.get_extension(Accounts)
        try:
            self.store = await open_store(
                self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"], Path(self.settings["DATA_DIR"])
            )
            began = await tenure.begin(self.crawler, self.store)
        except StoreError as error:
            logger.error("%s", error)
            raise CloseSpider("store_unavailable") from error
        if not began:
            raise CloseSpider("held_elsewhere")
        self.writer = ArticleWriter(
            self.store,
            max_items=self.settings.getint("STORE_BATCH_ITEMS"),
            max_seconds=self.settings.getfloat("STORE_BATCH_SECONDS"),
            retry_seconds=self.settings.getfloat("STORE_RETRY_SECONDS"),
            on_outcome=self._count,
        )

    async def process_item(self, item: Any) -> Any:
        """The item, once the writer holds it. Raises DropItem for rejects and where the store is lost."""
        if self.writer is None:
            raise DropItem("no store", log_level="DEBUG")
        fields = ItemAdapter(item)
        try:
            if isinstance(item, Article):
                fields["run"] = self.stats.get_value("run_id")
                await self.writer.add({"_id": article_id(fields["canonical_url"]), **fields.asdict()})
            elif isinstance(item, Reject):
                fields["run"] = self.stats.get_value("run_id")
                await self.writer.add_reject(fields.asdict())
        except StoreError as error:
            self._lost(error)
            self._end_crawl()
            raise DropItem(f"not stored: {fields['url']}", log_level="ERROR") from error
        return item

    async def close_spider(self) -> None:
        """Flush, then write down which sections were walked to their end."""
        if self.writer is None:
            return
        try:
            await self.writer.close()
            await self._remember_sections()
        except StoreError as error:
            self._lost(error)

    async def _disconnect(self) -> None:
        if self.store is not None:
            await tenure.end(self.crawler)
            await self.store.close()

    async def _remember_sections(self) -> None:
        """Only now is everything the sections gave in the store, so only now may they count as complete."""
        spider, now = self.crawler.spider, datetime.now(UTC)
        assert self.store is not None
        complete: dict[str, dict[str, dict[str, Any]]] = {}
        for section in getattr(spider, "sections", ()):
            if history := section.outcome(spider.window, now):  # type: ignore[union-attr]
                row = {"complete_at": history.complete_at, "complete_since": history.complete_since}
                complete.setdefault(section.crawl.site.code, {})[section.key] = {**row, "open": history.open}
        for site, histories in complete.items():
            await self.store.sections.complete(site, histories)
        for section in getattr(spider, "gone", ()):
            await self.store.sections.gone(section.crawl.site.code, [section.key], now)

    def _lost(self, error: StoreError) -> None:
        if not self.stats.get_value("store/lost"):
            logger.error("%s", error)
        self.stats.inc_value("store/lost")

    def _end_crawl(self) -> None:
        if self.ending is None:
            assert self.crawler.engine is not None
            self.ending = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="store_unavailable"))

    def _count(self, kind: str, outcome: str, document: dict[str, Any]) -> None:
        if kind == "reject":
            self.stats.inc_value("rejects")
            self.stats.inc_value(f"rejects/{outcome}")
        else:
            self.stats.inc_value(f"articles/{outcome}")
        if self.accounts:
            self.accounts.stored(kind, outcome, document)
