"""Forty sites in one process, five of which fail in different ways: nobody waits for them, and each has its record."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterator

import pytest

from crawler.replica.fleet.hosts import Fleet
from crawler.replica.fleet.server import FleetServer
from tests.spiders.conftest import ROOT
from tests.spiders.refused import refuse

FAULTS = ("refused", "hang", "error", "redirect", "pager")
ARTICLES = 5
SECONDS_TO_TIMEOUT = 1.5
SECONDS_TO_FAIL = 600


@pytest.fixture
def replica() -> Iterator[FleetServer]:
    """In the place of the replica that the other tests crawl."""
    with FleetServer(Fleet(40, ARTICLES, FAULTS), latency=0.005) as running:
        yield running


def fields(row: dict) -> tuple:
    names = ("title", "published_at", "source", "editor", "body")
    return tuple(row[name] for name in names)


def test_bad_sites_hold_nobody_up(replica, crawl, stored):
    fleet = replica.fleet
    result = crawl(
        "county",
        "-a",
        f"site={','.join(fleet.codes())}",
        **refuse(fleet.refusing()),
        DOWNLOAD_TIMEOUT=SECONDS_TO_TIMEOUT,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    found: defaultdict[str, dict[str, tuple]] = defaultdict(dict)
    for row in stored.articles.find({}):
        found[row["site"]["code"]][row["url"]] = fields(row)
    for host in fleet.good():
        truth = [host.article(index) for index in range(ARTICLES)]
        assert found[host.site.code] == {a.url: (a.title, a.published_at, a.source, a.editor, a.body) for a in truth}

    bad = {host.fault: host for host in fleet.bad()}
    # The endless pager is read once; the others give nothing.
    assert len(found[bad["pager"].site.code]) == ARTICLES
    assert set(found) == {host.site.code for host in (*fleet.good(), bad["pager"])}

    felt = {host.name: replica.log[host.name] for host in fleet.hosts.values()}
    assert {felt[host.name].most_open for host in fleet.good()} == {1}
    assert felt[bad["refused"].name].times.tolist() == []
    # Given up: without that robots.txt and list page would have been tried four times each.
    assert 3 <= len(felt[bad["hang"].name].times) <= 4

    runs = {row["site"]: row for row in stored.runs.find({"site": {"$ne": None}})}
    assert set(runs) == set(fleet.codes())
    assert {runs[host.site.code]["counts"].get("articles/new") for host in fleet.good()} == {ARTICLES}
    assert {runs[host.site.code]["verdict"] for host in fleet.good()} == {"ok"}
    assert {runs[bad[fault].site.code]["verdict"] for fault in FAULTS[:4]} == {"broken"}
    for host in fleet.hosts.values():
        assert f" {host.site.code}: {runs[host.site.code]['verdict']}" in result.stderr


def test_all_others_are_done_while_one_site_keeps_its_first_request(replica, command, stored):
    fleet = replica.fleet
    (hanging,) = (replica.log[host.name] for host in fleet.bad() if host.fault == "hang")
    line = command(
        "county",
        "-a",
        f"site={','.join(fleet.codes())}",
        **refuse(fleet.refusing()),
        DOWNLOAD_TIMEOUT=SECONDS_TO_FAIL,
    )
    good = {host.site.code for host in fleet.good()}
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not good <= set(stored.runs.distinct("site", {"finish_reason": "finished"})):
                assert len(hanging.times) <= 1, "others were still waiting when its request had timed out"
                assert process.poll() is None
            assert (len(hanging.times), hanging.open) == (1, 1)
        finally:
            process.kill()
