from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient

from crawler.storage import embedded

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]

needs_embedded = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="the embedded database has no build for this Python"
)


@pytest.fixture
def scrapy(tmp_path: Path) -> Iterator[Run]:
    """Runs `scrapy …` in the project with a data directory of the test's own; variables by keyword."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "MONGO_URI"}
        environment |= {"CRAWLER_DATA": str(tmp_path / "data"), **variables}
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    yield run
    embedded.stop(tmp_path / "data")


@needs_embedded
def test_the_embedded_server_from_start_to_stop(scrapy, tmp_path):
    status = scrapy("db", "status")
    assert (status.returncode, status.stderr) == (1, "")
    assert status.stdout.startswith("No embedded database server runs for ")
    uri = scrapy("db", "uri")
    assert uri.returncode == 0
    with MongoClient(uri.stdout.strip()) as client:
        assert client.admin.command("ping")["ok"] == 1
    for action in ("start", "status"):
        told = scrapy("db", action)
        assert told.returncode == 0
        credentials, _, place = uri.stdout.strip().partition("@")
        assert f" runs at {place.partition('/')[0]}" in told.stdout
        assert credentials not in told.stdout
        assert str(tmp_path / "data") in told.stdout
    assert scrapy("db", "stop").stdout.endswith("has ended.\n")
    assert embedded.status(tmp_path / "data") is None
    again = scrapy("db", "stop")
    assert (again.returncode, again.stdout.endswith("was not running.\n")) == (0, True)


@pytest.mark.parametrize("arguments", [(), ("restart",), ("start", "now"), ("export",)])
def test_wrong_use_is_told(scrapy, arguments):
    told = scrapy("db", *arguments)
    assert told.returncode == 2
    assert "give an action: start, stop, status, uri, export DIR, import DIR" in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_a_server_of_somebody_else_is_left_alone(scrapy):
    uri = "mongodb://reader:geheim@127.0.0.1:1/"
    for action in ("start", "stop"):
        told = scrapy("db", action, MONGO_URI=uri)
        assert told.returncode == 1
        assert told.stderr == f"scrapy db: MONGO_URI is set: the server at 127.0.0.1:1 isn't ours to {action}.\n"
    assert scrapy("db", "uri", MONGO_URI=uri).stdout == f"{uri}\n"


def test_status_of_a_server_of_somebody_else(scrapy, mongo_uri):
    told = scrapy("db", "status", MONGO_URI=mongo_uri)
    assert told.returncode == 0
    assert told.stdout.startswith("The MongoDB server of MONGO_URI at ")
    assert told.stdout.endswith(" answers.\n")


@needs_embedded
def test_a_data_directory_that_cannot_be_used_is_one_sentence(scrapy, tmp_path):
    (tmp_path / "file").write_text("")
    told = scrapy("db", "start", CRAWLER_DATA=str(tmp_path / "file" / "data"))
    assert told.returncode == 1
    assert told.stderr.startswith("scrapy db: The data directory ")
    assert told.stderr.count("\n") == 1
