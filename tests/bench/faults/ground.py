"""What all scenarios stand on: crawls as a user starts them, a store of their own, and what it must hold at the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import Replica, content, proxy_environment
from crawler.search.follow import catch_up
from crawler.search.index import SearchIndex
from crawler.storage import embedded
from crawler.storage.embedded import reap

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 180
LOOK_SECONDS = 0.1
SITE = ("county", "-a", "site=qingtian", "-a", "keep=all")
TRUTH = {article_id(canonical_url(a.url)) for a in content.articles(1, "qingtian") if not a.same_as}


class Failed(Exception):
    """A scenario that did not end as it must; the text says what was lost."""


@dataclass
class Tried:
    """A row of the table: what was done, how often, what it was measured against, and what was lost."""

    what: str
    times: int = 0
    outcome: str = ""
    lost: list[str] = field(default_factory=list)


def must(condition: object, sentence: str) -> None:
    """Raise Failed with `sentence` unless `condition` holds."""
    if not condition:
        raise Failed(sentence)


def until(seen: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until `seen`. Raises Failed."""
    end = time.monotonic() + seconds
    while not seen():
        must(time.monotonic() < end, f"never: {what}")
        time.sleep(0.01)


class Ground:
    """A replica, a folder for data, and the embedded server of that folder."""

    def __init__(self, folder: Path, replica: Replica) -> None:
        self.folder = folder
        self.replica = replica
        self.data = folder / "data"
        self.log_file = folder / "crawl.log"
        self.env = {key: value for key, value in os.environ.items() if key not in {"MONGO_URI", "MONGO_DATABASE"}}
        self.env["CRAWLER_DATA"] = str(self.data)
        self.peak = 0.0
        """MB that the last crawl brought to its end by `finish` took at most."""

    def line(self, *arguments: str, proxy: str | None = "", **settings: object) -> list[str]:
        """The command line of a crawl without the waits that real sites are owed; of the replica, of the server at
        `proxy`, or with None of the network itself."""
        values = {
            "DOWNLOAD_DELAY": 0.02,
            "AUTOTHROTTLE_ENABLED": 0,
            "RETRY_BACKOFF_SECONDS": 0.01,
            "STORE_BATCH_ITEMS": 3,
            **settings,
        }
        options = [part for name, value in values.items() for part in ("-s", f"{name}={value}")]
        led = {} if proxy is None else proxy_environment(proxy or self.replica.address)
        environment = (f"{name}={value}" for name, value in led.items())
        return ["env", *environment, sys.executable, "-m", "scrapy", "crawl", *(arguments or SITE), *options]

    def start(self, *arguments: str, **settings: Any) -> subprocess.Popen[str]:
        """A crawl under way; what it prints goes to `log_file`."""
        with self.log_file.open("w") as log:
            return subprocess.Popen(
                self.line(*arguments, **settings), cwd=ROOT, env=self.env, stdout=log, stderr=log, text=True
            )

    def finish(self, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """A crawl to its end; `peak` is then the most memory it took."""
        line, pipe, self.peak = self.line(*arguments, **settings), subprocess.PIPE, 0.0
        end = time.monotonic() + DEADLINE_SECONDS
        with subprocess.Popen(line, cwd=ROOT, env=self.env, stdout=pipe, stderr=pipe, text=True) as process:
            while True:
                try:
                    said = process.communicate(timeout=LOOK_SECONDS)
                    return subprocess.CompletedProcess(line, process.returncode, *said)
                except subprocess.TimeoutExpired:
                    self.peak = _peak(process.pid) or self.peak
                    if time.monotonic() > end:
                        process.kill()
                        raise

    def scrapy(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Any other command to its end."""
        line, env = [sys.executable, "-m", "scrapy", *arguments], {**self.env, **environment}
        return subprocess.run(
            line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
        )

    @property
    def log(self) -> str:
        """What the last started crawl printed."""
        return self.log_file.read_text("utf-8", "replace")

    @contextmanager
    def articles(self) -> Iterator[Any]:
        """The collection `articles` of the embedded server, started if need be."""
        client: MongoClient[dict[str, Any]] = MongoClient(embedded.ensure_running(self.data))
        try:
            yield client["food_safety"]["articles"]
        finally:
            client.close()

    def stored(self) -> set[str]:
        """The ids of the stored articles."""
        with self.articles() as articles:
            return {row["_id"] for row in articles.find({}, {"title": 1})}

    def kill_store(self) -> None:
        """`kill -9` of the embedded server."""
        daemon = embedded.status(self.data)
        must(daemon, "the store was not there to be killed")
        assert daemon is not None
        os.kill(daemon.pid, signal.SIGKILL)
        reap(daemon.pid)

    def check(self, acknowledged: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Every article once, at its first revision, and found by its words; all that were ever seen in the store among
        them. Raises Failed."""
        with self.articles() as articles:
            rows = list(articles.find({}, {"canonical_url": 1, "revision": 1, "cluster": 1}))
            revisions = articles.database["revisions"].count_documents({})
            indexed = catch_up(
                SearchIndex(self.data, None, articles.database.name), articles.database, 600, compare=False
            )
            lost = {row["_id"] for row in rows} - indexed.snapshot.stamps().keys()
        found = {row["_id"] for row in rows}
        must(acknowledged <= found, f"{len(acknowledged - found)} acknowledged articles are gone")
        must(found == TRUTH, f"{len(TRUTH - found)} articles missing, {len(found - TRUTH)} too many")
        must(len({row["canonical_url"] for row in rows}) == len(rows), "an article is there twice")
        must({row["revision"] for row in rows} == {1}, "an article has a second revision")
        must(not revisions, f"{revisions} revisions of nothing")
        must(all(row["cluster"] for row in rows), "an article's story was never looked up")
        must(not lost, f"{len(lost)} articles are not in the search index")
        must(not list(self.data.glob("spool/*")), "something is left in the spool")


@contextmanager
def ground(base: Path, name: str) -> Iterator[Ground]:
    """A ground of its own for one scenario; removed with all its processes."""
    folder = base / name.replace(" ", "-")[:40]
    folder.mkdir(parents=True)
    with Replica() as replica:
        here = Ground(folder, replica)
        try:
            yield here
        finally:
            embedded.stop(here.data)
    shutil.rmtree(folder, ignore_errors=True)


def _peak(pid: int) -> float:
    """The most memory (MB) that a process has taken so far, 0 where it has ended. Not what `getrusage` tells of
    children: that begins with the memory of the process that started them."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
