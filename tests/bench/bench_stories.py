"""What stories cost in the store: `python tests/bench/bench_stories.py [SIZE ...]` fills a database up to each size
(10000 and 100000 where none is given) and prints look-ups of one fingerprint a second, articles a second through the
batch writer (half of them reprints), the crawler's CPU time for an article and for settling its story alone, and the
memory of crawler and server.

Uses the server of MONGO_URI, else an embedded one of its own. 1000000 takes several minutes.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.items import Article
from crawler.parsing.urls import article_id
from crawler.storage import embedded
from crawler.storage.store import Store, open_store
from crawler.storage.stories import Clusters
from crawler.storage.writer import ArticleWriter
from crawler.text.fingerprint import content_hash, fingerprint

SIZES = (10_000, 100_000)
MEASURED = 1000
LOOKUPS = 500
CHARACTERS = [chr(code) for code in range(0x4E00, 0x5E00)]


def filler(number: int) -> dict[str, Any]:
    """A stored article of its own story, with what look-ups read of it."""
    chance = random.Random(number)
    key = f"{number:032x}"
    url = f"https://filler.example.cn/{number}.html"
    seen = datetime(2026, 3, 1, tzinfo=UTC)
    return {
        **{"_id": key, "url": url, "canonical_url": url, "title": "题", "body": "文" * 600, "cluster": key},
        **{"content_hash": key, "fingerprint": sorted(chance.getrandbits(63) for _ in range(16)), "revision": 1},
        **{"original": None, "first_seen_at": seen, "last_seen_at": seen, "changed_at": seen},
    }


def articles(size: int) -> list[dict[str, Any]]:
    """Stories of ten sentences and a reprint of each, as the pipelines hand them on."""
    made = []
    for number in range(MEASURED):
        chance = random.Random(f"{size} {number // 2}")
        sentences = ["".join(chance.choices(CHARACTERS, k=60)) + "。" for _ in range(10)]
        text = "\n".join(sentences) if number % 2 == 0 else "本报讯 " + "\n".join(sentences[:7])
        url = f"https://site{number % 5}.example.cn/{size}/{number}.html"
        article = Article(url, url, title="题", body=text, content_hash=content_hash("题", text), run="bench")
        article.fingerprint = fingerprint("题", text)
        made.append({"_id": article_id(url), **asdict(article)})
    return made


async def fill(store: Store, start: int, size: int) -> float:
    began = time.perf_counter()
    for at in range(start, size, 1000):
        rows = [filler(number) for number in range(at, min(at + 1000, size))]
        await store.database["articles"].insert_many(rows, ordered=False)
    return time.perf_counter() - began


async def lookups(store: Store, size: int) -> float:
    """Look-ups of the hashes of one known text, a second."""
    wanted = [filler(number)["fingerprint"] for number in random.Random(1).sample(range(size), LOOKUPS)]
    began = time.perf_counter()
    for hashes in wanted:
        rows = [
            row
            async for row in store.database["articles"].find(
                {"fingerprint": {"$in": hashes}}, {"cluster": 1, "fingerprint": 1}
            )
        ]
        assert len(rows) == 1
    return LOOKUPS / (time.perf_counter() - began)


async def writing(store: Store, size: int) -> tuple[float, float, float, Counter[str]]:
    """Articles a second, CPU milliseconds of this process an article, those of its story, and outcomes."""
    documents = articles(size)
    told: Counter[str] = Counter()
    writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: told.update([outcome]))
    began, cpu = time.perf_counter(), time.process_time()
    for document in documents:
        await writer.add(document)
    await writer.close()
    rate, whole = MEASURED / (time.perf_counter() - began), (time.process_time() - cpu) / MEASURED * 1000
    ids = [document["_id"] for document in documents]
    await store.database["articles"].update_many({"_id": {"$in": ids}}, {"$set": {"cluster": None}})
    cpu = time.process_time()
    for at in range(0, MEASURED, 100):
        await Clusters(store).assign(ids[at : at + 100])
    return rate, whole, (time.process_time() - cpu) / MEASURED * 1000, told


def memory(pid: int) -> int:
    """Resident megabytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


async def measure(uri: str, sizes: list[int], server: int | None) -> None:
    store = await open_store(uri, f"bench_{os.getpid()}", None)
    filled = 0
    try:
        for size in sizes:
            seconds = await fill(store, filled, size)
            filled = size
            rate = await lookups(store, size)
            written, whole, story, told = await writing(store, size)
            held = f", server {memory(server)} MB" if server else ""
            print(
                f"{size} articles (filled in {seconds:.0f} s): {rate:.0f} look-ups/s; {written:.0f} articles/s, "
                f"{whole:.2f} ms CPU an article, {story:.2f} to settle its story once more {dict(told)}; "
                f"crawler {memory(os.getpid())} MB{held}",
                flush=True,
            )
    finally:
        await store.database.client.drop_database(store.database.name)
        await store.close()


def main() -> None:
    sizes = sorted(int(size) for size in sys.argv[1:]) or list(SIZES)
    if uri := os.environ.get("MONGO_URI"):
        asyncio.run(measure(uri, sizes, None))
        return
    with tempfile.TemporaryDirectory() as directory:
        address = embedded.ensure_running(Path(directory))
        daemon = embedded.status(Path(directory))
        try:
            asyncio.run(measure(address, sizes, daemon.pid if daemon else None))
        finally:
            embedded.stop(Path(directory))


if __name__ == "__main__":
    main()
