"""The run log: a document in `runs` for each crawl and for each site of it, written at the start, at intervals, and as
soon as the site or the crawl has ended."""

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
from crawler.runs.alert_channels import BadChannel, read_channels
from crawler.runs.alert_message import read_change
from crawler.runs.alerts import Outbox
from crawler.runs.records import next_state, select_counts, site_run
from crawler.runs.site_stats import CrawlStats, SiteStats
from crawler.runs.summary import (
    LEVELS,
    NETWORK_DOWN,
    SiteResult,
    evaluate_crawl,
    evaluate_site,
    format_site_line,
    is_interruption,
)
from crawler.storage.crawl_state import crawl_state
from crawler.storage.extension import CrawlStore
from crawler.storage.state import RunStore
from crawler.storage.store import Store

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0
"""How long the record of a site that ended may wait, so that several are written together."""
MAX_SITES_A_TICK = 100
"""Sites whose progress is written together: in a crawl of thousands each one is written every few minutes."""


class RunExtension:
    """Names the run (statistic `run_id`, field `run` of what is stored), records it in the database and evaluates every
    site when it ends. Without a database it names the run and evaluates this crawl alone."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.stats.set_value("run_id", self.run_id)
        self.progress_seconds = crawler.settings.getfloat("RUN_PROGRESS_SECONDS")
        self.keep_days = crawler.settings.getint("RUN_KEEP_DAYS")
        self.now = _read_today(crawler.settings.get("CRAWL_TODAY"))
        self.document: dict[str, Any] = {}
        self.done: list[SiteStats] = []
        self.results: list[SiteResult] = []
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
        """Record the start; from now on each site is recorded when it ends."""
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
        self._crawl_stats().on_done = self.done.append
        if runs := self._runs():
            await runs.write([self.document])
        self.ticking = asyncio.ensure_future(self._tick())

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Record the sites that are left, and the end of the crawl."""
        # Not by cancelling the task: what it is writing would be lost, and the driver may swallow the cancellation.
        self.closing.set()
        if self.ticking:
            await self.ticking
        now = datetime.now(UTC)
        try:
            await self._end(now, reason)
        except StoreError as error:
            logger.error("The end of the run is not recorded completely: %s", error)

    async def _end(self, now: datetime, reason: str) -> None:
        unfinished = [stats for stats in self._started() if stats.ended_at is None]
        for stats in unfinished:
            stats.ended_at = now
        try:
            done = [stats for stats in self._take_done() if stats not in unfinished]
            # If no host could be reached, that says nothing about the sites that ended either.
            await self._record(done, cut_off=reason if reason == NETWORK_DOWN else None)
            await self._record(unfinished, cut_off=reason)
        except StoreUnavailable:
            logger.error("The database is unavailable: verdicts of %d sites are not recorded", len(unfinished))
        counts = self.stats.get_stats()
        verdict = evaluate_crawl([each.verdict for each in self.results], counts, reason)
        self.stats.set_value("verdict", verdict.word)
        self.stats.set_value("verdict/reasons", list(verdict.reasons))
        if runs := self._runs():
            end = {"finished_at": now, "progress_at": now, "finish_reason": reason, "counts": select_counts(counts)}
            await runs.update(self.run_id, {**end, "verdict": verdict.word, "reasons": list(verdict.reasons)})
            await runs.forget(now - timedelta(days=self.keep_days))
            await self._send_alerts(runs.store, wait=not is_interruption(reason))

    async def _tick(self) -> None:
        """Record sites when they end, and every RUN_PROGRESS_SECONDS the progress of the others."""
        last = asyncio.get_running_loop().time()
        while not self.closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), TICK_SECONDS)
            try:
                if self._is_network_proven():
                    await self._record(self._take_done())
                if asyncio.get_running_loop().time() - last >= self.progress_seconds:
                    last = asyncio.get_running_loop().time()
                    await self._record_progress()
            except StoreError as error:
                logger.warning("The run can't be recorded now; it is tried again: %s", error)

    async def _record_progress(self) -> None:
        now = datetime.now(UTC)
        dirty = [stats for stats in self._started() if stats.dirty and stats.ended_at is None]
        dirty.sort(key=lambda stats: stats.recorded_at or self.document["started_at"])
        del dirty[MAX_SITES_A_TICK:]
        for stats in dirty:
            stats.dirty, stats.recorded_at = False, now
        if runs := self._runs():
            rows = [site_run(stats, self.document, now) for stats in dirty]
            crawl = {**self.document, "progress_at": now, "counts": select_counts(self.stats.get_stats())}
            await runs.write([*rows, crawl])

    async def _record(self, ended: list[SiteStats], cut_off: str | None = None) -> None:
        """Evaluate sites and record their end; `cut_off` is why the crawl ended before they were done. What can't be
        recorded is tried again at the next tick."""
        if not ended:
            return
        runs = self._runs()
        try:
            states = await runs.states(stats.site.code for stats in ended) if runs else {}
            results = [evaluate_site(stats, states.get(stats.site.code, {}), cut_off, self.now) for stats in ended]
            if runs:
                await runs.write(self._rows(results, cut_off or "finished"))
                if not is_interruption(cut_off):
                    await self._reopen(runs, results)
                    await self._update_states(runs, results)
        except StoreError:
            self.done[:0] = ended
            raise
        for each in results:
            extra = {"site": each.stats.site.code, "url": each.verdict.page}
            line = format_site_line(each.stats, each.metrics, each.verdict)
            logger.log(LEVELS[each.verdict.word], "%s", line, extra=extra)
        self.results += results

    async def _reopen(self, runs: RunStore, results: Iterable[SiteResult]) -> None:
        """Note doubts that only the whole run of a site shows, so that later crawls fetch those articles again."""
        for each in results:
            await runs.doubt(each.stats.repeated, "repeated_text", "its text came under other titles of the site, too")
            if each.verdict.doubt:
                reason = "; ".join(each.verdict.reasons)
                await runs.doubt(each.stats.stored_ids, each.verdict.doubt, f"as all texts of its run: {reason}")

    async def _update_states(self, runs: RunStore, results: Iterable[SiteResult]) -> None:
        """Write the state of the sites, and collect the changes of verdicts."""
        rows = []
        for each in results:
            after = next_state(each.before, each.stats, each.metrics, each.verdict, self.run_id)
            rows.append(after)
            if change := read_change(each.before, after, self.document["spider"]):
                self.changes.append(change)
        await runs.write_states(rows)

    async def _send_alerts(self, store: Store, *, wait: bool) -> None:
        """Send all changes in one message, together with what could not be sent before."""
        try:
            channels = read_channels(os.environ)
        except BadChannel as error:
            logger.error("No alert can be sent: %s", error)
            return
        outbox = Outbox(store, channels, self.crawler.settings.getfloat("ALERT_INTERVAL_SECONDS"))
        await outbox.add(self.changes)
        await outbox.deliver(wait=wait)

    def _rows(self, results: Iterable[SiteResult], reason: str) -> Iterable[dict[str, Any]]:
        for each in results:
            row = site_run(each.stats, self.document, datetime.now(UTC))
            end = {"finish_reason": reason, "verdict": each.verdict.word, "reasons": list(each.verdict.reasons)}
            yield {**row, **end}

    def _take_done(self) -> list[SiteStats]:
        done, self.done = self.done, []
        self._crawl_stats().on_done = self.done.append
        return done

    def _is_network_proven(self) -> bool:
        """Whether a site may be judged before the crawl ends: if no host has answered yet, the fault may be ours."""
        return self._crawl_stats().has_response or len(self.document["sites"]) < 2

    def _started(self) -> list[SiteStats]:
        return [stats for stats in self._crawl_stats().by_site.values() if stats.started_at]

    def _crawl_stats(self) -> CrawlStats:
        crawl_stats = self.crawler.get_extension(CrawlStats)
        assert crawl_stats is not None, "EXTENSIONS lacks crawler.runs.site_stats.CrawlStats"
        return crawl_stats

    def _runs(self) -> RunStore | None:
        extension = self.crawler.get_extension(CrawlStore)
        return RunStore(extension.store) if extension and extension.store else None


def _read_today(text: str | None) -> datetime | None:
    """The setting CRAWL_TODAY (ISO 8601, UTC if it has no offset): what "now" is for dates of a recorded or simulated
    site; None for the clock. Raises ValueError."""
    if not text:
        return None
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
