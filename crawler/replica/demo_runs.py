"""The demo's crawls of the replica: which, in what order, and how they go while they run."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from scrapy.crawler import AsyncCrawlerProcess, Crawler
    from scrapy.settings import Settings

    from crawler.replica import Replica

LIVE_SECONDS = 0.1
PLAIN_SECONDS = 2.0
TOLD = {
    "downloader/response_count": "answers",
    "articles/new": "new",
    "articles/changed": "changed",
    "articles/unchanged": "unchanged",
    "rejects": "rejected",
}


@dataclass
class Crawl:
    """One crawl of the demo: its spider and arguments; once it runs, its crawler and how many seconds it took."""

    spider: str
    arguments: dict[str, str] = field(default_factory=dict)
    crawler: Crawler | None = None
    started: float = 0.0
    seconds: float | None = None

    @property
    def name(self) -> str:
        """Its site, and whether it reads known articles again."""
        return self.arguments.get("site", self.spider) + (" refresh" if "refresh" in self.arguments else "")

    def count(self, key: str) -> int:
        """A statistic of the crawl, 0 if it has none yet."""
        stats = self.crawler.stats if self.crawler else None
        return int(stats.get_value(key, 0)) if stats else 0

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        stats = self.crawler.stats if self.crawler else None
        return stats is not None and stats.get_value("finish_reason") == "shutdown"

    def counts(self, prefix: str) -> dict[str, int]:
        """The statistics below `prefix`, without it."""
        stats = self.crawler.stats.get_stats() if self.crawler and self.crawler.stats else {}
        return {key.removeprefix(prefix): int(value) for key, value in stats.items() if key.startswith(prefix)}

    def line(self) -> str:
        """How far it is, in one line."""
        counts = ", ".join(f"{self.count(key)} {label}" for key, label in TOLD.items() if self.count(key))
        if self.seconds is not None:
            return f"{self.name}: {counts}; {self.seconds:.1f} s"
        return f"{self.name}: {counts or 'starting'} …"


@dataclass
class DemoRun:
    """Crawls that run at once, on one `day` of the replica."""

    title: str
    day: int
    crawls: list[Crawl]


def plan() -> list[DemoRun]:
    """The runs of the demo, in order."""

    def everything(**more: str) -> list[Crawl]:
        return [Crawl("cfsn", more), Crawl("county", {"site": "qingtian", **more})]

    return [
        DemoRun("Day 1: everything is new.", 1, everything()),
        DemoRun("Day 2: a few new articles; the county's list has moved to another platform.", 2, everything()),
        DemoRun("Day 2 again, with refresh: known articles are read again for changes.", 2, everything(refresh="1")),
    ]


def run(runs: list[DemoRun], settings: Settings, replica: Replica, console: Console) -> bool:
    """Run `runs` against `replica` and show their progress: live on a terminal, else in plain lines. False if Ctrl-C
    ended them early."""
    from scrapy.crawler import AsyncCrawlerProcess

    process = AsyncCrawlerProcess(settings)
    loop = asyncio.get_event_loop()
    show = loop.create_task(_show(process, runs, replica, console))
    process.start(stop_after_crawl=False)
    if not show.done():
        # Ctrl-C ended the reactor first: let the live lines be closed.
        show.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(show)
        return False
    show.result()
    return not any(crawl.interrupted for this in runs for crawl in this.crawls)


async def _show(process: AsyncCrawlerProcess, runs: list[DemoRun], replica: Replica, console: Console) -> None:
    from twisted.internet import reactor

    here: Any = reactor
    try:
        for this in runs:
            while replica.day < this.day:
                replica.advance()
            console.print(f"\n[bold]{this.title}[/bold]")
            telling = asyncio.ensure_future(_tell(this.crawls, console))
            try:
                await asyncio.gather(*(_crawl(process, crawl) for crawl in this.crawls))
                await telling
            finally:
                telling.cancel()
                await asyncio.wait([telling])
            if any(crawl.interrupted for crawl in this.crawls):
                return
    finally:
        if here.running:  # Ctrl-C may have stopped it
            here.callLater(0, here.stop)


async def _crawl(process: AsyncCrawlerProcess, crawl: Crawl) -> None:
    crawl.started = time.monotonic()
    crawl.crawler = process.create_crawler(crawl.spider)
    await process.crawl(crawl.crawler, **crawl.arguments)
    crawl.seconds = time.monotonic() - crawl.started


async def _tell(crawls: list[Crawl], console: Console) -> None:
    from rich.live import Live
    from rich.text import Text

    def lines() -> Text:
        return Text("\n".join(f"  {crawl.line()}" for crawl in crawls))

    def running() -> bool:
        return any(crawl.seconds is None for crawl in crawls)

    if console.is_terminal:
        with Live(lines(), console=console, auto_refresh=False) as live:
            while running():
                await asyncio.sleep(LIVE_SECONDS)
                live.update(lines(), refresh=True)
        return
    told = time.monotonic()
    while running():
        await asyncio.sleep(LIVE_SECONDS)
        if running() and time.monotonic() - told >= PLAIN_SECONDS:
            console.print(lines(), soft_wrap=True)
            told = time.monotonic()
    console.print(lines(), soft_wrap=True)
