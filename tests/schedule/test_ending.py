"""A worker that is to end while its store is away."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from scrapy.settings import Settings

from crawler.schedule.process import employed
from crawler.storage import embedded
from crawler.storage.errors import StoreAway
from crawler.storage.store import OPTIONS, RETRY_SECONDS

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
    monkeypatch.setattr("crawler.schedule.worker.ENDING_SECONDS", 1.0)
    uri = embedded.ensure_running(tmp_path)
    server = embedded.status(tmp_path)
    settings = Settings({"MONGO_URI": uri, "MONGO_DATABASE": "ending", "DATA_DIR": str(tmp_path), "LEASE_SECONDS": 30})

    async def end() -> float:
        async with employed(settings, 1) as worker:
            lease = await worker.leases.take("qingtian", "qingtian.gov.cn")
            os.kill(server.pid, signal.SIGKILL)
            await worker.stop()
            began = time.monotonic()
            with pytest.raises(StoreAway):
                await worker.due.put_back({"_id": "a", "due_at": datetime.now(UTC), "attempts": 1})
            with pytest.raises(StoreAway):
                await worker.leases.release(lease)
        return time.monotonic() - began

    assert asyncio.run(end()) < RETRY_SECONDS / 2
