"""A process of its own for test_clusters.py: `write_stories.py URI DATABASE PART OF` stores every OF-th of 2000
invented articles, from PART on, half of which reprint another with a new head and a cut tail."""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from crawler.items import Article
from crawler.parsing.urls import article_id
from crawler.storage.store import open_store
from crawler.storage.writer import ArticleWriter
from crawler.text.fingerprint import content_hash, fingerprint

STORIES = 1000
CHARACTERS = [chr(code) for code in range(0x4E00, 0x5E00)]
START = datetime(2026, 3, 1, tzinfo=UTC)


def body(story: int) -> str:
    """The text of a story: ten sentences of invented words."""
    pick = random.Random(story)
    return "".join("".join(pick.choices(CHARACTERS, k=30)) + "。\n" for _ in range(10))


def articles() -> list[Article]:
    """Originals and reprints in turn: number n tells story n // 2, in one of seven versions; all seen at one time."""
    made = []
    for number in range(2 * STORIES):
        story, reprint = divmod(number, 2)
        if reprint:
            # Clusters 0, 3, 6 … are reprinted twice, their neighbours not.
            story -= story % 3 == 1
        text = body(story)
        if reprint:
            text = f"本报讯 {number}\n" + "\n".join(text.split("\n")[: 6 + number % 4])
        url = f"https://site{number % 7}.example.cn/{number}.html"
        article = Article(url, url, title=f"第{story}号纪事", body=text, fetched_at=START, run="run")
        article.site = {"code": f"site{number % 7}", "name": f"{number % 7}号县"}
        article.published_at = START + timedelta(minutes=number % 5)
        article.published_precision = "minute"
        article.content_hash = content_hash(article.title, text)
        article.fingerprint = fingerprint(article.title, text)
        made.append(article)
    return made


async def main(uri: str, database: str, part: int, of: int) -> None:
    store = await open_store(uri, database, None)
    writer = ArticleWriter(store, max_items=50, on_outcome=lambda kind, outcome, document: print(outcome, flush=True))
    for article in articles()[part::of]:
        await writer.add({"_id": article_id(article.url), **asdict(article)})
    await writer.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3], *map(int, sys.argv[3:5])))
