"""A process of its own for test_faults.py: `write_articles.py URI DATABASE VERSION` stores that version of 1500
articles, with an attachment of some size so that a write takes its time, and prints every outcome."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict

from crawler.items import Article
from crawler.parsing.urls import article_id
from crawler.storage.store import open_store
from crawler.storage.writer import ArticleWriter


async def main(uri: str, database: str, version: str) -> None:
    store = await open_store(uri, database, None)
    writer = ArticleWriter(store, max_items=100, on_outcome=lambda kind, outcome, document: print(outcome, flush=True))
    for number in range(1500):
        url = f"https://xishan.example.cn/art/{number}.html"
        text = f"第{version}版"
        article = Article(url, url, title="题", body=text, content_hash=f"{number} {text}", run=f"run-{version}")
        await writer.add({"_id": article_id(url), **asdict(article)})
    await writer.close()
    await store.close()


asyncio.run(main(*sys.argv[1:4]))
