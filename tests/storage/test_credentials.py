"""A server that asks for a password: whatever goes wrong, and whatever is stored, nothing tells it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.errors import StoreError
from crawler.replica import Replica
from crawler.storage.store import connect
from tests.bench.faults.credentials import (
    COMMANDS,
    READER,
    address,
    guarded,
    refused,
    told,
    used,
    wrong_addresses,
)
from tests.bench.faults.ground import Ground

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="the embedded database has no build for this Python"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with guarded(tmp_path_factory.mktemp("guarded")) as running:
        yield running


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Ground]:
    with Replica() as replica:
        yield Ground(tmp_path, replica)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command)[:40])
def test_a_wrong_password_is_told_without_it(here, place, command):
    refused(here, command, wrong_addresses(place)["wrong password"])


@pytest.mark.parametrize("wrong", ["not percent-encoded", "no scheme"])
def test_a_wrong_address_is_told_without_the_password(here, place, wrong):
    refused(here, COMMANDS[-1], wrong_addresses(place)[wrong])


def test_a_user_without_rights_is_told_what_is_missing(here, place):
    done = here.scrapy(*COMMANDS[-1], MONGO_URI=address(place, READER))
    assert done.returncode == 1
    assert "give it the roles readWrite and dbAdmin on the database food_safety" in done.stderr
    assert told(done.stdout + done.stderr) == []


def test_a_crawl_leaves_no_trace_of_its_credentials(here, place):
    assert used(here, place) == 8


def test_a_traceback_has_no_trace_of_them_either(place):
    """In a notebook the driver's own error would stand above ours, and it quotes what it could not read."""
    with pytest.raises(StoreError) as raised:
        connect(wrong_addresses(place)["not percent-encoded"], None)
    assert told("".join(traceback.format_exception(raised.value))) == []


def test_told_finds_a_password_however_it_is_written():
    assert told("mongodb://keeper:Zwiebel%2F@…") == ["Zwiebel"]
    assert told("Proxy-Authorization: Basic a2VlcGVyOlp3aWViZWwvS3VjaGVuQFJlemVwdDoxJT8j") != []
