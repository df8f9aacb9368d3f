"""What a search costs: `python tests/bench/bench_search.py [NUMBER]` stores NUMBER generated articles (10,000) and
prints median and 95th percentile of the time an answer takes, beside an unanchored `$regex` over the bodies.

Uses the server of MONGO_URI, else an embedded one of its own. 100,000 articles take long to store: see the pace it
prints.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo.errors import OperationFailure
from seed_articles import PHRASE, RARE, seed

from crawler.query.filters import Filters
from crawler.query.search import search
from crawler.storage import embedded
from crawler.storage.mongo import connect

QUESTIONS = {
    "one rare term": RARE,
    "three terms": "米粉 不合格 召回",
    "one very common term": "抽检",
    "a phrase": f'"{PHRASE}"',
}
LONGEST_SECONDS = 8.0
"""Of one question: it is asked until then, at most 20 times."""


def timed(ask: Callable[[], int]) -> tuple[list[float], int]:
    """Milliseconds of each repetition, and how many articles it gave."""
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 20 and (len(times) < 2 or time.perf_counter() - began < LONGEST_SECONDS):
        started = time.perf_counter()
        count = ask()
        times.append((time.perf_counter() - started) * 1000)
    return times, count


def told(times: list[float]) -> str:
    """Median and 95th percentile."""
    high = sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]
    return f"{statistics.median(times):8,.0f} ms median {high:8,.0f} ms p95 ({len(times)} times)"


def regex(articles: Any, text: str) -> int:
    """The obvious way: how many bodies hold every word."""
    every = [{"body": {"$regex": word}} for word in text.strip('"').split()]
    return sum(1 for _ in articles.find({"$and": every} if len(every) > 1 else every[0], {"title": 1, "url": 1}))


def measure(uri: str, number: int) -> None:
    with connect(uri, None) as client:
        name = f"bench_{os.getpid()}"
        try:
            started = time.perf_counter()
            seed(client[name], number)
            seconds = time.perf_counter() - started
            print(f"{number} articles made and stored in {seconds:.0f} s: {number / seconds:.0f} a second")
            articles = client[name]["articles"]
            sample = [len(row["tokens"]) for row in articles.find({}, {"tokens": 1, "title": 1}).limit(1000)]
            print(f"{statistics.mean(sample):.0f} tokens an article")
            try:
                sizes = client[name].command("collStats", "articles")["indexSizes"]
                print(f"index sizes, bytes an article: { {key: round(size / number) for key, size in sizes.items()} }")
            except (OperationFailure, KeyError):
                print("the server tells no sizes of indexes")
            for what, text in QUESTIONS.items():
                filters = Filters.read(text)
                times, count = timed(lambda filters=filters: search(articles, filters, 10).matched)  # type: ignore[misc]
                print(f"{what:22} {text:16} {count:7} articles  search {told(times)}")
                times, count = timed(lambda text=text: regex(articles, text))  # type: ignore[misc]
                print(f"{'':40}{count:6} bodies    $regex {told(times)}", flush=True)
        finally:
            client.drop_database(name)


if __name__ == "__main__":
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and not sys.argv[1].isdigit()):
        sys.exit("bench_search.py takes the number of articles; MONGO_URI says which server is measured")
    size = int(sys.argv[1]) if len(sys.argv) == 2 else 10_000
    if "MONGO_URI" in os.environ:
        measure(os.environ["MONGO_URI"], size)
    else:
        with tempfile.TemporaryDirectory() as place:
            try:
                measure(embedded.ensure_running(Path(place)), size)
            finally:
                embedded.stop(Path(place))
