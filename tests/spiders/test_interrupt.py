"""Ctrl-C in the middle of a crawl: what was fetched is stored, the run is on record, and the same command goes on."""

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from crawler.replica import content
from tests.bench.faults.hostile import BODY, LIST, Answer, Handler, Hostile, article, listing, page, sends

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
    assert "ended early (shutdown); run the same command again to continue" in told
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


def test_pages_that_wait_for_their_turn_do_not_hold_the_end_up(command, crawl, stored):
    """The host holds every answer back from the second article on, until the crawl has been told to end; the others
    wait for their turn."""
    told = threading.Event()
    process: list[subprocess.Popen[str]] = []

    def answer(number: int) -> Answer:
        def send(handler: Handler) -> None:
            if sum("/art/" in path for path in site.asked) == 2:
                process[0].send_signal(signal.SIGINT)
                told.wait(DEADLINE_SECONDS)
            handler.reply(page(f"食堂检查第{number}号", f"{number}{BODY}{number}"))

        return send

    with Hostile() as site:
        site.answers |= {article(n): answer(n) for n in range(20)}
        site.answers[LIST] = sends(listing([article(n) for n in range(20)]))
        arguments = ("county", "-a", "site=qingtian", "-a", "keep=all")
        line = command(*arguments, "-v", proxy=site.address, DOWNLOAD_DELAY=0.05)
        process.append(subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        try:
            assert process[0].stderr is not None
            next(line for line in process[0].stderr if "Received SIGINT" in line)
            told.set()
            process[0].communicate(timeout=DEADLINE_SECONDS)
        finally:
            told.set()
            process[0].kill()
            process[0].wait()
        asked = [path for path in site.asked if "/art/" in path]
        assert 2 <= len(asked) <= 3, asked
        (run,) = stored.runs.find({"parent": None})
        assert (run["finish_reason"], run["counts"].get("rejects", 0)) == ("shutdown", 0)
        assert stored.sites.count_documents({}) == 0
        assert crawl(*arguments, proxy=site.address).returncode == 0
        assert stored.articles.count_documents({}) == 20
