"""The run log: one document in `runs` per crawl and one per site of it, written at the start, every so often, and as
soon as the site, or the crawl, has ended."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from crawler.errors import StoreError, StoreUnavailable
from crawler.replica import TODAY
from crawler.runs.alert_channels import BadChannel, change_of, channels
from crawler.runs.alerts import Outbox
from crawler.runs.site_stats import CrawlStats, SiteStats
from crawler.runs.summary import (
    LEVELS,
    SiteResult,
    counts_of,
    interrupted,
    judged,
    next_state,
    of_crawl,
    run_of,
    site_line,
)
from crawler.storage.crawl_state import crawl_state
from crawler.storage.extension import CrawlStore
from crawler.storage.state import RunStore
from crawler.storage.store import Store

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0
"""How long the record of a site that is done may wait for those of others."""
SITES_AT_ONCE = 100
"""Sites whose progress is written in one go: with thousands of them each has its turn every few minutes."""


class RunExtension:
    """Names the run (statistic `run_id`, field `run` of what it stores), records it in the store and judges every site
    as it ends. Without a store it names the run and judges by this crawl alone."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.stats.set_value("run_id", self.run_id)
        self.progress_seconds = crawler.settings.getfloat("RUN_PROGRESS_SECONDS")
        self.keep_days = crawler.settings.getint("RUN_KEEP_DAYS")
        self.document: dict[str, Any] = {}
        self.done: list[SiteStats] = []
        self.judged: list[SiteResult] = []
        self.changes: list[dict[str, Any]] = []
        self.ticking: asyncio.Task[None] | None = None
        self.closing = asyncio.Event()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunExtension:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.spider_closed, signal=signals.spider_closed)
        return extension

    async def spider_opened(self, spider: Spider) -> None:
        """Record the start; from now on sites are recorded as they end."""
        now, state = datetime.now(UTC), crawl_state(self.crawler)
        self.document = {
            "_id": self.run_id,
            "parent": None,
            "spider": spider.name,
            "arguments": dict(state.arguments),
            "sites": [site.code for site in state.sites],
            "started_at": now,
            "progress_at": now,
            "finished_at": None,
            "host": platform.node() or "unknown",
            "pid": os.getpid(),
        }
        self._accounts().on_done = self.done.append
        if runs := self._runs():
            await runs.write([self.document])
        self.ticking = asyncio.ensure_future(self._tick())

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Record what is left, and the end."""
        # Not by cancelling: what it is writing would be lost, and the driver may swallow it.
        self.closing.set()
        if self.ticking:
            await self.ticking
        now = datetime.now(UTC)
        try:
            await self._end(now, reason)
        except StoreError as error:
            logger.error("The end of the run is not recorded whole: %s", error)

    async def _end(self, now: datetime, reason: str) -> None:
        left = [account for account in self._begun() if account.ended_at is None]
        for account in left:
            account.ended_at = now
        try:
            await self._settle([account for account in self._drained() if account not in left])
            await self._settle(left, cut_off=reason)
        except StoreUnavailable:
            logger.error("The store is away: the verdicts on %d sites are not recorded", len(left))
        stats = self.stats.get_stats()
        verdict = of_crawl([each.verdict for each in self.judged], stats, reason)
        end = {"finished_at": now, "progress_at": now, "finish_reason": reason, "counts": counts_of(stats)}
        self.stats.set_value("verdict", verdict.word)
        self.stats.set_value("verdict/reasons", list(verdict.reasons))
        if runs := self._runs():
            await runs.update(self.run_id, {**end, "verdict": verdict.word, "reasons": list(verdict.reasons)})
            await runs.forget(now - timedelta(days=self.keep_days))
            await self._alarm(runs.store, patient=not interrupted(reason))

    async def _tick(self) -> None:
        """Record sites as they end, and every RUN_PROGRESS_SECONDS how far the others are."""
        last = asyncio.get_running_loop().time()
        while not self.closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), TICK_SECONDS)
            try:
                await self._settle(self._drained())
                if asyncio.get_running_loop().time() - last >= self.progress_seconds:
                    last = asyncio.get_running_loop().time()
                    await self._progress()
            except StoreError as error:
                logger.warning("The run is not recorded for now: %s", error)

    async def _progress(self) -> None:
        now = datetime.now(UTC)
        dirty = [account for account in self._begun() if account.touched and account.ended_at is None]
        dirty.sort(key=lambda account: account.recorded_at or self.document["started_at"])
        del dirty[SITES_AT_ONCE:]
        for account in dirty:
            account.touched, account.recorded_at = False, now
        if runs := self._runs():
            rows = [run_of(account, self.document, now) for account in dirty]
            await runs.write(
                [*rows, {**self.document, "progress_at": now, "counts": counts_of(self.stats.get_stats())}]
            )

    async def _settle(self, accounts: list[SiteStats], cut_off: str | None = None) -> None:
        """Judge sites and record their end; `cut_off` is why the crawl ended before they were done. What could not be
        recorded is tried again at the next tick."""
        if not accounts:
            return
        runs = self._runs()
        try:
            states = await runs.states(account.site.code for account in accounts) if runs else {}
            today = TODAY if self.crawler.settings["REPLICA"] else None
            results = [judged(account, states.get(account.site.code, {}), cut_off, today) for account in accounts]
            if runs:
                await runs.write(self._rows(results, cut_off or "finished"))
                if not interrupted(cut_off):
                    await self._remember(runs, results)
        except StoreError:
            self.done[:0] = accounts
            raise
        for each in results:
            site = {"site": each.account.site.code, "url": each.verdict.page}
            logger.log(LEVELS[each.verdict.word], "%s", site_line(each), extra=site)
        self.judged += results

    async def _remember(self, runs: RunStore, results: Iterable[SiteResult]) -> None:
        """Write the state of the sites, and note whose verdict changed."""
        rows = []
        for each in results:
            after = next_state(each.before, each.account, each.figures, each.verdict, self.run_id)
            rows.append(after)
            if change := change_of(each.before, after, self.document["spider"]):
                self.changes.append(change)
        await runs.write_states(rows)

    async def _alarm(self, store: Store, *, patient: bool) -> None:
        """Tell what changed, all at once; what could not be told before goes along."""
        try:
            outbox = Outbox(store, channels(os.environ), self.crawler.settings.getfloat("ALARM_INTERVAL_SECONDS"))
        except BadChannel as error:
            logger.error("No alarm can be told: %s", error)
            return
        await outbox.add(self.changes)
        await outbox.deliver(patient=patient)

    def _rows(self, results: Iterable[SiteResult], reason: str) -> Iterable[dict[str, Any]]:
        for each in results:
            row = run_of(each.account, self.document, datetime.now(UTC))
            end = {"finish_reason": reason, "verdict": each.verdict.word, "reasons": list(each.verdict.reasons)}
            yield {**row, **end}

    def _drained(self) -> list[SiteStats]:
        accounts, self.done = self.done, []
        self._accounts().on_done = self.done.append
        return accounts

    def _begun(self) -> list[SiteStats]:
        return [account for account in self._accounts().by_site.values() if account.begun_at]

    def _accounts(self) -> CrawlStats:
        accounts = self.crawler.get_extension(CrawlStats)
        assert accounts is not None, "EXTENSIONS lacks crawler.runs.site_stats.CrawlStats"
        return accounts

    def _runs(self) -> RunStore | None:
        extension = self.crawler.get_extension(CrawlStore)
        return RunStore(extension.store) if extension and extension.store else None
