"""The end that somebody asked for (Ctrl-C, SIGTERM), at whatever moment it is asked for."""

from __future__ import annotations

import asyncio
from typing import Self

from scrapy import signals
from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler

LOOK_SECONDS = 0.02


class EarlyStop:
    """Ends a crawl that was told to stop while it was still opening. Scrapy 2.19.0 notes the wish and starts the engine
    all the same; the crawl then goes on to its end, and after that waits for ever to be stopped."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.task: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.engine_started, signal=signals.engine_started)
        return extension

    def engine_started(self) -> None:
        """Look again once the engine runs: from then on Scrapy stops it itself."""
        self.task = asyncio.ensure_future(self._heed())

    async def _heed(self) -> None:
        engine = self.crawler.engine
        assert engine is not None
        while engine.spider is not None and not engine.running:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(LOOK_SECONDS)
        if engine.running and not self.crawler.crawling:
            await engine.stop_async()


async def closed(engine: ExecutionEngine | None) -> None:
    """Wait until the crawl's closing is whole: spider, pipelines, and those who record it. In Scrapy 2.19.0 who asks a
    crawl to stop that is closing already waits for its requests alone, and `engine_stopped` comes too early."""
    while engine is not None and engine.spider is not None:  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(LOOK_SECONDS)
