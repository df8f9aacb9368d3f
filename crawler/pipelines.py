"""The item pipelines, in the order of their classes below the first: clean, doubt, validate, rate, locate, dedupe; the
first one stores articles and rejects in batches."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.errors import StoreError
from crawler.items import Article, Attachment, Image, Reject, StoredDoubt, Table
from crawler.parsing.urls import article_id, canonical_url
from crawler.runs.records import usual_length
from crawler.runs.second_opinion import SecondOpinion
from crawler.runs.site_stats import CrawlStats
from crawler.sites.places import find_places
from crawler.storage.crawl_state import crawl_state
from crawler.storage.extension import CrawlStore
from crawler.storage.state import RunStore, SectionStore
from crawler.storage.writer import ArticleWriter, DryRunWriter
from crawler.text.clean import clean_line, clean_text
from crawler.text.document_type import document_type
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.text.relevance import Relevance, relevance
from crawler.text.restore import Restoration, restore_fields

logger = logging.getLogger(__name__)


class StorePipeline:
    """Passes articles and rejects to the batch writer. Counts what became of each: `articles/new`, `/unchanged`,
    `/changed`, `/duplicate`, `/reprint`, `/outdated`, `rejects` and `rejects/<reason>`.

    While the database is unavailable, scraped items go to a spool on the disk; while that holds SPOOL_MAX_BYTES, the
    engine is paused. If the database stays unavailable for longer than STORE_RETRY_SECONDS the crawl ends with
    `store_unavailable`; the next crawl of any site stores the spool first."""

    writer_class = ArticleWriter

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.writer: ArticleWriter | None = None
        self.crawl_stats: CrawlStats | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        return cls(crawler)

    @cached_property
    def crawl_store(self) -> CrawlStore:
        """The extension that owns the store."""
        extension = self.crawler.get_extension(CrawlStore)
        assert extension is not None, "EXTENSIONS lacks crawler.storage.extension.CrawlStore"
        return extension

    async def open_spider(self) -> None:
        """Open the store. Raises CloseSpider after one logged sentence if that fails."""
        self.crawl_stats = self.crawler.get_extension(CrawlStats)
        store, settings = await self.crawl_store.open(), self.crawler.settings
        self.writer = self.crawl_store.writer = self.writer_class(
            store,
            max_items=settings.getint("STORE_BATCH_ITEMS"),
            max_seconds=settings.getfloat("STORE_BATCH_SECONDS"),
            retry_seconds=store.retry_timeout,
            on_outcome=self._count,
            spool=self.crawl_store.spool,
            on_spool=self._pause_if_full,
            on_lost=self.crawl_store.end_crawl,
        )

    def _pause_if_full(self, waiting: int) -> None:
        self.stats.set_value("store/spooled", waiting)
        self.stats.max_value("store/spooled_max", waiting)
        engine, spool = self.crawler.engine, self.crawl_store.spool
        assert engine is not None
        assert spool is not None
        if spool.is_full and not engine.paused:
            logger.warning("The spool is full (SPOOL_MAX_BYTES): the crawl pauses until the database is back")
            engine.pause()
        elif engine.paused and not waiting:
            engine.unpause()

    async def process_item(self, item: Any) -> Any:
        """Return the item once the writer has it. Raises DropItem for rejects, and if the store is lost."""
        if self.writer is None:
            raise DropItem("no store", log_level="DEBUG")
        fields, is_reparse = ItemAdapter(item), crawl_state(self.crawler).is_reparse
        try:
            if isinstance(item, Article):
                fields["run"] = self.stats.get_value("run_id")
                document = {"_id": article_id(fields["canonical_url"]), **item.as_document()}
                await self.writer.add(document, reread=is_reparse)
            elif isinstance(item, Reject) and is_reparse:
                # The crawl that fetched the page has recorded its reject.
                self.stats.inc_value(f"reparse/rejected/{item.reason}")
            elif isinstance(item, Reject):
                fields["run"] = self.stats.get_value("run_id")
                await self.writer.add_reject(fields.asdict())
        except StoreError as error:
            self.crawl_store.end_crawl(error)
            raise DropItem(f"not stored: {fields['url']}", log_level="ERROR") from error
        return item

    async def close_spider(self) -> None:
        """Write what is waiting, then record which sections were walked to their end."""
        if self.writer is None:
            return
        try:
            await self.writer.close()
            await self._complete_sections()
        except StoreError as error:
            self.crawl_store.count_loss(error)
            if store := self.crawl_store.store:
                store.is_shutting_down = lambda: True

    async def _complete_sections(self) -> None:
        """Only now is everything the sections listed in the store, so only now may they count as complete."""
        state, now = crawl_state(self.crawler), datetime.now(UTC)
        assert self.crawl_store.store is not None
        sections = SectionStore(self.crawl_store.store)
        complete: dict[str, dict[str, dict[str, Any]]] = {}
        for section in state.sections:
            if history := section.outcome(now):
                row = {"complete_at": history.complete_at, "complete_since": history.complete_since}
                complete.setdefault(section.site.code, {})[section.key] = {**row, "open": history.open}
        for site, histories in complete.items():
            await sections.complete(site, histories)
        for section in state.missing_sections:
            await sections.gone(section.site.code, [section.key], now)

    def _count(self, kind: str, outcome: str, document: dict[str, Any]) -> None:
        if kind == "reject":
            self.stats.inc_value("rejects")
            self.stats.inc_value(f"rejects/{outcome}")
        else:
            self.stats.inc_value(f"articles/{outcome}")
        if self.crawl_stats:
            self.crawl_stats.article_stored(kind, outcome, document)


# Clean: raw fields to clean simplified text, and what that changed, counted.


def clean_article(article: Article) -> Article:
    """A copy of `article` with every text restored (glosses, lost bytes, traditional script) under one decision for the
    whole document, then cleaned (white space, width, boilerplate); `restored` says what was changed."""
    return cleaned(article)[0]


def cleaned(article: Article) -> tuple[Article, Restoration | None]:
    """`clean_article`, and every single change of the restoration with its reason; None if there was none."""
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


# Second opinion: is it the page that the list announced, and is its text a text?


class SecondOpinionPipeline:
    """Gives articles their `doubts`. An article with a grave doubt is not stored: it goes to `rejects` with the doubt
    as its reason (`rejects/<doubt>` counts them), and later crawls fetch it again."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.opinion = SecondOpinion()
        self.usual_lengths: dict[str, float | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SecondOpinionPipeline:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """The article with its doubts; other items as they are. Raises DropItem after recording a page that is not the
        article."""
        if not isinstance(item, Article) or crawl_state(self.crawler).is_reparse:
            return item
        key = article_id(item.canonical_url or canonical_url(item.url))
        doubts = self.opinion.examine(item, key, await self._usual_length(item.site))
        item.doubts = [StoredDoubt(doubt.kind, doubt.evidence) for doubt in doubts]
        site = item.site["code"] if item.site else ""
        if stats := self.crawler.get_extension(CrawlStats):
            stats.note_repeated(site, self.opinion.take_repeated(site))
        grave = next((doubt for doubt in doubts if doubt.is_grave), None)
        if grave is None:
            return item
        reject = Reject(item.url, grave.kind, grave.evidence, item.site, item.section, item.run, datetime.now(UTC))
        reject.canonical_url = item.canonical_url
        if store := self.crawler.get_item_pipeline(StorePipeline):
            await store.process_item(reject)
        raise DropItem(f"{grave.kind}: {grave.evidence}: {item.url}", log_level="INFO")

    async def _usual_length(self, site: dict[str, Any] | None) -> float | None:
        """The median length of texts in earlier runs of a site; None if unknown."""
        extension = self.crawler.get_extension(CrawlStore)
        if site is None or extension is None or extension.store is None:
            return None
        code = site["code"]
        if code not in self.usual_lengths:
            try:
                states = await RunStore(extension.store).states([code])
            except StoreError as error:
                logger.warning("The usual length of texts of %s is unknown: %s", code, error)
                states = {}
            self.usual_lengths[code] = usual_length(states.get(code, {}))
        return self.usual_lengths[code]


# Validate: anything that is not a usable article goes to `rejects` with its reason.

_MAX_TITLE_LENGTH = 300
_MAX_BODY_LENGTH = 2_000_000


def fault_of(article: Any) -> tuple[str, str] | None:
    """`(reason, detail)` why an article (any item with its fields) can't be stored, or None if it can."""
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


# Classify: what kind of document an article is.


class ClassifyPipeline:
    """Gives an article its `document_type`."""

    def process_item(self, item: Any) -> Any:
        """The article with its type; other items as they are."""
        if isinstance(item, Article):
            item.document_type = document_type(item.title).as_dict()
        return item


# Locate: the places an article names.


class LocatePipeline:
    """Gives an article its `places` and `place_codes`."""

    def process_item(self, item: Any) -> Any:
        """The article with its places; other items as they are."""
        if not isinstance(item, Article):
            return item
        named = find_places(item.title, item.body, item.site)
        item.places, item.place_codes = named.names, named.codes
        return item


# Dedupe: the keys by which the store distinguishes the same page, the same text and a new version.


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

    writer_class = DryRunWriter
