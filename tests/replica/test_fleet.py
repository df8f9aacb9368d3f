"""The fleet: what its hosts answer, and how those fail that shall."""

import contextlib
import http.client
import json
import socket
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crawler.parsing.page import Page
from crawler.platforms.reading import read_list
from crawler.replica.fleet.hosts import FAULTS, Fleet
from crawler.replica.fleet.log import HostLog
from crawler.replica.fleet.server import FleetServer
from crawler.text.fingerprint import fingerprint

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[FleetServer]:
    with FleetServer(Fleet(16, 45, FAULTS, newest=NOW)) as running:
        yield running


def ask(server: FleetServer, host: str, target: str) -> tuple[int, bytes]:
    """Status and body, through the server as a proxy; OSError where there is no answer within a second."""
    name, _, port = server.address.partition(":")
    with contextlib.closing(http.client.HTTPConnection(name, int(port), timeout=1)) as connection:
        connection.request("GET", f"http://{host}{target}")
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_every_kind_of_host_lists_its_articles_page_by_page():
    fleet = Fleet(7, 45, newest=NOW)
    assert len({host.kind for host in fleet.hosts.values()}) == 7
    for host in fleet.hosts.values():
        origin = f"{host.channel.scheme}://{host.name}"
        target, found = host.column.table["path"], []
        while target:
            page = host.page(target)
            assert page is not None
            listing = read_list(Page.from_bytes(page, origin + target), now=NOW)
            found += [item.url for item in listing.items]
            target = listing.next.url.removeprefix(origin) if listing.next else None
        assert found == [origin + host.article(index).path for index in range(45)], host.kind
        assert all(host.page(host.article(index).path) for index in range(45))
        assert host.page(host.article(45).path) is None


def test_no_two_articles_are_alike():
    fleet = Fleet(20, 20)
    articles = [host.article(index) for host in fleet.hosts.values() for index in range(20)]
    assert len({article.title for article in articles if article.host == articles[0].host}) == 20
    marks = [set(fingerprint(article.title, article.body)) for article in articles]
    shared = [len(one & other) / len(one) for place, one in enumerate(marks) for other in marks[:place]]
    assert max(shared) < 0.5  # where the store begins to call articles alike


@pytest.mark.parametrize("fault", ["hang", "trickle", "reset", "refused"])
def test_hosts_without_an_answer(server, fault):
    (host,) = (host for host in server.fleet.bad() if host.fault == fault)
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(server, host.name, "/")


def test_hosts_with_endless_answers(server):
    bad = {host.fault: host for host in server.fleet.bad()}
    assert ask(server, bad["error"].name, "/robots.txt")[0] == 500
    assert ask(server, bad["redirect"].name, "/?again=41")[0] == 302
    path = bad["pager"].column.table["path"]
    beyond = f"{path}{'&' if '?' in path else '?'}PAGENUM=977"
    first, far = bad["pager"].page(path), bad["pager"].page(beyond)
    assert first
    assert far
    assert [i.url for i in read_list(Page.from_bytes(first, f"http://h.cn{path}"), now=NOW).items] == [
        i.url for i in read_list(Page.from_bytes(far, f"http://h.cn{beyond}"), now=NOW).items
    ]
    assert b"PAGENUM=978" in far


def test_each_host_is_counted_apart(server):
    (host, *_) = server.fleet.good()
    before = len(server.log[host.name].times)
    assert ask(server, host.name, "/robots.txt")[0] == ask(server, host.name, "/")[0] == 200
    felt = HostLog.from_json(json.loads(ask(server, "fleet.invalid", "/__replica__/fleet")[1])[host.name])
    assert felt.times == server.log[host.name].times
    assert (len(felt.times), felt.most_open) == (before + 2, 1)
    assert ask(server, "nobody.invalid", "/")[0] == 502


def test_what_a_host_felt_of_its_limit():
    even = HostLog(array("d", [50.0, 50.5, 51.0, 51.5]))
    assert (even.shortest_gap(), even.most_ahead(0.5)) == (0.5, 0)
    # A pause is no credit: three requests within half a second of it, where one in each half second is allowed.
    hasty = HostLog(array("d", [50.0, 60.0, 60.25, 60.5, 61.0]))
    assert (hasty.shortest_gap(), hasty.most_ahead(0.5)) == (0.25, 1.0)
    assert HostLog().most_ahead(0.5) == 0


def test_a_fleet_is_of_today():
    (host,) = Fleet(1, 3).good()
    ages = [datetime.now(UTC) - host.article(index).published_at for index in range(3)]
    assert timedelta(0) <= ages[0] < timedelta(hours=2)
    assert timedelta(hours=12) < ages[2] < timedelta(hours=17)


def test_what_a_fleet_cannot_be_is_said():
    with pytest.raises(ValueError, match="no fault is called lazy; there are refused"):
        Fleet(3, faults=["lazy"])
    with pytest.raises(ValueError, match="at most"):
        Fleet(100_000)


def test_a_taken_port_is_an_error(server):
    with pytest.raises(OSError, match="in use"):
        FleetServer(Fleet(1), int(server.address.partition(":")[2]))
    with socket.create_connection(server.address.split(":"), timeout=1):  # the first one runs on
        pass
