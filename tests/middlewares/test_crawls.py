"""A crawl of a hostile site: nothing leaves for where its pages point, and its sound articles are stored."""

import os

import pytest

from tests.bench.faults.attacks import ESCAPES, PRIVATE
from tests.bench.faults.hostile import BODY, HOST, LIST, Hostile, article, bomb, listing, page, redirects, sends
from tests.bench.faults.rebinding import NAME, SITE, VICTIM, rebound
from tests.spiders.conftest import command, crawl, replica, stored

__all__ = ["command", "crawl", "replica", "stored"]


def test_a_hostile_site_harms_nobody(crawl, stored):
    with Hostile() as hostile:
        wicked = {article(n): redirects(target) for n, target in enumerate(PRIVATE)}
        wicked[article(100)] = bomb("gzip", megabytes=20)
        wicked[article(101)] = bomb("br", megabytes=20)
        wicked[article(102)] = sends(page("一百万行", "<br>" * 1_000_000))
        sound = {article(200): sends(page("食堂检查通报")), article(201): sends(page(ESCAPES, f"甲{BODY}乙"))}
        hostile.answers |= wicked | sound
        hostile.answers[LIST] = sends(listing([*wicked, *sound, *PRIVATE], f"{LIST}?month=2031-05"))
        hostile.answers[f"{LIST}?month=2031-05"] = sends(listing([article(300)]))
        result = crawl("county", "-a", "site=qingtian", "-a", "keep=all", proxy=hostile.address)
        assert hostile.leaked == []
        assert not any("month=" in path for path in hostile.asked)
    assert "secret" not in result.stderr
    assert "\x1b" not in result.stderr
    assert "Traceback" not in result.stderr
    assert {row["url"] for row in stored.articles.find({})} == {f"http://{HOST}{path}" for path in sound}
    assert not any("\x1b" in row["title"] for row in stored.articles.find({}))
    reasons = [row["reason"] for row in stored.rejects.find({})]
    assert len(reasons) == len(wicked) + 2  # the list links to two ports of the site itself
    assert set(reasons) == {"private_address", "odd_address", "foreign_port", "credentials", "too_large"}
    run = stored.runs.find_one({"parent": None})
    assert run["counts"]["sections/calendar"] == 1


@pytest.mark.parametrize(
    ("first", "seconds", "outcome"),
    [
        (VICTIM, 0, (0, 2)),
        (SITE, 0, (1, 1)),  # DNS rebinding
        (SITE, 600, (2, 0)),  # what was answered holds for a while; Scrapy alone would never ask again
    ],
)
def test_a_name_that_leads_into_the_private_network_is_not_asked_for(first, seconds, outcome, mongo_uri, stored):
    articles, refused = outcome
    options = {"MONGO_URI": mongo_uri, "MONGO_DATABASE": stored.name, "DNSCACHE_SECONDS": seconds}
    seen = rebound(VICTIM, os.environ, first=first, **options)
    assert "Traceback" not in seen.crawl.stderr
    assert seen.connections == 0
    assert (seen.answers[0], len(seen.answers) > 1) == (first, seconds == 0)
    assert (f"{NAME} resolves to {VICTIM}" in seen.crawl.stderr) == bool(refused)
    assert stored.articles.count_documents({}) == articles
    assert [row["reason"] for row in stored.rejects.find({})] == ["private_address"] * refused
