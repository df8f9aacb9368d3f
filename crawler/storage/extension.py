"""The leases of one crawl: no other process, here or elsewhere, crawls its sites meanwhile."""

from __future__ import annotations

import logging
from contextlib import suppress
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from crawler.errors import StoreError
from crawler.sites.site import Site
from crawler.storage.crawl_state import crawl_state
from crawler.storage.leases import HeldElsewhere, Lease, Leases
from crawler.storage.operations import Document
from crawler.storage.spool import Leftover, leftovers
from crawler.storage.store import Store
from crawler.storage.writer import ArticleWriter

logger = logging.getLogger(__name__)


TOLD = 5


class CrawlLeases:
    """What a crawl holds. `lent`: by the worker that runs it, which also takes it back."""

    def __init__(self, leases: Leases, held: list[Lease], *, lent: bool) -> None:
        self.leases, self.held, self.lent = leases, held, lent
        self.over = False

    async def holds(self) -> bool:
        """Whether everything is still held; waits where only the store could tell. Not once it is `over`: a crawl that
        had to be cut off may still have requests to make."""
        # The first stands for all: they were taken after it, and are lost with their holder, all at once.
        return not self.over and (not self.held or await self.leases.holds(self.held[0]))


TENURES: WeakKeyDictionary[Crawler, CrawlLeases] = WeakKeyDictionary()


def lease_host(site: Site) -> str:
    """What a lease of the site is for: the host of its home page, so that sites that share a host take turns."""
    return (urlsplit(site.homepage).hostname or site.code).removeprefix("www.")


async def begin(crawler: Crawler, store: Store) -> bool:
    """Take the leases of the sites of a crawl that is about to start, unless they were lent to it. Sites that another
    crawl holds are left out of it, told and counted (`sites/held_elsewhere`). False where none is left. Raises
    StoreError."""
    state = crawl_state(crawler)
    sites = state.sites
    if not sites or crawler in TENURES:
        return True
    leases = Leases(store, crawler.settings.getfloat("LEASE_SECONDS"))
    await leases.open()
    TENURES[crawler] = tenure = CrawlLeases(leases, [], lent=False)
    kept, rest = [], crawler.settings.getfloat("DOWNLOAD_DELAY")
    for site in sites:
        try:
            tenure.held.append(await leases.take(site.code, lease_host(site), rest=rest, patience=True))
            kept.append(site)
        except HeldElsewhere as other:
            assert crawler.stats is not None
            crawler.stats.inc_value("sites/held_elsewhere")
            if len(sites) - len(kept) <= TOLD:
                logger.warning("%s is left out: %s is crawling it; try again later", site.name, other)
    state.sites = kept
    return bool(kept)


async def end(crawler: Crawler) -> None:
    """Give back what the crawl held, unless it was lent."""
    tenure = TENURES.get(crawler)
    if tenure is not None and not tenure.lent:
        with suppress(StoreError):  # then they end with the heartbeat
            for lease in tenure.held:
                await tenure.leases.release(lease)
        await tenure.leases.close()


# What dead crawls left in their spools goes to the store.

CHUNK = 100


def spool_directory(data: str | Path) -> Path:
    """Where the spools of a data directory are."""
    return Path(data).expanduser().absolute() / "spool"


async def drain(store: Store, directory: Path, place: str) -> tuple[int, list[str]]:
    """Store what the spools in `directory` hold for `place`: the number of articles and rejects, and the other places
    that spools wait for. Safe to repeat; a spool is removed once all of it is stored. Raises StoreError."""
    writer = ArticleWriter(store, on_outcome=_unheard)
    count, others = 0, []
    try:
        for leftover in leftovers(directory):
            with leftover:
                if leftover.place == place:
                    count += await _store(writer, leftover)
                else:
                    others.append(leftover.place)
    except OSError as error:
        raise StoreError(f"The spool in {directory} can't be read: {error.strerror}.") from error
    return count, others


async def _store(writer: ArticleWriter, leftover: Leftover) -> int:
    count, records = 0, leftover.records()
    while chunk := list(islice(records, CHUNK)):
        await writer.replay(chunk)
        count += len(chunk)
    leftover.remove()
    return count


def _unheard(kind: str, outcome: str, document: Document) -> None:
    """Outcomes of earlier crawls are not this one's."""
