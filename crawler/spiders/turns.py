"""One page after the other, with a look at everything else between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from scrapy.http import Response


class TurnMiddleware:
    """Lets the event loop go round between two responses. Sixty that come at once would be read in one round of it, a
    third of a second in which no answer of the store or of a host is heard."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """What the callback gives, which begins its work when its turn has come."""
        async with self._turn:
            await asyncio.sleep(0)
        async for each in result:
            yield each
