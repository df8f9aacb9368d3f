"""What storing costs: `python tests/bench/bench_store.py` prints articles per second through the batch writer and the
crawler's CPU time per article, for new, unchanged and changed articles, and the time of look-ups.

Uses the server of MONGO_URI, else an embedded one of its own; ends within half a minute.
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
from pathlib import Path
from typing import Any

from crawler.items import Article
from crawler.parsing.urls import article_id
from crawler.storage import embedded
from crawler.storage.store import Store, open_store
from crawler.storage.writer import ArticleWriter

NUMBER = 5000
CHARACTERS = "食品安全抽检监督管理局发布通告米粉菌落总数超标不合格企业召回县市场检验机构标准执法处罚"


def article(number: int, version: str) -> dict[str, Any]:
    """An article of some 1,500 characters, as the pipelines hand it on."""
    chance = random.Random(f"{number} {version}")
    url = f"https://xishan.example.cn/art/{number}.html"
    text = "".join(chance.choices(CHARACTERS, k=1500))
    site = {"code": "xishan", "name": "西山县政府", "kind": "county"}
    fingerprint = [chance.getrandbits(62) for _ in range(16)]
    item = Article(
        url, url, site, title=text[:20], body=text, content_hash=text[:64], fingerprint=fingerprint, run=version
    )
    return {"_id": article_id(url), **asdict(item)}


async def write(store: Store, version: str) -> tuple[float, float, Counter[str]]:
    """Articles per second, CPU milliseconds of this process per article, and outcomes."""
    documents = [article(number, version) for number in range(NUMBER)]
    told: Counter[str] = Counter()
    writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: told.update([outcome]))
    started, cpu = time.perf_counter(), time.process_time()
    for document in documents:
        await writer.add(document)
    await writer.close()
    return NUMBER / (time.perf_counter() - started), (time.process_time() - cpu) / NUMBER * 1000, told


async def measure(uri: str) -> None:
    store = await open_store(uri, f"bench_{os.getpid()}", None)
    try:
        for version in ("first", "first", "second"):
            rate, cpu, told = await write(store, version)
            print(f"{dict(told)}: {rate:,.0f} articles/s, {cpu:.2f} ms of the crawler's CPU each")
        ids = [article_id(f"https://xishan.example.cn/art/{number}.html") for number in range(NUMBER, NUMBER + 30)]
        started = time.perf_counter()
        for start in range(100):
            await store.known(ids[:15] + [article_id(f"https://xishan.example.cn/art/{start}.html")] * 15)
        print(f"known() of a list page of 30 links: {(time.perf_counter() - started) * 10:.2f} ms")
    finally:
        await store.database.client.drop_database(store.database.name)
        await store.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit("bench_store.py takes no arguments; MONGO_URI says which server is measured")
    if "MONGO_URI" in os.environ:
        asyncio.run(measure(os.environ["MONGO_URI"]))
    else:
        with tempfile.TemporaryDirectory() as place:
            try:
                asyncio.run(measure(embedded.ensure_running(Path(place))))
            finally:
                embedded.stop(Path(place))
