"""What a search costs: `python tests/bench/bench_search.py [NUMBER] [FOLDER]` stores NUMBER generated articles (10,000)
and prints how fast the index is built, its size, the median and 95th percentile of questions and of counts, how long
1,000 changes take, and the memory of the process; beside SQLite FTS5 with trigrams and with our pairs of characters.
At last the indexer is killed 30 times at random moments; each time the counts must equal a scan.

Uses the server of MONGO_URI, else an embedded one of its own: in FOLDER, where the articles stay, so that storing them
can be interrupted and they can be measured again (`bench_export.py` takes the same folder), else in a temporary one.
"""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pymongo import UpdateOne
from seed_articles import PHRASE, RARE, seed

from crawler.search.filters import Filters
from crawler.search.follow import catch_up, rebuild
from crawler.search.index import SearchIndex, Snapshot
from crawler.search.search import count_matching, search
from crawler.search.stats import count
from crawler.storage import embedded
from crawler.storage.changes import read_head
from crawler.storage.store import connect
from crawler.text.tokens import fold, sequence

QUESTIONS = {
    "one rare term": RARE,
    "three terms": "米粉 不合格 召回",
    "one very common term": "抽检",
    "a phrase": f'"{PHRASE}"',
}
COUNTS = {"by site": ("site", "抽检"), "by place and month": ("place,month", "米粉 不合格")}
TIMES, KILLS = 20, 30
DATABASE = "whole"


def timed(ask: Callable[[], int]) -> tuple[list[float], int]:
    """Milliseconds of each repetition, and what it returned."""
    times: list[float] = []
    for _ in range(TIMES):
        started = time.perf_counter()
        number = ask()
        times.append((time.perf_counter() - started) * 1000)
    return times, number


def show(what: str, way: str, ask: Callable[[], int]) -> None:
    """One line of the table."""
    times, number = timed(ask)
    high = sorted(times)[int(len(times) * 0.95) - 1]
    print(f"{what:22} {way:16} {number:8,} {statistics.median(times):9.1f} ms {high:9.1f} ms p95", flush=True)


def measure(uri: str, data: Path, number: int) -> None:
    """Store what is missing, then build, ask, change and kill."""
    with connect(uri, None) as client:
        seed(uri, DATABASE, number)
        database, index = client[DATABASE], SearchIndex(data, uri, DATABASE)
        started, spent = time.perf_counter(), time.process_time()
        snapshot = rebuild(index, database).snapshot
        seconds, busy = time.perf_counter() - started, time.process_time() - spent
        print(
            f"built {snapshot.articles:,} articles in {seconds:.0f} s, {snapshot.articles / busy:.0f} a second of CPU"
        )
        print(f"{index.size() / snapshot.articles:.0f} bytes an article, {snapshot.searcher.num_segments} segments")
        ask(snapshot, database["articles"])
        beside(database["articles"])
        change(index, database)
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
        kill(index, database, uri, data)


def ask(snapshot: Snapshot, articles: Any) -> None:
    """The questions, ranked with their articles read, and the counts."""
    for what, text in QUESTIONS.items():
        filters = Filters.read(text)
        show(what, "search", lambda filters=filters: search(snapshot, articles, filters, 10).matched)  # type: ignore[misc]
    for what, (by, text) in COUNTS.items():
        filters = Filters.read(text)
        show(what, "stats", lambda by=by, filters=filters: count(snapshot, filters, by).articles)  # type: ignore[misc]


def change(index: SearchIndex, database: Any) -> None:
    """The time that 1,000 changes take to be searched."""
    number = read_head(database).number + 1
    ids = [row["_id"] for row in database["articles"].find({}, {"title": 1}).limit(1000)]
    database["articles"].bulk_write([UpdateOne({"_id": key}, {"$set": {"change": number}}) for key in ids])
    database["changes"].update_one({}, {"$inc": {"number": 1}})
    started = time.perf_counter()
    catch_up(index, database, 600, compare=False)
    print(f"1,000 changes caught up in {time.perf_counter() - started:.1f} s")


def beside(articles: Any) -> None:
    """SQLite FTS5 over the same texts: with its trigrams, and with our tokens."""
    rows = list(articles.find({}, {"title": 1, "body": 1}))
    for way, prepare, tokenizer in (("fts5 trigrams", fold, "trigram"), ("fts5 pairs", _spaced, "unicode61")):
        with sqlite3.connect(":memory:") as base:
            base.execute(f"create virtual table t using fts5(text, tokenize={tokenizer}, content='')")
            started = time.process_time()
            texts = ((prepare(f"{row['title']}\n{row['body'] or ''}"),) for row in rows)
            base.executemany("insert into t(text) values (?)", texts)
            print(f"{way}: built at {len(rows) / (time.process_time() - started):.0f} a second of CPU")
            for what, text in QUESTIONS.items():
                words = [_match(word, tokenizer) for word in text.strip('"').split()]
                if None not in words:
                    show(what, way, lambda base=base, words=words: _count_fts(base, words))  # type: ignore[misc]


def _spaced(text: str) -> str:
    return " ".join(sequence(fold(text)))


def _match(word: str, tokenizer: str) -> str | None:
    """A word as a query of FTS5; None if trigrams can't find it."""
    if tokenizer == "trigram":
        return f'"{word}"' if len(word) > 2 else None
    return '"' + " ".join(sequence(word)[:-1]) + '"'


def _count_fts(base: sqlite3.Connection, words: Iterable[str]) -> int:
    asked = " AND ".join(words)
    base.execute("select rowid from t where t match ? order by bm25(t) limit 10", (asked,)).fetchall()
    return int(base.execute("select count(*) from t where t match ?", (asked,)).fetchone()[0])


_INDEXER = """
import sys
from pathlib import Path
from crawler.search import follow
from crawler.search.index import SearchIndex
from crawler.storage.store import connect
with connect(sys.argv[1], None) as client:
    index = SearchIndex(Path(sys.argv[2]), sys.argv[1], sys.argv[3])
    print("begin", flush=True)
    follow.COMMIT_EVERY = 1000
    while True:
        follow.rebuild(index, client[sys.argv[3]])
"""


def kill(index: SearchIndex, database: Any, uri: str, data: Path) -> None:
    """`kill -9` of the indexer at random moments; what is found then against a scan."""
    expected = database["articles"].count_documents({"$or": [{"title": {"$regex": RARE}}, {"body": {"$regex": RARE}}]})
    chance, wrong = random.Random(1), 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", _INDEXER, uri, str(data), DATABASE]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(chance.random() * 3)
            process.kill()
        fresh = catch_up(index, database, 600, compare=True)
        wrong += bool(fresh.note) or count_matching(fresh.snapshot, Filters.read(RARE)) != expected
    print(f"killed {KILLS} times: {wrong} wrong answers; {expected} articles hold {RARE}")


def main(number: int, folder: str | None) -> None:
    """Measure the server of MONGO_URI in a database that is dropped afterwards, or an embedded one."""
    if len(sys.argv) > 3:
        sys.exit("bench_search.py takes the number of articles and a folder; MONGO_URI says which server is measured")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(folder or temporary)
        if uri := os.environ.get("MONGO_URI"):
            try:
                measure(uri, place, number)
            finally:
                with connect(uri, None) as client:
                    client.drop_database(DATABASE)
            return
        try:
            measure(embedded.ensure_running(place), place, number)
        finally:
            embedded.stop(place)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, sys.argv[2] if len(sys.argv) > 2 else None)
