"""`kill -9` in the middle of a crawl, then the same command again: every article once, nothing acknowledged lost."""

import os
import signal
import subprocess
import time
from pathlib import Path

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import content

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60


def kill_once_stored(command: list[str], collection, at_least: int) -> set[str]:
    """Start the crawl, kill it as soon as `at_least` articles are acknowledged, and give their ids."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + DEADLINE_SECONDS
    try:
        while collection.count_documents({}) < at_least:
            assert time.monotonic() < deadline, "the crawl stored nothing"
            assert process.poll() is None, "the crawl ended before it could be killed"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return {document["_id"] for document in collection.find({}, {"title": 1})}


def test_a_killed_crawl_is_finished_by_the_same_command(command, crawl, stored):
    arguments = ("county", "-a", "site=qingtian", "-a", "keep=all")
    # Batches of three, so that the kill falls between two of them; a delay, so that it falls before the end.
    acknowledged = kill_once_stored(command(*arguments, STORE_BATCH_ITEMS=3, DOWNLOAD_DELAY=0.4), stored.articles, 6)
    assert acknowledged
    truth = {article_id(canonical_url(a.url)) for a in content.articles(1, "qingtian") if not a.same_as}
    assert acknowledged < truth

    result = crawl(*arguments)
    assert result.returncode == 0, result.stderr[-2000:]
    documents = list(stored.articles.find({}))
    assert {document["_id"] for document in documents} == truth
    assert len({document["canonical_url"] for document in documents}) == len(documents)
    assert {document["revision"] for document in documents} == {1}
    assert stored.revisions.count_documents({}) == 0
