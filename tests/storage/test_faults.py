"""Processes killed for real in the middle of their work. No waiting by the clock: each kill follows something seen."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from pymongo import MongoClient

from crawler.errors import StoreError
from crawler.storage import embedded
from crawler.storage.embedded import Daemon, reap
from crawler.storage.store import OPTIONS, open_store
from crawler.storage.writer import ArticleWriter

needs_embedded = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="the embedded database has no build for this Python"
)
# PyMongo's asynchronous client forgets the socket with which it was connecting to a dead server when it is closed.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
WRITER = Path(__file__).with_name("write_articles.py")


@pytest.fixture(autouse=True)
def forgotten_sockets() -> Iterator[None]:
    """Collects them while the filter above holds."""
    yield
    gc.collect()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second to find a server, in place of five."""
    monkeypatch.setitem(OPTIONS, "serverSelectionTimeoutMS", 500)


@contextmanager
def taken(daemon: Daemon) -> Iterator[None]:
    """The port of a dead server is somebody else's."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((daemon.host, daemon.port))
        other.listen()
        yield


def urls(number: int) -> list[str]:
    return [f"http://www.xishan.example.cn/art/{n}.html" for n in range(number)]


@needs_embedded
def test_a_killed_server_loses_nothing_acknowledged(tmp_path, article):
    """The daemon is killed four times while batches are under way; each time the writer starts it again."""

    async def scenario() -> tuple[Counter[str], int]:
        told: Counter[str] = Counter()
        pids: set[int] = set()
        store = await open_store(None, "news", tmp_path)

        def count(kind: str, outcome: str, document: dict) -> None:
            told[outcome] += 1
            if told[outcome] in {100, 300, 500, 700}:
                daemon = embedded.status(tmp_path)
                assert daemon is not None
                pids.add(daemon.pid)
                # The next batch is waiting in the buffer; its write meets a dead server.
                os.kill(daemon.pid, signal.SIGKILL)
                reap(daemon.pid)

        writer = ArticleWriter(store, max_items=50, on_outcome=count)
        for url in urls(900):
            await writer.add(article(url, f"正文 {url}"))
        await writer.close()
        stored = {row["_id"] async for row in store.database["articles"].find({}, {"_id": 1, "revision": 1})}
        await store.close()
        assert stored == {article(url, "")["_id"] for url in urls(900)}
        return told, len(pids)

    try:
        told, killed = asyncio.run(scenario())
    finally:
        embedded.stop(tmp_path)
    assert (told, killed) == ({"new": 900}, 4)


def test_a_killed_writer_leaves_nothing_twice_and_nothing_half(mongo_uri, database):
    """A process that stores 1500 articles, then new versions of them, is killed in the middle of each; the same command
    again completes it."""
    command = [sys.executable, str(WRITER), mongo_uri, database]
    for version, outcome in (("1", "new"), ("2", "changed")):
        for _ in range(2):
            with subprocess.Popen([*command, version], stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                seen = 0
                for line in process.stdout:
                    seen += line.strip() == outcome
                    if seen == 260:
                        process.kill()
                        break
            assert process.returncode == -signal.SIGKILL
        subprocess.run([*command, version], stdout=subprocess.PIPE, check=True, timeout=120)
    with MongoClient(mongo_uri) as client:
        articles = list(client[database]["articles"].find({}, {"revision": 1, "body": 1}))
        revisions = list(client[database]["revisions"].find({}, {"article": 1, "revision": 1, "body": 1}))
    assert len(articles) == 1500
    assert {(row["revision"], row["body"]) for row in articles} == {(2, "第2版")}
    assert {row["article"] for row in revisions} == {row["_id"] for row in articles}
    assert [(row["revision"], row["body"]) for row in revisions] == [(1, "第1版")] * 1500


@needs_embedded
def test_whoever_adds_waits_while_a_full_batch_is_being_written(tmp_path, article):
    """The server is halted while it writes the first two; the third is taken, the fourth has to wait."""

    async def scenario() -> tuple[bool, int, int]:
        store = await open_store(None, "news", tmp_path)
        daemon = embedded.status(tmp_path)
        assert daemon is not None
        writer = ArticleWriter(store, max_items=2, on_outcome=lambda kind, outcome, document: None)
        await writer.add(article(urls(1)[0], "0"))
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            adding = [asyncio.ensure_future(writer.add(article(url, url))) for url in urls(4)[1:]]
            done, waiting = await asyncio.wait(adding, timeout=0.5)
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        await asyncio.gather(*adding)
        await writer.close()
        stored = await store.database["articles"].count_documents({})
        await store.close()
        return adding[1] in done, len(waiting), stored

    try:
        assert asyncio.run(scenario()) == (True, 2, 4)
    finally:
        embedded.stop(tmp_path)


@needs_embedded
def test_the_end_waits_for_a_batch_that_is_on_its_way(tmp_path, article):
    """The server is halted while the article that waited long enough is being written."""

    async def scenario() -> tuple[int, list[str]]:
        store = await open_store(None, "news", tmp_path)
        daemon = embedded.status(tmp_path)
        assert daemon is not None
        told: list[str] = []
        writer = ArticleWriter(store, max_seconds=0.01, on_outcome=lambda kind, outcome, document: told.append(outcome))
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            await writer.add(article(urls(1)[0], "甲"))
            while writer.pending:  # noqa: ASYNC110  (nothing tells when the timer has struck)
                await asyncio.sleep(0)
            closing = asyncio.ensure_future(writer.close())
            done, _ = await asyncio.wait([closing], timeout=0.3)
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        await closing
        await store.close()
        return len(done), told

    try:
        assert asyncio.run(scenario()) == (0, ["new"])
    finally:
        embedded.stop(tmp_path)


@needs_embedded
def test_a_server_that_comes_back_elsewhere_is_found(tmp_path, article, impatient):
    """Its port was taken while it was dead."""

    async def scenario() -> tuple[str, str, set[str]]:
        store = await open_store(None, "news", tmp_path)
        before = embedded.status(tmp_path)
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)
        reap(before.pid)
        with taken(before):
            known = await store.known([article(urls(1)[0], "")["_id"]])
        after = embedded.status(tmp_path)
        assert after is not None
        await store.close()
        return before.uri, after.uri, known

    try:
        before, after, known = asyncio.run(scenario())
    finally:
        embedded.stop(tmp_path)
    assert before != after
    assert known == set()


@needs_embedded
@pytest.mark.parametrize("port", [nullcontext, taken], ids=["its old port", "another port"])
def test_a_store_that_stays_away_is_told_and_the_batch_kept(tmp_path, article, monkeypatch, impatient, port):
    """The program that would start the server again is gone as well; somebody starts it later."""

    async def scenario() -> int:
        store = await open_store(None, "news", tmp_path / "data")
        daemon = embedded.status(tmp_path / "data")
        assert daemon is not None
        writer = ArticleWriter(store, retry_seconds=0.5, on_outcome=lambda kind, outcome, document: None)
        await writer.add(article(urls(1)[0], "甲"))
        with monkeypatch.context() as gone:
            gone.setattr(sys, "executable", str(tmp_path / "python"))
            gone.setenv("PATH", str(tmp_path))
            os.kill(daemon.pid, signal.SIGKILL)
            reap(daemon.pid)
            with pytest.raises(StoreError, match=r"unavailable for 0.5 s.* 1 articles and rejects wait"):
                await writer.flush()
            with pytest.raises(StoreError):
                await writer.add(article(urls(2)[1], "乙"))
            assert writer.pending == 1
        with port(daemon):
            embedded.ensure_running(tmp_path / "data")
        await writer.close()
        stored = await store.database["articles"].count_documents({})
        await store.close()
        return stored

    try:
        assert asyncio.run(scenario()) == 1
    finally:
        embedded.stop(tmp_path / "data")
