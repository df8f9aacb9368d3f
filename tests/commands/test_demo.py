"""`scrapy demo` as a newcomer types it: the output they see, the database they query, and what may be in its way."""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from crawler.commands.demo import DATABASE
from crawler.replica import content
from crawler.storage.schema import COLLECTIONS
from crawler.storage.views import SYSTEM_VIEWS, VIEWS

ROOT = Path(__file__).resolve().parents[2]
Demo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def demo(mongo_uri: str, tmp_path: Path) -> Demo:
    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"MONGO_URI": mongo_uri, "CRAWLER_DATA": str(tmp_path), "COLUMNS": "80"}
        return subprocess.run(
            [sys.executable, "-m", "scrapy", "demo", *arguments],
            cwd=ROOT,
            env={**os.environ, **given, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def client(mongo_uri: str) -> Iterator[MongoClient]:
    with MongoClient(mongo_uri) as client:
        if set(client[DATABASE].list_collection_names()) - {*COLLECTIONS, *VIEWS, SYSTEM_VIEWS}:
            pytest.skip(f"the database {DATABASE!r} of this server is somebody's own")
        yield client
        client.drop_database(DATABASE)


def rows(output: str) -> dict[tuple[str, str], list[int]]:
    """The table's rows: (day, site) → requests, lists, new, changed, same, copies, reprints, rejected."""
    found = re.findall(r"^(\d) +(\S+(?: refresh)?) +((?:(?:\d+|·) *){8})$", output, re.M)
    return {(day, site): [int(n) if n.isdigit() else 0 for n in numbers.split()] for day, site, numbers in found}


def test_it_tells_what_became_of_every_page(demo, client):
    client[DATABASE]["articles"].insert_one({"_id": "left over from an earlier demo"})
    result = demo()
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    table = rows(result.stdout)
    outcome = {row: numbers[2:7] for row, numbers in table.items()}
    assert outcome == {
        ("1", "cfsn"): [42, 0, 0, 1, 1],
        ("1", "qingtian"): [25, 0, 0, 0, 0],
        ("2", "cfsn"): [1, 0, 0, 0, 0],
        ("2", "qingtian"): [1, 0, 0, 0, 0],
        ("2", "cfsn refresh"): [0, 1, 43, 1, 0],
        ("2", "qingtian refresh"): [0, 1, 25, 0, 0],
    }
    requests = {row: numbers[0] for row, numbers in table.items()}
    assert requests["2", "cfsn"] < requests["1", "cfsn"] / 10
    assert requests["2", "qingtian"] < requests["1", "qingtian"] / 3
    # Every article of day 2 once; the copy stands with its original, and one of the county is irrelevant.
    served = [*content.articles(2, "cfsn"), *content.articles(2, "qingtian")]
    assert client[DATABASE]["articles"].count_documents({}) == len(served) - 2
    assert "2026-11-21 09:10 县市场监管局" in result.stdout
    assert max(map(len, result.stdout.split("Ask the database")[0].splitlines())) <= 80


def test_its_query_can_be_typed_as_it_stands(demo, client, mongo_uri, tmp_path):
    (command,) = [line for line in demo().stdout.splitlines() if line.lstrip().startswith("python -c")]
    environment = {
        **os.environ,
        "MONGO_URI": mongo_uri,
        "CRAWLER_DATA": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    answer = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    expected = {a.title for a in content.articles(2, "qingtian") if a.source == "县市场监管局"}
    assert len(expected) > 5
    assert all(title in answer.stdout for title in expected)


def test_it_drops_nothing_that_is_not_its_own(demo, client):
    client[DATABASE]["customers"].insert_one({"_id": 1})
    result = demo()
    assert result.returncode == 1
    assert "holds customers, which is not the demo's" in result.stderr
    assert client[DATABASE]["customers"].count_documents({}) == 1


def test_one_demo_at_a_time(demo, tmp_path):
    with (tmp_path / "demo.log").open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        result = demo()
    assert result.returncode == 1
    assert "Another demo is running" in result.stderr


def test_a_database_that_is_not_there(demo):
    result = demo(MONGO_URI="mongodb://127.0.0.1:1/")
    assert result.returncode == 1
    assert "No MongoDB answers at 127.0.0.1:1" in result.stderr
    assert "Traceback" not in result.stderr


def test_it_takes_no_arguments(demo):
    result = demo("now")
    assert result.returncode == 2
    assert "takes no arguments" in result.stderr
