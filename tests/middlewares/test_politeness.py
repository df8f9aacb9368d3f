"""What a site feels of a crawl with the defaults of production: taken from the log of the server that was crawled."""

import os
import subprocess
import sys
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from crawler.replica import Replica, content, proxy_environment
from crawler.replica.server import ReceivedRequest
from crawler.replica.tls import server_context

ROOT = Path(__file__).resolve().parents[2]
CONTACT = "mailto:news@example.org"
# A second is waited where the request is sent; where it arrives, two may be a little closer.
ALMOST_A_SECOND = 0.9


def by_host(requests: list[ReceivedRequest]) -> dict[str, list[ReceivedRequest]]:
    ordered = sorted(requests, key=lambda seen: (seen.host, seen.time))
    return {host: list(seen) for host, seen in groupby(ordered, key=lambda seen: seen.host)}


@pytest.fixture
def polite(replica: Replica, mongo_uri: str, database: str, tmp_path: Path) -> dict[str, list[ReceivedRequest]]:
    """What two hosts saw of a crawl of five articles, one of them slow, with no politeness setting overridden."""
    # Made now: the time it takes to make the certificate would be the way of the first request.
    server_context(tuple(replica.sites.hosts()))
    slow = next(a for a in content.articles(1, "cfsn") if a.slow)
    plain = next(a for a in content.articles(1, "cfsn") if a.host == slow.host and a.scheme == slow.scheme)
    county = content.articles(1, "qingtian")[:3]
    addresses = " ".join(article.url for article in (slow, plain, *county))
    places = {
        "MONGO_URI": mongo_uri,
        "MONGO_DATABASE": database,
        "HTTPCACHE_DIR": tmp_path / "httpcache",
    }
    options = [part for name, value in places.items() for part in ("-s", f"{name}={value}")]
    result = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "page", "-a", f"url={addresses}", *options],
        cwd=ROOT,
        env={**os.environ, **proxy_environment(replica.address), "CRAWLER_CONTACT": CONTACT},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return by_host(replica.requests)


def test_the_defaults_are_kept_on_the_wire(polite):
    assert {host: len(seen) for host, seen in polite.items()} == {"www.cfsn.cn": 3, "www.qingtian.gov.cn": 4}
    for seen in polite.values():
        assert seen[0].path == "/robots.txt"
        # Not from the first: while its connection is being encrypted, it is on its way longer than those after it.
        gaps = [later.time - earlier.time for earlier, later in pairwise(seen[1:])]
        assert min(gaps) > ALMOST_A_SECOND, gaps
        assert {"FoodSafetyCrawler" in one.user_agent and CONTACT in one.user_agent for one in seen} == {True}
    # Never two at once: nothing is asked for while the slow page is on its way.
    slow = next(article for article in content.articles(1, "cfsn") if article.slow)
    portal = polite["www.cfsn.cn"]
    asked = next(seen.time for seen in portal if seen.path == slow.path)
    assert slow.slow > 1
    assert not [seen for seen in portal if asked < seen.time < asked + slow.slow]
    # Two hosts don't wait for each other.
    (first, other) = polite.values()
    assert max(first[0].time, other[0].time) < min(first[-1].time, other[-1].time)


def test_retries_wait_twice_as_long_each_time(crawl, replica):
    url = "http://www.qingtian.gov.cn/__replica__/error"
    assert crawl("page", "-a", f"url={url}", RETRY_BACKOFF_SECONDS=0.2).returncode == 1
    tries = [seen.time for seen in replica.requests if seen.path == "/__replica__/error"]
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert len(gaps) == 3
    assert all(gap >= wait for gap, wait in zip(gaps, (0.19, 0.39, 0.79), strict=True)), gaps


def test_a_forbidden_page_is_not_asked_for(crawl, replica):
    broken_link = next(
        s for c in content.channels() if c.site == "cfsn" for s in c.broken_links if s.kind == "forbidden"
    )
    result = crawl("page", "-a", f"url=http://www.cfsn.cn{broken_link.path}")
    assert result.returncode == 1
    assert "robots" in result.stderr
    assert {seen.path for seen in replica.requests} == {"/robots.txt"}
