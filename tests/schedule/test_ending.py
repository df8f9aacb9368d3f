"""Ends that come at a bad moment: while the store is away, while a crawl opens, while it closes."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler.errors import StoreUnavailable
from crawler.replica import proxy_environment
from crawler.schedule.process import running_worker
from crawler.storage import embedded
from crawler.storage.store import OPTIONS, RETRY_SECONDS
from tests.schedule.conftest import DEADLINE_SECONDS, ROOT

# PyMongo's asynchronous client forgets the socket with which it was connecting to a dead server when it is closed.
pytestmark = [
    pytest.mark.skipif(sys.version_info >= (3, 14), reason="the embedded database has no build for this Python"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def forgotten_sockets() -> Iterator[None]:
    """Collects them while the filter above holds."""
    yield
    gc.collect()


def test_all_that_is_written_at_the_end_shares_one_deadline(tmp_path, monkeypatch):
    """Each request would wait RETRY_SECONDS, one after the other: of the row, the lease and the process itself."""
    monkeypatch.setitem(OPTIONS, "serverSelectionTimeoutMS", 500)
    monkeypatch.setattr("crawler.schedule.worker.SHUTDOWN_SECONDS", 1.0)
    uri = embedded.ensure_running(tmp_path)
    server = embedded.status(tmp_path)
    settings = Settings({"MONGO_URI": uri, "MONGO_DATABASE": "ending", "DATA_DIR": str(tmp_path), "LEASE_SECONDS": 30})

    async def end() -> float:
        async with running_worker(settings, 1) as worker:
            lease = await worker.leases.take("qingtian", "qingtian.gov.cn")
            os.kill(server.pid, signal.SIGKILL)
            await worker.stop()
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await worker.jobs.release({"_id": "a", "due_at": datetime.now(UTC), "attempts": 1})
            with pytest.raises(StoreUnavailable):
                await worker.leases.release(lease)
        return time.monotonic() - began

    assert asyncio.run(end()) < RETRY_SECONDS / 2


@pytest.mark.parametrize(
    ("moment", "reason"), [("spider_opened", "shutdown"), ("spider_closed", "finished")], ids=["opening", "closing"]
)
def test_a_stop_while_a_crawl_opens_or_closes(moment, reason, *, fleet, stored, mongo_uri, database, tmp_path):
    """Scrapy 2.19.0 forgets the one, and tells the end too early at the other: while the run is being recorded."""
    site = fleet.fleet.codes()[0]
    folders = {"DATA_DIR": str(tmp_path), "HTTPCACHE_DIR": str(tmp_path / "cache")}
    there = {"MONGO_URI": mongo_uri, "MONGO_DATABASE": database, "DOWNLOAD_DELAY": 0}
    script = str(Path(__file__).parent / "stop_at.py")
    command = [sys.executable, script, moment, site, json.dumps({**folders, **there, "LOG_LEVEL": "WARNING"})]
    environment = {**os.environ, **proxy_environment(fleet.address)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
    )
    assert done.stdout.split() == [reason]
    assert "ERROR" not in done.stderr
    runs = list(stored.runs.find({}))
    assert {run["finish_reason"] for run in runs} == {reason}
    assert all(run["finished_at"] for run in runs)
    assert stored.articles.count_documents({}) == (3 if reason == "finished" else 0)
    assert stored.leases.count_documents({"owner": {"$ne": None}}) == 0
