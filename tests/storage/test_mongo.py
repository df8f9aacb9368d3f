from __future__ import annotations

import asyncio
import socket
import time
import traceback

import pytest

from crawler.errors import StoreError
from crawler.storage.store import check_store, hosts, open_store


@pytest.fixture
def closed_port() -> int:
    """A port of loopback at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_unreachable_server_is_told_in_time_without_credentials(closed_port):
    uri = f"mongodb://reader:geheim@127.0.0.1:{closed_port}/?authSource=admin"
    started = time.monotonic()
    with pytest.raises(StoreError) as told:
        asyncio.run(open_store(uri, "news", None))
    assert time.monotonic() - started < 10
    assert str(told.value).startswith(f"No MongoDB answers at 127.0.0.1:{closed_port} within 5 s: start it")
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize(
    "uri",
    [
        "http://reader:geheim@db.example/",
        "mongodb://reader:ge/heim@db.example:27017",
        "mongodb://reader:ge@heim@db.example:99999/",
        "mongodb://reader:geheim@db.example/?tls=true&tlsInsecure=true&tlsAllowInvalidHostnames=true",
    ],
)
def test_a_malformed_address_is_told_without_credentials(uri):
    with pytest.raises(StoreError, match="MONGO_URI isn't a MongoDB address") as told:
        check_store(uri, None)
    assert "heim" not in "".join(traceback.format_exception(told.value))


def test_a_bad_database_name_is_told(mongo_uri):
    with pytest.raises(StoreError, match="MONGO_DATABASE isn't a name MongoDB accepts"):
        asyncio.run(open_store(mongo_uri, "food safety", None))


def test_hosts_without_credentials_and_options():
    assert hosts("mongodb://u:p@a.example:1,b.example/db?w=1") == "a.example:1,b.example"
    assert hosts("mongodb+srv://u:p@c.example?w=1") == "c.example"
    assert hosts("mongodb://u%40v:p%2Fq@[::1]:27017/?appName=x") == "[::1]:27017"


SPOILT = ["u:ge/heim@d/", "u:ge?heim@d/", "d/?x=ge@heim", "d?x=g@heim"]


@pytest.mark.parametrize("rest", ["d:geheim@d/", "u:ge@heim@d", *SPOILT])
def test_hosts_hold_no_piece_of_a_secret(rest):
    assert hosts(f"mongodb://{rest}") == ("the address in MONGO_URI" if rest in SPOILT else "d")
