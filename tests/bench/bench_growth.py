"""What a page costs as the store grows.

`python tests/bench/bench_growth.py [SIZE ...] [--pages 2000]`
fills an embedded store of its own up to each size (0 and 100000 where none is given), crawls the pages of
`crawl/pages.py` into it, and prints a table in Markdown.

Each crawl is that of `crawl/bench_crawl.py`, "ours, stored": download, parse, clean, restore, dedupe, index, store.
Before each one the same pages are crawled into an empty database of the same server (`beside`), so that what else the
machine does is seen. CPU and memory are the crawling process's, `server` is the store's CPU; what a crawl stored is
deleted again. Filling documents have a story, a fingerprint, a site and a time of their own, and 317 bigrams each, and
are in the index for search.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench_stories import filler, memory
from pymongo import MongoClient

from crawler.storage import embedded
from crawler.storage.store import open_store

HERE = Path(__file__).resolve().parent / "crawl"
ROOT = HERE.parents[2]
DATABASE, BESIDE = "growth", "empty"
SITES = [f"filler-{number}" for number in range(3000)]
BATCH = 250
KEEP_FREE = 20 * 2**30
"""Bytes of the disk that a filling leaves."""


def document(number: int) -> dict[str, Any]:
    """A stored article that no page of the crawl is like."""
    site = SITES[number % len(SITES)]
    published = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * number)
    return {
        **filler(number),
        **{"site": {"code": site, "name": site, "kind": "other"}, "published_at": published, "section": "要闻"},
        **{"relevance": {"score": 0.5, "terms": []}, "run": "filler"},
    }


def fill(uri: str, start: int, size: int, place: Path) -> float:
    """Store the documents from `start` up to `size`; how long that took."""
    began = time.perf_counter()
    asyncio.run(_fill(uri, start, size, place))
    return time.perf_counter() - began


async def _fill(uri: str, start: int, size: int, place: Path) -> None:
    store = await open_store(uri, DATABASE, None)
    for at in range(start, size, BATCH):
        if shutil.disk_usage(place).free < KEEP_FREE:
            raise SystemExit(f"bench_growth: the disk is too full to go on behind {at} documents")
        rows = [document(number) for number in range(at, min(at + BATCH, size))]
        await store.database["articles"].insert_many(rows, ordered=False)
    await store.close()


def spent(pid: int) -> float:
    """Seconds of CPU of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(pages: int, directory: Path, environment: dict[str, str]) -> Iterator[int]:
    """The server of the pages; its port."""
    command = [sys.executable, str(HERE / "pages.py"), str(pages), str(directory / "truth.jsonl")]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    with server:
        assert server.stdout
        assert server.stdin
        yield int(server.stdout.readline().split()[1])
        server.stdin.close()


def crawl(port: int, pages: int, directory: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What one crawl of all pages took."""
    command = [sys.executable, str(HERE / "contenders.py"), "ours, stored", str(port), str(pages), str(directory)]
    result = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"bench_growth: the crawl failed:\n{result.stderr[-3000:]}")
    return json.loads(result.stdout.strip().splitlines()[-1])


def measure(sizes: list[int], pages: int, directory: Path) -> None:
    """Fill, crawl and print, size by size."""
    uri = embedded.ensure_running(directory)
    daemon = embedded.status(directory)
    assert daemon
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{HERE}", "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    environment |= {"CRAWLER_DATA": str(directory), "MONGO_URI": uri}
    print("| stored | filled in | pages/s | CPU ms/page | server ms/page | wall ms/page | crawler MB | server MB |")
    print("|---" * 8 + "|")
    client: MongoClient[dict[str, Any]]
    with MongoClient(uri) as client, served(pages, directory, environment) as port:
        filled = 0
        for size in sizes:
            seconds = fill(uri, filled, size, directory)
            filled = size
            for name, label in ((BESIDE, "beside"), (DATABASE, f"{size:,}")):
                before = spent(daemon.pid)
                took = crawl(port, pages, directory, environment | {"MONGO_DATABASE": name})
                server = spent(daemon.pid) - before
                stored = client[name]["articles"]
                codes = stored.distinct("site.code", {"site.code": {"$gte": "1", "$lt": "2"}})
                gone = stored.delete_many({"site.code": {"$in": codes}}).deleted_count
                print(
                    f"| {label} | {seconds:.0f} s | {pages / took['seconds']:.0f} | {took['cpu'] / pages * 1000:.2f} "
                    f"| {server / pages * 1000:.2f} | {took['seconds'] / pages * 1000:.2f} "
                    f"| {took['peak'] / 1024:.0f} | {memory(daemon.pid)} |",
                    flush=True,
                )
                print(f"{label}: {gone} of {pages} pages were articles", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="*", default=[0, 100_000], metavar="SIZE")
    parser.add_argument("--pages", type=int, default=2000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            measure(sorted(options.sizes), options.pages, Path(folder))
        finally:
            embedded.stop(Path(folder))


if __name__ == "__main__":
    main()
