"""Ctrl-C in the middle of a crawl: what was fetched is stored, the run is on record, and the same command goes on."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from crawler.replica import content

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_crawl_stores_what_it_holds(how, command, crawl, replica, stored):
    arguments = ("county", "-a", "site=qingtian", "-a", "keep=all")
    # Nothing is flushed by count or by time: what the crawl holds is stored at its end or never.
    held = {"STORE_BATCH_ITEMS": 1000, "STORE_BATCH_SECONDS": 600, "DOWNLOAD_DELAY": 0.05}
    process = subprocess.Popen(
        command(*arguments, **held), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while sum("/art/" in seen.path for seen in replica.requests) < 6:
            assert time.monotonic() < deadline, "the crawl fetched nothing"
            assert process.poll() is None, "the crawl ended before it could be interrupted"
        assert stored.articles.count_documents({}) == 0
        process.send_signal(how)
        _, told = process.communicate(timeout=DEADLINE_SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert "ended early (shutdown); the same command goes on where it stopped" in told
    assert "Traceback" not in told

    answered = [seen for seen in replica.requests if "/art/" in seen.path and seen.status == 200]
    (run,) = stored.runs.find({"parent": None})
    assert run["finish_reason"] == "shutdown"
    assert run["finished_at"] >= run["started_at"]
    everything = len(content.articles(1, "qingtian"))
    assert 5 <= run["counts"]["articles/new"] <= len(answered) < everything
    assert stored.articles.count_documents({}) == run["counts"]["articles/new"]

    assert crawl(*arguments).returncode == 0
    assert stored.articles.count_documents({}) == everything
    assert {document["revision"] for document in stored.articles.find({})} == {1}
