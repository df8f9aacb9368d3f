"""Processes that hold leases, schedulers and workers as a user starts them, and the store they share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from crawler.replica import TODAY, proxy_environment
from crawler.replica.fleet.hosts import Fleet
from crawler.replica.fleet.server import FleetServer

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., subprocess.Popen[str]]
DEADLINE_SECONDS = 300
"""Decides nothing but when a test that has failed already says so."""


def wait_until(true: Callable[[], object], what: str) -> None:
    """Look until it is `true`."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, what


def finished(stored: Database) -> Counter[str]:
    """How often each site was crawled to the end."""
    runs = stored.runs.find({"finish_reason": "finished"})
    return Counter(run["site"] for run in runs if run.get("site"))


@pytest.fixture
def stored(mongo_uri: str, database: str) -> Iterator[Database]:
    """The database of this test."""
    client: MongoClient = MongoClient(mongo_uri, tz_aware=True)
    yield client[database]
    client.close()


@pytest.fixture
def holder(mongo_uri: str, database: str) -> Iterator[Start]:
    """Starts `hold.py` in a process of its own: `holder(seconds, place)` or `holder(seconds, folder, times)`."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(__file__).parent / "hold.py"), mongo_uri, database, *map(str, arguments)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def fleet() -> Iterator[FleetServer]:
    """Twelve sites of three articles each; every answer takes a moment, so that crawls last."""
    with FleetServer(Fleet(12, 3), latency=0.1) as server:
        yield server


@pytest.fixture
def schedule_file(fleet: FleetServer, tmp_path: Path) -> Path:
    """A schedule of the fleet, whose sites' own points in its time lie years away: a test asks for one round."""
    path = tmp_path / "fleet.toml"
    codes = ", ".join(f'"{code}"' for code in fleet.fleet.codes())
    path.write_text(f'[fleet]\nsite = [{codes}]\nevery = "9999d"\ntime_limit = "60s"\n', "utf-8")
    return path


@pytest.fixture
def scrapy(fleet: FleetServer, mongo_uri: str, database: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a scrapy command on the fleet: `scrapy("schedule", path, "--once")`. Its log is in `tmp_path`."""
    started: list[subprocess.Popen[str]] = []
    settings = {
        "CRAWL_TODAY": TODAY.isoformat(),
        "MONGO_URI": mongo_uri,
        "MONGO_DATABASE": database,
        "HTTPCACHE_DIR": tmp_path / "httpcache",
        "DATA_DIR": tmp_path / "data",
        "DOWNLOAD_DELAY": 0.02,
        "AUTOTHROTTLE_ENABLED": 0,
        "LEASE_SECONDS": 2,
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "scrapy", *map(str, arguments), *options]
        with (tmp_path / f"log-{len(started)}.txt").open("w") as log:
            started.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={**os.environ, **proxy_environment(fleet.address)},
                    stdout=log,
                    stderr=log,
                    text=True,
                )
            )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(DEADLINE_SECONDS)
