"""Measures that save CPU time without changing what a crawl does."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

from scrapy.http import Response
from scrapy.settings import BaseSettings


def set_gc_threshold(settings: BaseSettings) -> None:
    """Set how often this process looks for cyclic garbage: every GC_THRESHOLD new objects. Call it once, when the
    process starts. Python's default is 700, several times a page and always in vain: the trees of pages are freed by
    reference counting."""
    gc.set_threshold(settings.getint("GC_THRESHOLD"), *gc.get_threshold()[1:])


class YieldMiddleware:
    """Returns to the event loop between two responses. Sixty that arrive at once would otherwise be parsed in one step
    of it: a third of a second in which no answer of the database or of a host is read."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """What the callback yields; the callback starts when it is the response's turn."""
        async with self._turn:
            await asyncio.sleep(0)
        async for each in result:
            yield each
