"""`scrapy schedule` as a user runs it, on a fleet of sites: rounds, workers that are killed, and an orderly end."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime

from pymongo.database import Database

from crawler.schedule.jobs import MAX_ATTEMPTS
from crawler.schedule.status import format_status, read_status
from crawler.storage.extension import lease_host
from tests.schedule.conftest import finished, wait_until


def owners(stored: Database) -> set[int]:
    """The processes that hold leases."""
    return {row["owner"]["pid"] for row in stored.leases.find({"owner": {"$ne": None}})}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_round_goes_on_when_a_worker_is_killed(scrapy, schedule_file, fleet, stored, tmp_path):
    codes = set(fleet.fleet.codes())
    process = scrapy("schedule", schedule_file, "--now", "--processes", 2, "--concurrent", 3)
    wait_until(lambda: len(owners(stored)) == 2 and len(finished(stored)) >= 2, "nothing was crawled")
    pids = sorted(owners(stored))
    os.kill(pids[0], signal.SIGKILL)
    done = {"last.outcome": "finished"}
    wait_until(lambda: stored.due.count_documents(done) == len(codes), (tmp_path / "log-0.txt").read_text())
    # The killed crawls were made again, by whoever took the sites over; no crawl that ended was repeated.
    assert finished(stored) == dict.fromkeys(codes, 1)
    assert stored.articles.count_documents({}) == 3 * len(codes)
    assert max(log.most_open for log in fleet.log.values()) == 1
    rows = list(stored.due.find({}))
    assert all(row["due_at"] > datetime.now(UTC) for row in rows)
    assert len({row["due_at"] for row in rows}) > len(codes) / 2
    assert {row["last"]["verdict"] for row in rows} == {"ok"}

    schedule_file.write_text('[other]\nsite = "qingtian"\ncron = "0 6 * * *"\n', "utf-8")
    wait_until(lambda: [row["site"] for row in stored.due.find({})] == ["331121"], "the new file was not read")
    schedule_file.write_text("[broken\n", "utf-8")
    process.terminate()
    assert process.wait(30) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert owners(stored) == set()


def test_sigterm_closes_crawls_in_order_and_leaves_them_due(scrapy, schedule_file, fleet, stored):
    fleet.latency = 2.0
    process = scrapy("schedule", schedule_file, "--once", "--now", "--concurrent", 4)
    wait_until(lambda: len(fleet.log) >= 4, "nothing was asked for")
    (worker,) = owners(stored)
    status = read_status(stored)
    assert {job.held_by for job in status.jobs if job.state == "running"} == {
        f"process {worker} on {os.uname().nodename}"
    }
    assert format_status(status).startswith("12 sites planned, 8 due, 4 running, 1 process\n\nRunning:\n  fleet ")
    process.terminate()
    assert process.wait(30) == 0
    assert not is_alive(worker)
    cut = list(stored.runs.find({"finish_reason": "shutdown", "parent": None}))
    assert cut
    assert all(run["finished_at"] for run in stored.runs.find({}))
    due = list(stored.due.find({"due_at": {"$lte": datetime.now(UTC)}}))
    assert {run["sites"][0] for run in cut} <= {row["site"] for row in due}
    assert {row["attempts"] for row in due} == {0}
    assert owners(stored) == set()

    # The next start does the rest, but for a site whose crawls took their processes with them.
    fleet.latency = 0
    poison = due[0]["_id"]
    stored.due.update_one({"_id": poison}, {"$set": {"attempts": MAX_ATTEMPTS}})
    assert scrapy("schedule", schedule_file, "--once").wait(60) == 0
    outcomes = {row["_id"]: row["last"]["outcome"] for row in stored.due.find({})}
    assert outcomes.pop(poison) == "max_attempts"
    assert set(outcomes.values()) == {"finished"}
    assert stored.due.count_documents({"due_at": {"$lte": datetime.now(UTC)}}) == 0


def test_a_crawl_by_hand_leaves_out_what_another_process_has(scrapy, holder, fleet, stored, tmp_path):
    held, free = (host.site for host in list(fleet.fleet.hosts.values())[:2])
    other = holder(5, lease_host(held))
    assert other.stdout.readline() == "taken\n"
    both, alone = (
        scrapy("crawl", "county", "-a", f"site={codes}") for codes in (f"{held.code},{free.code}", held.code)
    )
    assert both.wait(60) == 0
    assert alone.wait(60) == 1
    told = (tmp_path / "log-0.txt").read_text()
    assert f"{held.name} is left out: process {other.pid} on " in told
    assert "another crawl is already running on every requested site" in (tmp_path / "log-1.txt").read_text()
    assert set(finished(stored)) == {free.code}
    assert [run["counts"]["sites/held_elsewhere"] for run in stored.runs.find({"parent": None})] == [1, 1]
    assert owners(stored) == {other.pid}
