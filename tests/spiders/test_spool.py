"""The store goes away in the middle of a crawl: what is fetched meanwhile waits on the disk, and is stored once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymongo import MongoClient

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import content
from crawler.storage import embedded
from crawler.storage.embedded import reap

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60
TRUTH = {article_id(canonical_url(a.url)) for a in content.articles(1, "qingtian") if not a.same_as}


def until(seen, what: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not seen():
        assert time.monotonic() < deadline, f"never: {what}"
        assert process.poll() is None, f"the crawl ended before: {what}"


@pytest.fixture
def server(tmp_path):
    """A server of this test's own; as MONGO_URI, so that the crawl can't start it again."""
    if sys.version_info >= (3, 14):
        pytest.skip("the embedded database has no build for this Python")
    uri = embedded.ensure_running(tmp_path / "server")
    yield uri, tmp_path / "server"
    embedded.stop(tmp_path / "server")


def crawl_until_spooling(command, uri: str, directory: Path, spool: Path) -> subprocess.Popen[bytes]:
    """Start a crawl, kill the server as soon as six articles are stored, and return once articles wait in the spool."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "CRAWLER_DATA": str(spool.parent)}, stderr=subprocess.DEVNULL
    )
    with MongoClient(uri) as client:
        until(lambda: client["news"]["articles"].count_documents({}) >= 6, "six articles stored", process)
    daemon = embedded.status(directory)
    assert daemon is not None
    os.kill(daemon.pid, signal.SIGKILL)
    reap(daemon.pid)
    until(lambda: any(path.stat().st_size > 1000 for path in spool.glob("*.spool")), "articles in the spool", process)
    return process


@pytest.mark.parametrize("killed", [False, True], ids=["store comes back", "crawl killed too"])
def test_articles_wait_for_a_store_that_is_away(command, server, tmp_path, killed):
    uri, directory = server
    spool = tmp_path / "data" / "spool"
    settings = {"MONGO_URI": uri, "MONGO_DATABASE": "news"}
    line = command("county", "-a", "site=qingtian", STORE_BATCH_ITEMS=3, DOWNLOAD_DELAY=0.02, **settings)
    process = crawl_until_spooling(line, uri, directory, spool)
    try:
        if killed:
            process.kill()
            process.wait()
        assert embedded.ensure_running(directory) == uri
        if not killed:
            assert process.wait(DEADLINE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    with MongoClient(uri) as client:
        if killed:
            assert client["news"]["articles"].count_documents({}) < len(TRUTH)
            again = subprocess.run(
                line,
                cwd=ROOT,
                env={**os.environ, "CRAWLER_DATA": str(spool.parent)},
                capture_output=True,
                text=True,
                timeout=DEADLINE_SECONDS,
                check=False,
            )
            assert again.returncode == 0, again.stderr[-2000:]
            assert "articles and rejects that an earlier crawl left in the spool" in again.stderr
        documents = list(client["news"]["articles"].find({}, {"canonical_url": 1, "revision": 1}))
        revisions = client["news"]["revisions"].count_documents({})
        rejects = {row["article"] for row in client["news"]["rejects"].find({"reason": "irrelevant"})}
    assert {document["_id"] for document in documents} == TRUTH - rejects
    assert len(documents) == len(TRUTH - rejects) > len(TRUTH) / 2
    assert ({document["revision"] for document in documents}, revisions) == ({1}, 0)
    assert list(spool.iterdir()) == []
