"""Pages that come at once are read in rounds of the event loop of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from scrapy.http import Response

from crawler.middlewares.performance import YieldMiddleware


def test_each_page_is_read_in_another_round_of_the_event_loop():
    rounds = 0
    read: list[tuple[str, int]] = []

    async def callback(name: str) -> AsyncIterator[str]:
        read.append((name, rounds))
        yield name

    async def crawl() -> list[list[str]]:
        def tick() -> None:
            nonlocal rounds
            rounds += 1
            asyncio.get_running_loop().call_soon(tick)

        tick()
        middleware, response = YieldMiddleware(), Response("http://x.example/")

        async def outcome(name: str) -> list[str]:
            return [each async for each in middleware.process_spider_output(response, callback(name))]

        return await asyncio.gather(*map(outcome, "abcd"))

    assert asyncio.run(crawl()) == [["a"], ["b"], ["c"], ["d"]]
    names, when = zip(*read, strict=True)
    assert "".join(names) == "abcd"
    assert len(set(when)) == 4


def test_a_callback_that_fails_holds_up_nobody():
    async def broken() -> AsyncIterator[str]:
        raise ValueError("a page that breaks the callback")
        yield ""

    async def whole() -> AsyncIterator[str]:
        yield "read"

    async def crawl() -> list[object]:
        middleware, response = YieldMiddleware(), Response("http://x.example/")

        async def outcome(pages: AsyncIterator[str]) -> list[str]:
            return [each async for each in middleware.process_spider_output(response, pages)]

        return await asyncio.gather(outcome(broken()), outcome(whole()), return_exceptions=True)

    failed, read = asyncio.run(crawl())
    assert isinstance(failed, ValueError)
    assert read == ["read"]
