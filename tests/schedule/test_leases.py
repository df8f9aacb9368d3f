"""Leases among real processes over the real store: one holder at a time, and the dead make room."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from crawler.storage.leases import HeldElsewhere, Lease, Leases, held_and_left_sites
from crawler.storage.store import open_store

HOST = "www.xishan.gov.cn"


def take(uri: str, database: str, seconds: float, *, patience: bool) -> tuple[Lease, float]:
    """A lease of HOST for a process that then leaves, and how long it took to get it."""

    async def taken() -> tuple[Lease, float]:
        store = await open_store(uri, database, None)
        leases = Leases(store, seconds)
        try:
            await leases.open()
            began = time.monotonic()
            return await leases.take("xishan", HOST, patience=patience), time.monotonic() - began
        finally:
            await leases.close()
            await store.close()

    return asyncio.run(taken())


def held_and_left(uri: str, database: str) -> tuple[set[str], dict]:
    """What a process finds that has just joined, and has buried the dead of its machine."""

    async def found() -> tuple[set[str], dict]:
        store = await open_store(uri, database, None)
        leases = Leases(store)
        try:
            await leases.open()
            return await held_and_left_sites(store)
        finally:
            await leases.close()
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
    assert sum(row["token"] for row in stored.leases.find({})) == 4 * 12
    assert stored.holders.count_documents({}) == 0


def test_a_process_that_lives_keeps_its_host_and_one_that_was_killed_loses_it_at_once(
    holder, mongo_uri, database, stored
):
    process = holder(2, HOST)
    assert process.stdout.readline() == "token 1\n"
    with pytest.raises(HeldElsewhere, match=f"process {process.pid} on "):
        take(mongo_uri, database, 2, patience=True)
    assert answer(process) == "held"
    process.kill()
    process.wait()
    lease, waited = take(mongo_uri, database, 30, patience=True)
    assert lease.token == 2
    assert waited < 1
    assert stored.holders.count_documents({}) == 0


def test_what_the_living_hold_and_the_dead_left_is_told_apart(holder, mongo_uri, database, stored):
    first, second = holder(2, HOST), holder(2, "www.dongshan.gov.cn")
    assert (first.stdout.readline(), second.stdout.readline()) == ("token 1\n", "token 1\n")
    of = {row["_id"]: row for row in stored.leases.find({})}
    one, other = of[HOST], of["www.dongshan.gov.cn"]
    assert (one["site"], other["site"]) == ("xishan", "dongshan")
    assert held_and_left(mongo_uri, database) == ({"xishan", "dongshan"}, {})
    first.kill()
    first.wait()
    assert held_and_left(mongo_uri, database) == ({"dongshan"}, {"xishan": one["taken_at"]})


def test_the_dead_of_another_machine_are_seen_by_their_silence(holder, mongo_uri, database, stored):
    process = holder(1, HOST)
    assert process.stdout.readline() == "token 1\n"
    process.kill()
    process.wait()
    stored.holders.update_one({"pid": process.pid}, {"$set": {"machine": "another"}})
    with pytest.raises(HeldElsewhere):
        take(mongo_uri, database, 1, patience=False)
    lease, waited = take(mongo_uri, database, 1, patience=True)
    assert lease.token == 2
    assert 0.9 < waited < 3


def test_a_process_that_slept_too_long_finds_that_it_has_lost_its_host(holder, mongo_uri, database):
    process = holder(1, HOST)
    assert process.stdout.readline() == "token 1\n"
    process.send_signal(signal.SIGSTOP)
    lease, _ = take(mongo_uri, database, 1, patience=True)
    assert lease.token == 2
    process.send_signal(signal.SIGCONT)
    assert answer(process) == "lost"
