"""Whoever reads while a crawl writes sees what was acknowledged."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from crawler.storage.writer import ArticleWriter


def test_queries_while_writing(opened, article):
    async def scenario():
        counts: list[int] = []
        async with opened() as store, opened() as reader:
            writer = ArticleWriter(store, max_items=20, on_outcome=lambda kind, outcome, document: None)
            for number in range(200):
                await writer.add(article(f"http://www.xishan.example.cn/art/{number}.html", f"第{number}篇"))
                if number % 40 == 39:
                    found = reader.database["articles"].find(
                        {"first_seen_at": {"$gte": datetime(2026, 1, 1, tzinfo=UTC)}}
                    )
                    counts.append(len(await found.to_list()))
            await writer.close()
        return counts

    assert asyncio.run(scenario()) == [40, 80, 120, 160, 200]
