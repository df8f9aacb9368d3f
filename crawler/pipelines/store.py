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
from crawler.pipelines import tenure
from crawler.runs.accounts import Accounts
from crawler.runs.ending import closed
from crawler.storage.drain import drain, spool_directory
from crawler.storage.errors import StoreError
from crawler.storage.mongo import open_store, place_of
from crawler.storage.spool import Spool
from crawler.storage.store import Store
from crawler.storage.writer import ArticleWriter

logger = logging.getLogger(__name__)


class StorePipeline:
    """Hands articles and rejects to the batch writer. Counts what became of each: `articles/new`, `/unchanged`,
    `/changed`, `/duplicate`, `/reprint`, `/outdated`, `rejects` and `rejects/<reason>`.

    While the store is away, what is scraped waits in a spool on the disk; where that holds SPOOL_MAX_BYTES, the engine
    pauses. Where the store stays away for longer than STORE_RETRY_SECONDS the crawl ends with `store_unavailable`; the
    next one, of whatever site, stores what waits first."""

    store: Store | None = None
    spool: Spool | None = None
    writer: ArticleWriter | None = None
    accounts: Accounts | None = None
    ending: asyncio.Future[None] | None = None
    make_writer = ArticleWriter

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
        uri, database, data = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"], self.settings["DATA_DIR"]
        place, directory = place_of(uri, database), spool_directory(data)
        try:
            self.store = await open_store(uri, database, Path(data))
            self.store.patience = self.settings.getfloat("STORE_RETRY_SECONDS")
            # Ctrl-C: nobody waits any longer for a store that is away.
            self.store.hurried = lambda: not self.crawler.crawling or self.ending is not None
            await self._drain(self.store, directory, place)
            began = await tenure.begin(self.crawler, self.store)
        except StoreError as error:
            logger.error("%s", error)
            raise CloseSpider("store_unavailable") from error
        if not began:
            raise CloseSpider("held_elsewhere")
        self.spool = Spool(directory, place, self.settings.getint("SPOOL_MAX_BYTES"))
        self.store.keep = self.spool.append
        self.writer = self.make_writer(
            self.store,
            max_items=self.settings.getint("STORE_BATCH_ITEMS"),
            max_seconds=self.settings.getfloat("STORE_BATCH_SECONDS"),
            retry_seconds=self.store.patience,
            on_outcome=self._count,
            spool=self.spool,
            on_spool=self._spooled,
            on_lost=self._end_crawl,
        )

    @property
    def _replays(self) -> bool:
        return getattr(self.crawler.spider, "replays", False)

    async def _drain(self, store: Store, directory: Path, place: str) -> None:
        count, others = await drain(store, directory, place)
        if count:
            logger.info("%d articles and rejects that an earlier crawl could not store are stored now", count)
            self.stats.inc_value("store/drained", count)
        for other in others:
            logger.warning("In %s articles wait for another store: %s", directory, other)

    def _spooled(self, waiting: int) -> None:
        self.stats.set_value("store/spooled", waiting)
        self.stats.max_value("store/spooled_max", waiting)
        engine = self.crawler.engine
        assert engine is not None
        assert self.spool is not None
        if self.spool.is_full and not engine.paused:
            logger.warning("The spool is full (SPOOL_MAX_BYTES): no page is asked for until the store is back")
            engine.pause()
        elif engine.paused and not waiting:
            engine.unpause()

    async def process_item(self, item: Any) -> Any:
        """The item, once the writer holds it. Raises DropItem for rejects and where the store is lost."""
        if self.writer is None:
            raise DropItem("no store", log_level="DEBUG")
        fields = ItemAdapter(item)
        try:
            if isinstance(item, Article):
                fields["run"] = self.stats.get_value("run_id")
                document = {"_id": article_id(fields["canonical_url"]), **item.as_document()}
                await self.writer.add(document, reread=self._replays)
            elif isinstance(item, Reject) and self._replays:
                # The crawl that fetched the page has recorded what it gave then.
                self.stats.inc_value(f"reparse/rejected/{item.reason}")
            elif isinstance(item, Reject):
                fields["run"] = self.stats.get_value("run_id")
                await self.writer.add_reject(fields.asdict())
        except StoreError as error:
            self._end_crawl(error)
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
            if self.store:
                self.store.hurried = lambda: True

    async def _disconnect(self) -> None:
        await closed(self.crawler.engine)
        if self.spool is not None:
            self.spool.close()
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

    def _end_crawl(self, error: StoreError) -> None:
        self._lost(error)
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
