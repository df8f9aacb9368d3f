"""Leases among real processes over the real store: one holder at a time, and the dead make room."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from crawler.storage.leases import HeldElsewhere, Lease, Leases, held_and_left_sites
from crawler.storage.store import open_store

HOST = "www.xishan.gov.cn"
DAY = datetime(2026, 1, 5, tzinfo=UTC)


def take(uri: str, database: str, seconds: float, *, wait: bool = False, rest: float = 0) -> tuple[Lease, float]:
    """A lease of HOST for a process that then leaves, and how long it took to get it."""

    async def taken() -> tuple[Lease, float]:
        store = await open_store(uri, database, None)
        leases = Leases(store, seconds)
        try:
            await leases.open()
            began = time.monotonic()
            return await leases.take("xishan", HOST, wait=wait, rest=rest), time.monotonic() - began
        finally:
            await leases.close()
            await store.close()

    return asyncio.run(taken())


def held_and_left(uri: str, database: str) -> tuple[set[str], dict]:
    """What another process finds."""

    async def found() -> tuple[set[str], dict]:
        store = await open_store(uri, database, None)
        try:
            return await held_and_left_sites(store)
        finally:
            await store.close()

    return asyncio.run(found())


def answer(process) -> str:
    process.stdin.write("?\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_of_many_processes_one_at_a_time_has_a_host(holder, tmp_path, stored):
    processes = [holder(5, tmp_path, 12) for _ in range(4)]
    for process in processes:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    assert [row["owner"] for row in stored.leases.find({})] == [None] * 3


def test_a_process_that_lives_keeps_its_host_and_one_that_was_killed_loses_it_at_once(
    holder, mongo_uri, database, stored
):
    process = holder(2, HOST)
    assert process.stdout.readline() == "taken\n"
    with pytest.raises(HeldElsewhere, match=f"process {process.pid} on "):
        take(mongo_uri, database, 2, wait=True)
    assert answer(process) == "held"
    process.kill()
    process.wait()
    _, waited = take(mongo_uri, database, 30, wait=True)
    assert waited < 1
    assert stored.leases.find_one({"_id": HOST})["owner"] is None


def test_what_the_living_hold_and_the_dead_left_is_told_apart(holder, mongo_uri, database, stored):
    first, second = holder(2, HOST), holder(2, "www.dongshan.gov.cn")
    assert (first.stdout.readline(), second.stdout.readline()) == ("taken\n", "taken\n")
    of = {row["_id"]: row for row in stored.leases.find({})}
    one, other = of[HOST], of["www.dongshan.gov.cn"]
    assert (one["site"], other["site"]) == ("xishan", "dongshan")
    assert held_and_left(mongo_uri, database) == ({"xishan", "dongshan"}, {})
    first.kill()
    first.wait()
    assert held_and_left(mongo_uri, database) == ({"dongshan"}, {"xishan": one["taken_at"]})


def test_the_dead_of_another_machine_are_seen_by_their_silence(holder, mongo_uri, database, stored):
    process = holder(1, HOST)
    assert process.stdout.readline() == "taken\n"
    process.kill()
    process.wait()
    stored.leases.update_one({"_id": HOST}, {"$set": {"owner.machine": "another"}})
    with pytest.raises(HeldElsewhere):
        take(mongo_uri, database, 1, wait=False)
    _, waited = take(mongo_uri, database, 1, wait=True)
    assert waited < 3


def test_a_process_that_slept_too_long_finds_that_it_has_lost_its_host(holder, mongo_uri, database):
    process = holder(1, HOST)
    assert process.stdout.readline() == "taken\n"
    process.send_signal(signal.SIGSTOP)
    take(mongo_uri, database, 1, wait=True)
    process.send_signal(signal.SIGCONT)
    assert answer(process) == "lost"


def test_a_host_rests_after_a_crawl_and_after_one_that_was_killed(holder, mongo_uri, database, stored):
    take(mongo_uri, database, 30, rest=1)
    resting = stored.leases.find_one({"_id": HOST})
    assert resting["expires_at"] >= resting["taken_at"] + timedelta(seconds=1)
    take(mongo_uri, database, 30)
    assert stored.leases.find_one({"_id": HOST})["taken_at"] >= resting["expires_at"]
    process = holder(30, HOST)
    assert process.stdout.readline() == "taken\n"
    process.kill()
    process.wait()
    _, after_kill = take(mongo_uri, database, 30, rest=0.5)
    assert after_kill >= 0.5


def test_one_process_does_not_take_a_host_twice_and_keeps_no_lease_that_it_could_not_release(
    mongo_uri, database, stored
):
    async def scenario() -> None:
        store = await open_store(mongo_uri, database, None)
        leases = Leases(store, 30)
        await leases.open()
        results = await asyncio.gather(*(leases.take("xishan", HOST) for _ in range(5)), return_exceptions=True)
        assert [type(result).__name__ for result in results] == ["Lease"] + ["HeldElsewhere"] * 4
        # As if the answer to a request for a lease had been lost, and the request given up.
        own = await store.database["leases"].find_one({"_id": HOST})
        await store.database["leases"].insert_one({**own, "_id": "b.example.cn"})
        await leases._renew()
        assert stored.leases.find_one({"_id": "b.example.cn"})["owner"] is None
        assert stored.leases.find_one({"_id": HOST})["owner"]["id"] == leases.owner["id"]
        await leases.close()
        await store.close()

    asyncio.run(scenario())


def test_leases_of_an_earlier_version_are_free(mongo_uri, database, stored):
    old = {"site": "xishan", "holder": "vm-1-aa", "claim": "c", "token": 7, "taken_at": DAY, "released_at": None}
    take(mongo_uri, database, 30)
    stored.leases.delete_one({"_id": HOST})
    stored.get_collection("leases").insert_one({"_id": HOST, **old}, bypass_document_validation=True)
    take(mongo_uri, database, 30)
    row = stored.leases.find_one({"_id": HOST})
    assert (row["site"], row["owner"], row["taken_at"] > DAY) == ("xishan", None, True)
