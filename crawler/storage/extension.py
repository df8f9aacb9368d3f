"""The database of one crawl, from before its first request until after its last record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from crawler.errors import StoreError
from crawler.sites.site import Site
from crawler.storage.crawl_state import crawl_state
from crawler.storage.leases import HeldElsewhere, Lease, Leases
from crawler.storage.operations import Document
from crawler.storage.spool import Leftover, Spool, leftovers
from crawler.storage.store import REINDEX, UNFINISHED_REINDEX, Store, open_store, place_of
from crawler.storage.writer import ArticleWriter

logger = logging.getLogger(__name__)

CRAWL_LEASES = "CRAWL_LEASES"
"""Name of the crawler setting by which a worker lends leases to a crawl."""
MAX_NAMED = 5
"""Sites left out because another process crawls them that the log names; all are counted."""
DRAIN_CHUNK = 100
POLL_SECONDS = 0.02


class CrawlLeases:
    """The leases of one crawl. `lent` leases belong to the worker that runs the crawl, which releases them itself."""

    def __init__(self, leases: Leases, held: Iterable[Lease] = (), *, lent: bool = False) -> None:
        self.leases, self.held, self.lent = leases, set(held), lent
        self.is_over = False

    async def holds(self) -> bool:
        """Whether the crawl still holds all its leases; waits if only the database knows. False once it `is_over`: a
        crawl that had to be cut off may still have requests to make."""
        return not self.is_over and await self.leases.holds(self.held)


class CrawlStore:
    """Scrapy extension that owns the store of one crawl: `crawler.get_extension(CrawlStore).store`, None for a crawl
    without `StorePipeline`.

    `StorePipeline.open_spider` awaits `open`: a `spider_opened` handler could not refuse the crawl. A worker that has
    taken leases for the crawl sets the crawler setting CRAWL_LEASES to a `CrawlLeases` before the crawl starts;
    otherwise `open` takes those of the spider's `sites`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.store: Store | None = None
        self.spool: Spool | None = None
        self.leases: CrawlLeases | None = crawler.settings.get(CRAWL_LEASES)
        self.writer: ArticleWriter | None = None
        """Set by `StorePipeline`."""
        self._ending: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlStore:
        extension = cls(crawler)
        # Later than close_spider and spider_closed: the run's last record still needs the store.
        crawler.signals.connect(extension.close, signal=signals.engine_stopped)
        return extension

    async def open(self) -> Store:
        """Connect, store what earlier crawls left in their spools, and take the leases. Raises CloseSpider after one
        logged sentence if the database is unavailable or other processes crawl all the sites."""
        settings = self.crawler.settings
        uri, database, data = settings["MONGO_URI"], settings["MONGO_DATABASE"], settings["DATA_DIR"]
        place, directory = place_of(uri, database), spool_directory(data)
        try:
            self.store = store = await open_store(uri, database, Path(data))
            store.retry_timeout = settings.getfloat("STORE_RETRY_SECONDS")
            # After Ctrl-C nothing waits for an unavailable database any longer.
            store.is_shutting_down = lambda: not self.crawler.crawling or self._ending is not None
            await self._drain(store, directory, place)
            maintenance = store.database["maintenance"]
            if await store.retrying(lambda: maintenance.find_one({"_id": REINDEX})):
                logger.warning("%s", UNFINISHED_REINDEX)
            has_sites = await self._take_leases(store)
        except StoreError as error:
            logger.error("%s", error)
            raise CloseSpider("store_unavailable") from error
        if not has_sites:
            raise CloseSpider("held_elsewhere")
        self.spool = Spool(directory, place, settings.getint("SPOOL_MAX_BYTES"))
        store.spool = self.spool.append
        return store

    def count_loss(self, error: StoreError) -> None:
        """Log the first `error` after which something could not be stored, and count all (`store/lost`)."""
        assert self.crawler.stats is not None
        if not self.crawler.stats.get_value("store/lost"):
            logger.error("%s", error)
        self.crawler.stats.inc_value("store/lost")

    def end_crawl(self, error: StoreError) -> None:
        """Count `error` and close the spider with `store_unavailable`."""
        self.count_loss(error)
        if self._ending is None:
            assert self.crawler.engine is not None
            self._ending = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="store_unavailable"))

    async def close(self) -> None:
        """Release the leases and disconnect, once the crawl's closing is complete."""
        await _wait_until_closed(self.crawler.engine)
        if self.spool is not None:
            self.spool.close()
        if self.store is not None:
            if self.leases is not None and not self.leases.lent:
                await self.leases.leases.close()
            await self.store.close()

    async def _drain(self, store: Store, directory: Path, place: str) -> None:
        count, others = await drain(store, directory, place)
        if count:
            assert self.crawler.stats is not None
            logger.info("Stored %d articles and rejects that an earlier crawl left in the spool", count)
            self.crawler.stats.inc_value("store/drained", count)
        for other in others:
            logger.warning("The spool in %s also holds articles for another database: %s", directory, other)

    async def _take_leases(self, store: Store) -> bool:
        """Take the leases of the spider's sites, unless they were lent. Sites that another process crawls are left out
        of the crawl, logged and counted (`sites/held_elsewhere`). False if no site is left. Raises StoreError."""
        state = crawl_state(self.crawler)
        if not state.sites or self.leases is not None:
            return True
        settings = self.crawler.settings
        leases = Leases(store, settings.getfloat("LEASE_SECONDS"))
        await leases.open()
        self.leases = CrawlLeases(leases)
        state.sites = await self._take(self.leases, state.sites, settings.getfloat("DOWNLOAD_DELAY"))
        return bool(state.sites)

    async def _take(self, crawl: CrawlLeases, sites: Sequence[Site], rest: float) -> list[Site]:
        # Sites on one host share its lease. All at once: after a killed crawl every host rests first.
        hosts = {lease_host(site): site.code for site in reversed(sites)}
        taking = (crawl.leases.take(code, host, rest=rest, wait=True) for host, code in hosts.items())
        results = dict(zip(hosts, await asyncio.gather(*taking, return_exceptions=True), strict=True))
        crawl.held.update(result for result in results.values() if isinstance(result, Lease))
        for result in results.values():
            if isinstance(result, BaseException) and not isinstance(result, HeldElsewhere):
                raise result
        left_out = [site for site in sites if not isinstance(results[lease_host(site)], Lease)]
        for site in left_out[:MAX_NAMED]:
            holder = results[lease_host(site)]
            logger.warning("%s is left out: %s is crawling it; try again later", site.name, holder)
        if left_out:
            assert self.crawler.stats is not None
            self.crawler.stats.inc_value("sites/held_elsewhere", len(left_out))
        return [site for site in sites if isinstance(results[lease_host(site)], Lease)]


async def _wait_until_closed(engine: ExecutionEngine | None) -> None:
    """Wait for spider, pipelines and the extensions that record the crawl. In Scrapy 2.19.0 a crawl that is told to
    stop while it is closing waits only for its requests, and `engine_stopped` comes too early."""
    while engine is not None and engine.spider is not None:  # noqa: ASYNC110 (there is no signal for it)
        await asyncio.sleep(POLL_SECONDS)


def lease_host(site: Site) -> str:
    """The host whose lease a crawl of `site` takes: that of its home page, so that sites on one host take turns."""
    return (urlsplit(site.homepage).hostname or site.code).removeprefix("www.")


# Spools of crawls that ended before they could store everything.


def spool_directory(data: str | Path) -> Path:
    """The folder of spools in the data directory."""
    return Path(data).expanduser().absolute() / "spool"


async def drain(store: Store, directory: Path, place: str) -> tuple[int, list[str]]:
    """Store what the spools in `directory` hold for `place` (see `place_of`). Returns the number of articles and
    rejects, and the other places that spools are meant for. Safe to repeat: a spool is removed once all of it is
    stored. Raises StoreError."""
    writer = ArticleWriter(store, on_outcome=_ignore_outcome)
    count, others = 0, []
    try:
        for leftover in leftovers(directory):
            with leftover:
                if leftover.place == place:
                    count += await _drain_one(writer, leftover)
                else:
                    others.append(leftover.place)
    except OSError as error:
        raise StoreError(f"The spool in {directory} can't be read: {error.strerror}.") from error
    return count, others


async def _drain_one(writer: ArticleWriter, leftover: Leftover) -> int:
    count, records = 0, leftover.records()
    while chunk := list(islice(records, DRAIN_CHUNK)):
        await writer.replay(chunk)
        count += len(chunk)
    leftover.remove()
    return count


def _ignore_outcome(kind: str, outcome: str, document: Document) -> None:
    """Outcomes of earlier crawls are not counted for this one."""
