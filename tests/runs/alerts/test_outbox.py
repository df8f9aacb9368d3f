"""What is to be told waits in the store until it is told, once."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from crawler.runs.alert_channels import Webhook
from crawler.runs.alerts import Outbox
from crawler.storage.store import open_store


def change(code: str, verdict: str = "broken") -> dict:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    row = {"_id": f"r:{code}", "site": code, "name": "某县", "before": "ok", "verdict": verdict, "reasons": ["x"]}
    return {**row, "at": at, "since": at, "ok_at": at, "page": None, "command": f"scrapy crawl county -a site={code}"}


@pytest.fixture
def outbox(mongo_uri, database):
    @asynccontextmanager
    async def open_outbox(url: str, interval: float = 0):
        store = await open_store(mongo_uri, database, None)
        try:
            yield Outbox(store, [Webhook(url, "wecom")], interval, first_wait=0.01)
        finally:
            await store.close()

    return open_outbox


def test_a_hundred_sites_are_one_message_told_once(outbox, robot):
    service = robot()

    async def scenario():
        async with outbox(service.url) as box, outbox(service.url) as other:
            await box.add([change(f"{n:06}") for n in range(100)])
            delivered = await asyncio.gather(box.deliver(), other.deliver())
            return delivered, await box.deliver(), await box.pending("webhook")

    assert asyncio.run(scenario()) in (([1, 0], 0, []), ([0, 1], 0, []))
    assert len(service.posts) == 1
    assert "100 broken" in service.posts[0][2].decode()


def test_a_service_that_is_away_is_asked_again_and_told_later(outbox, robot, caplog):
    service = robot()
    service.answers = [(503, b""), (503, b""), (503, b""), (200, b'{"errcode": 45009}'), (200, b'{"errcode": 0}')]

    async def scenario():
        async with outbox(service.url) as box:
            await box.add([change("1")])
            first = await box.deliver()
            tried = len(service.posts)
            await box.add([change("2")])
            return first, tried, len(await box.pending("webhook")), await box.deliver(), await box.pending("webhook")

    assert asyncio.run(scenario()) == (0, 3, 2, 1, [])
    assert "2 broken" in service.posts[-1][2].decode()
    assert "localhost (wecom) answers 503; it is kept for the next time" in caplog.text
    assert "TOP-SECRET" not in caplog.text


def test_messages_are_not_sent_faster_than_allowed(outbox, robot):
    service = robot()

    async def scenario():
        async with outbox(service.url, interval=60) as box:
            await box.add([change("1")])
            first = await box.deliver()
            await box.add([change("2", "ok")])
            return first, await box.deliver(), len(await box.pending("webhook"))

    assert asyncio.run(scenario()) == (1, 0, 1)


def test_at_its_end_a_crawl_waits_until_it_may(outbox, robot):
    service = robot()

    async def scenario():
        async with outbox(service.url, interval=0.5) as box:
            await box.add([change("1")])
            first = await box.deliver(wait=True)
            await box.add([change("2", "ok")])
            return first, await box.deliver(), await box.deliver(wait=True)

    assert asyncio.run(scenario()) == (1, 0, 1)
