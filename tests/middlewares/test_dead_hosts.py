"""Hosts that don't answer: a few tries, one line in the log, and the verdict that fits."""

import asyncio

import pytest

from crawler.storage.store import open_store
from tests.bench.faults.hostile import BODY, HOST, LIST, Handler, Hostile, article, listing, page, sends

COUNTY = ("county", "-a", "site=qingtian", "-a", "keep=all")
SITES = "331121,331122,331123"


def closes(handler: Handler) -> None:
    """Closes the connection without an answer."""
    handler.close_connection = True


def test_a_host_that_dies_costs_a_few_tries_and_one_line(crawl, stored):
    """All its articles wait in the downloader when it dies. With a delay of a second each they would outlast the
    crawl's time limit of 120 seconds."""
    paths = [article(n) for n in range(150)]
    with Hostile() as site:
        site.answers |= dict.fromkeys(paths, closes) | {LIST: sends(listing(paths))}
        result = crawl(*COUNTY, proxy=site.address, DOWNLOAD_DELAY=1)
    asked = [path for path in site.asked if "/art/" in path]
    assert 3 <= len(asked) <= 4  # the HTTP client repeats a request whose kept connection was closed
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if HOST in line]
    assert len(lines) == 1, lines
    assert f"{HOST} gets no more requests in this crawl: 3 tries in a row failed" in lines[0]
    (run,) = stored.runs.find({"parent": None})
    assert (run["finish_reason"], run["counts"]["rejects/given_up"]) == ("finished", 149)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("robots", "reason"),
    [
        (sends(b"", 503), "robots_unreachable"),
        (sends(b"User-agent: *\nAllow: /", 500), "robots_unreachable"),
        (closes, "unreachable"),
    ],
    ids=["503", "500 with rules", "no answer"],
)
def test_a_host_whose_robots_txt_cannot_be_read_gets_no_other_request(robots, reason, crawl, stored):
    with Hostile() as site:
        site.answers |= {"/robots.txt": robots, LIST: sends(listing([article(n) for n in range(4)]))}
        result = crawl(*COUNTY, proxy=site.address, RETRY_TIMES=1)
    assert set(site.asked) == {"/robots.txt"}
    assert result.returncode == 1
    (run,) = stored.runs.find({"site": "331121"})
    assert run["counts"][f"failures/{reason}"] == 1
    assert stored.rejects.count_documents({}) == 0


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_client_error_for_robots_txt_means_no_rules(status, crawl, stored):
    with Hostile() as site:
        rules = sends(b"User-agent: *\nDisallow: /", status)
        pages = {article(n): sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n in range(4)}
        site.answers |= {"/robots.txt": rules, LIST: sends(listing(list(pages))), **pages}
        assert crawl(*COUNTY, proxy=site.address).returncode == 0
    assert stored.articles.count_documents({}) == len(pages)


def test_without_a_network_no_site_is_called_broken(crawl, stored, mongo_uri):
    async def create() -> None:
        await (await open_store(mongo_uri, stored.name, None)).close()

    asyncio.run(create())
    resolver = "tests.middlewares.no_network.DeadResolver"
    before = {"_id": "331121", "verdict": "ok", "reasons": [], "recent": []}
    stored.sites.insert_one(before)
    result = crawl("county", "-a", f"site={SITES}", RETRY_TIMES=1, HTTPPROXY_ENABLED=0, TWISTED_DNS_RESOLVER=resolver)
    assert result.returncode == 1
    assert "The network of this machine seems to be down: none of 3 hosts can be reached" in result.stderr
    assert "no host could be reached: check the network and the DNS of this machine" in result.stderr
    assert "Traceback" not in result.stderr
    (run,) = stored.runs.find({"parent": None})
    assert (run["finish_reason"], run["verdict"]) == ("network_down", "broken")
    assert list(stored.sites.find({})) == [before]
    assert stored.rejects.count_documents({}) == 0
