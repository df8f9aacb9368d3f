"""A crawl as a user starts it: `scrapy crawl …` in a process of its own, against the replica, into the real store."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from crawler.replica import TODAY, Replica, proxy_environment

ROOT = Path(__file__).resolve().parents[2]
Crawl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest.fixture
def command(replica: Replica, mongo_uri: str, database: str, tmp_path: Path) -> Callable[..., list[str]]:
    """The command line of a crawl of the replica (or of the server at `proxy`), without the waits that real sites are
    owed."""

    def build(*arguments: str, proxy: str = replica.address, **settings: object) -> list[str]:
        values = {
            "CRAWL_TODAY": TODAY.isoformat(),
            "MONGO_URI": mongo_uri,
            "MONGO_DATABASE": database,
            "HTTPCACHE_DIR": tmp_path / "httpcache",
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": 0,
            "RETRY_BACKOFF_SECONDS": 0.01,
            **settings,
        }
        options = [part for name, value in values.items() for part in ("-s", f"{name}={value}")]
        environment = (f"{name}={value}" for name, value in proxy_environment(proxy).items())
        return ["env", *environment, sys.executable, "-m", "scrapy", "crawl", *arguments, *options]

    return build


@pytest.fixture
def crawl(command: Callable[..., list[str]]) -> Crawl:
    """Run a crawl to its end; its `stderr` holds the log and the closing line."""

    def run(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments, **settings),
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "error::DeprecationWarning:crawler"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def stored(mongo_uri: str, database: str) -> Iterator[Database]:
    """The database the crawls of this test write to."""
    client: MongoClient = MongoClient(mongo_uri, tz_aware=True)
    yield client[database]
    client.close()
