"""What a search costs: `python tests/bench/bench_search.py [NUMBER] [FOLDER]` stores NUMBER generated articles (10,000)
and prints median and 95th percentile of the time an answer takes, as it is and with `--all`, beside an unanchored
`$regex` over the bodies.

Uses the server of MONGO_URI, else an embedded one of its own: in FOLDER, where the articles stay, so that storing them
can be interrupted and they can be measured again (`bench_export.py` takes the same folder), else in a temporary one.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError
from seed_articles import PHRASE, RARE, seed

from crawler.search.filters import Filters
from crawler.search.search import MOST, search
from crawler.storage import embedded
from crawler.storage.store import connect

QUESTIONS = {
    "one rare term": RARE,
    "three terms": "米粉 不合格 召回",
    "one very common term": "抽检",
    "a phrase": f'"{PHRASE}"',
}
MAX_SECONDS = 8.0
"""Of one question: it is asked until then, at most 20 times."""


def timed(ask: Callable[[], int]) -> tuple[list[float], int]:
    """Milliseconds of each repetition, and how many articles it gave."""
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 20 and (len(times) < 2 or time.perf_counter() - began < MAX_SECONDS):
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


def measure(uri: str, name: str, number: int) -> None:
    """Store what is missing in the database `name`, and ask."""
    with connect(uri, None) as client:
        articles, started = client[name]["articles"], time.perf_counter()
        there = articles.estimated_document_count()
        seed(uri, name, number)
        if (made := articles.estimated_document_count() - there) > 0:
            seconds = time.perf_counter() - started
            print(f"{made} articles made and stored in {seconds:.0f} s: {made / seconds:.0f} a second")
        for what, text in QUESTIONS.items():
            ask(articles, what, text)
        tell_sizes(client[name], number)


def tell_sizes(database: Any, number: int) -> None:
    """Tokens and bytes of index an article. Last, for the embedded server takes minutes for it where they are many."""
    newest = database["articles"].find(
        {"first_seen_at": {"$gte": datetime(2026, 1, 1, tzinfo=UTC)}}, {"tokens": 1, "title": 1}
    )
    sample = [len(row["tokens"]) for row in islice(newest, 1000)]
    print(f"{statistics.mean(sample):.0f} tokens an article", flush=True)
    postings = [len(row["data"]) for row in database["postings"].find({})]
    fresh = [len(row["lines"]) + len(row["ids"]) for row in database["segments"].find({}) if "lines" in row]
    segments = database["segments"].estimated_document_count()
    size = (sum(postings) + sum(fresh)) / number
    print(f"postings: {size:.0f} bytes an article, in {segments} segments and {len(postings)} documents", flush=True)
    try:
        sizes = database.command("collStats", "articles")["indexSizes"]
        print(f"index sizes, bytes an article: { {key: round(size / number) for key, size in sizes.items()} }")
    except (PyMongoError, KeyError):
        print("the server tells no sizes of indexes")


def ask(articles: Any, what: str, text: str) -> None:
    """Three lines: a search as it is, one that ranks all, and `$regex`."""
    filters = Filters.read(text)
    for way, most in (("search", MOST), ("search --all", None)):
        times, count = timed(lambda most=most: search(articles, filters, 10, most).matched)  # type: ignore[misc]
        print(f"{what:22} {text:12} {count:7} articles {way:12} {told(times)}", flush=True)
    times, count = timed(lambda: regex(articles, text))
    print(f"{what:22} {text:12} {count:7} bodies   {'$regex':12} {told(times)}", flush=True)


def main(number: int, folder: str | None) -> None:
    """Measure the server of MONGO_URI in a database that is dropped afterwards, or an embedded one."""
    if uri := os.environ.get("MONGO_URI"):
        name = f"bench_{os.getpid()}"
        try:
            measure(uri, name, number)
        finally:
            with connect(uri, None) as client:
                client.drop_database(name)
        return
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(folder or temporary)
        try:
            measure(embedded.ensure_running(place), "whole", number)
        finally:
            embedded.stop(place)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) > 2 or (arguments and not arguments[0].isdigit()):
        sys.exit("bench_search.py takes the number of articles and a folder; MONGO_URI says which server is measured")
    main(int(arguments[0]) if arguments else 10_000, arguments[1] if len(arguments) == 2 else None)
