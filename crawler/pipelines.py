"""Store: articles and rejects into MongoDB, in batches."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itemadapter import ItemAdapter
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem

from crawler.errors import StoreError
from crawler.items import Article, Attachment, Image, Reject, Table
from crawler.middlewares.scrapy_fixes import closed
from crawler.parsing.urls import article_id, canonical_url
from crawler.runs.site_stats import CrawlStats
from crawler.sites.places import places_named
from crawler.storage import extension as tenure
from crawler.storage.crawl_state import crawl_state
from crawler.storage.extension import drain, spool_directory
from crawler.storage.spool import Spool
from crawler.storage.store import Store, open_store, place_of
from crawler.storage.writer import ArticleWriter, DryRunWriter
from crawler.text.clean import clean_line, clean_text
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.text.relevance import Relevance, relevance
from crawler.text.restore import Restoration, restore_fields

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
    accounts: CrawlStats | None = None
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
        self.accounts = self.crawler.get_extension(CrawlStats)
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
        fields, is_reparse = ItemAdapter(item), crawl_state(self.crawler).is_reparse
        try:
            if isinstance(item, Article):
                fields["run"] = self.stats.get_value("run_id")
                document = {"_id": article_id(fields["canonical_url"]), **item.as_document()}
                await self.writer.add(document, reread=is_reparse)
            elif isinstance(item, Reject) and is_reparse:
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
        state, now = crawl_state(self.crawler), datetime.now(UTC)
        assert self.store is not None
        complete: dict[str, dict[str, dict[str, Any]]] = {}
        for section in state.sections:
            if history := section.outcome(now):
                row = {"complete_at": history.complete_at, "complete_since": history.complete_since}
                complete.setdefault(section.site.code, {})[section.key] = {**row, "open": history.open}
        for site, histories in complete.items():
            await self.store.sections.complete(site, histories)
        for section in state.missing_sections:
            await self.store.sections.gone(section.site.code, [section.key], now)

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


# Clean: raw fields to clean simplified text, and what that changed, counted.


def clean_article(article: Article) -> Article:
    """A copy of `article` with every text restored (glosses, lost bytes, traditional script) under one decision for the
    whole document, then cleaned (white space, width, boilerplate); `restored` says what was changed."""
    return cleaned(article)[0]


def cleaned(article: Article) -> tuple[Article, Restoration | None]:
    """`clean_article`, and every single change of the restoration with its reason; None where there was none."""
    names = ("title", "source", "author", "editor", "section", "body")
    texts: dict[str, str | None] = {name: getattr(article, name) for name in names}
    texts |= {f"image {i}": image.caption for i, image in enumerate(article.images)}
    texts |= {f"attachment {i}": attachment.name for i, attachment in enumerate(article.attachments)}
    for i, table in enumerate(article.tables):
        texts[f"table {i}"] = table.caption
        texts |= {f"cell {i} {r} {c}": cell for r, row in enumerate(table.rows) for c, cell in enumerate(row)}
    restored, restoration = restore_fields(texts)
    body = restored.pop("body")
    lines = {name: clean_line(text) if text else None for name, text in restored.items()}
    clean = replace(
        article,
        title=lines["title"],
        source=lines["source"],
        author=lines["author"],
        editor=lines["editor"],
        section=lines["section"],
        body=(clean_text(body) if body else None) or None,
        images=[Image(image.url, lines[f"image {i}"]) for i, image in enumerate(article.images)],
        attachments=[Attachment(a.url, lines[f"attachment {i}"]) for i, a in enumerate(article.attachments)],
        tables=[_clean_table(i, table, lines) for i, table in enumerate(article.tables)],
        restored=restoration.as_dict() if restoration else None,
    )
    return clean, restoration


def _clean_table(number: int, table: Table, lines: dict[str, str | None]) -> Table:
    rows = [[lines[f"cell {number} {r} {c}"] or "" for c in range(len(row))] for r, row in enumerate(table.rows)]
    return Table(rows, lines[f"table {number}"])


class CleanPipeline:
    """Hands on articles cleaned; counts the restored ones (`articles/restored`) and logs each repair of lost bytes with
    its runner-up, the doubtful ones at INFO."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CleanPipeline:
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """The article cleaned; other items as they are."""
        if not isinstance(item, Article):
            return item
        article, restoration = cleaned(item)
        if restoration:
            self.stats.inc_value("articles/restored")
            for change in (change for changes in restoration.changes.values() for change in changes):
                if change.kind == "gbk":
                    logger.log(logging.INFO if change.doubtful else logging.DEBUG, "%s: %s", item.url, change.explain())
        return article


# Validate: what is no usable article goes to `rejects` with its reason.

_MAX_TITLE_LENGTH = 300
_MAX_BODY_LENGTH = 2_000_000


def fault_of(article: Any) -> tuple[str, str] | None:
    """`(reason, detail)` why an article (any item with its fields) can't be stored, or None where it can."""
    fields = ItemAdapter(article)
    title, body = fields.get("title"), fields.get("body") or ""
    if not title:
        return "no_title", "the page shows no headline"
    if len(title) > _MAX_TITLE_LENGTH:
        return "bad_title", f"the headline has {len(title)} characters: not a headline"
    if not body and not fields.get("images") and not fields.get("attachments") and not fields.get("tables"):
        return "no_body", "neither text nor image, table or attachment"
    if len(body) > _MAX_BODY_LENGTH:
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


# Rate: how much an article is about food safety; of sites that publish everything, only what concerns it goes on.


def rated(article: Article) -> Relevance:
    """The relevance of a clean article."""
    kind = (article.site or {}).get("kind")
    return relevance(article.title, article.body, section=article.section, source=article.source, kind=kind)


class RatePipeline:
    """Gives articles their `relevance`. If the crawl has a relevance threshold, an article below it
    goes to `rejects` as `irrelevant` with its score, so that no later crawl fetches it
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
        threshold = crawl_state(self.crawler).threshold_for(item.canonical_url)
        if threshold is None or rating.score >= threshold:
            return item
        why = f"relevance {rating.score:.3f}, kept from {threshold:g} on: {item.title}"
        reject = Reject(item.url, "irrelevant", why, item.site, item.section, score=rating.score)
        reject.canonical_url, reject.seen_at = item.canonical_url, datetime.now(UTC)
        if store := self.crawler.get_item_pipeline(StorePipeline):
            await store.process_item(reject)
        raise DropItem(f"irrelevant: {why}: {item.url}", log_level="DEBUG")


# Locate: the places an article names.


class LocatePipeline:
    """Gives an article its `places` and `place_codes`."""

    def process_item(self, item: Any) -> Any:
        """The article with its places; other items as they are."""
        if not isinstance(item, Article):
            return item
        named = places_named(item.title, item.body, item.site)
        item.places, item.place_codes = named.names, named.codes
        return item


# Dedupe: the keys by which the store tells the same page, the same text and a new version apart.


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


# Rehearse: what the store pipeline would do, counted, and nothing stored.


class DryRunPipeline(StorePipeline):
    """A `StorePipeline` that only looks things up."""

    make_writer = DryRunWriter
