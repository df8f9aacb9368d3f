"""From an account to what is kept of it, without a crawl."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crawler.runs.health import read_runs
from crawler.runs.records import next_state, read_history
from crawler.runs.site_stats import CrawlStats, SectionEnd, SiteMetrics, SiteStats, measure_site
from crawler.runs.summary import evaluate_crawl, evaluate_site
from crawler.runs.verdict import Verdict
from crawler.sites.site import Section, Site
from crawler.storage.store import connect

NOW = datetime(2026, 6, 17, 4, 0, tzinfo=UTC)
SITE = Site(
    "990001",
    "虚山县",
    "county",
    "http://www.xushan.gov.cn/",
    sections=(Section("要闻", "http://www.xushan.gov.cn/yw/"), Section("公告", "http://www.xushan.gov.cn/gg/")),
)


def stored(section="要闻", **fields):
    return {"_id": "a", "site": {"code": "990001"}, "section": section, "published_at": NOW, **fields}


def crawl(*ends: SectionEnd, articles: int = 0) -> SiteStats:
    accounts = CrawlStats()
    accounts.site_started(SITE, 2)
    for _ in range(articles):
        accounts.article_requested(SITE)
    for end in ends:
        accounts.section_ended(SITE, end)
    for _ in range(articles):
        accounts.article_stored("article", "new", stored(editor="某人", provenance={"body": "generic"}))
    return accounts.by_site["990001"]


NEWS = SectionEnd("要闻", SITE.sections[0].url, "last_page", pages=1, listed=9)
EMPTY = SectionEnd("公告", SITE.sections[1].url, "empty", pages=1)


def test_a_site_is_done_when_its_sections_and_articles_are():
    accounts, done = CrawlStats(), []
    accounts.on_done = done.append
    accounts.site_started(SITE, 2)
    accounts.article_requested(SITE)
    accounts.article_requested(SITE)
    accounts.section_ended(SITE, NEWS)
    accounts.section_ended(SITE, EMPTY)
    assert not done
    accounts.article_stored("reject", "empty", stored())
    accounts.article_settled(SITE)
    assert [account.site.code for account in done] == ["990001"]
    accounts.article_stored("article", "new", {"site": {"code": "990002"}})  # of a site nobody crawls
    assert len(done) == 1


def test_figures():
    account = crawl(NEWS, EMPTY, articles=9)
    account.counts["rejects/irrelevant"] += 2
    account.note_date(NOW + timedelta(days=400), NOW)  # a typing error of the site's
    metrics = measure_site(account)
    assert (metrics.articles, metrics.new, metrics.generic, metrics.irrelevant, metrics.rejected) == (9, 9, 9, 2, 0)
    assert metrics.missing == {"source": 9, "author": 9, "body": 9}
    assert (metrics.silent, metrics.newest_at) == (("公告",), NOW)


def test_a_site_whose_section_is_silent_is_shown_by_that_section():
    account = crawl(NEWS, EMPTY, articles=9)
    result = evaluate_site(account, {}, None)
    assert "no article from 1 of 2 sections: 公告" in result.verdict.reasons
    assert result.verdict.page == "http://www.xushan.gov.cn/gg/"


def test_dates_are_compared_with_the_day_that_is_given():
    """The replica's never change: on the calendar it would be a dead site in a year."""
    account = crawl(NEWS, articles=9)
    account.note_date(NOW, NOW)
    account.ended_at = NOW + timedelta(days=365)
    assert "dates 365 days old" in evaluate_site(account, {}, None).verdict.reasons
    assert "dates" not in " ".join(evaluate_site(account, {}, None, NOW).verdict.reasons)


def test_a_crawl_cut_off_by_hand_says_nothing_about_the_site():
    account = crawl()
    account.ended_at = NOW
    assert evaluate_site(account, {}, "shutdown").verdict.word == "degraded"
    assert evaluate_site(account, {}, "closespider_timeout").verdict.reasons[-1] == "ended early (closespider_timeout)"


def test_the_history_keeps_good_runs_through_a_long_failure():
    account = crawl(NEWS, EMPTY, articles=9)
    account.ended_at = NOW
    state = {}
    for number in range(60):
        metrics = replace(SiteMetrics(), new=number)
        state = next_state(state, account, metrics, Verdict("ok" if number < 30 else "broken", ("why",)), f"r{number}")
    kept = [(word, metrics.new) for word, metrics in read_history(state)]
    assert kept == [*(("ok", n) for n in range(10, 30)), *(("broken", n) for n in range(50, 60))]
    assert (state["verdict"], state["totals"]["runs"], state["run"]) == ("broken", 60, "r59")
    assert state["days"] == [{"day": "2026-06-17", "new": sum(range(60)), "verdict": "broken"}]


def test_since_moves_with_the_verdict_only():
    account = crawl(NEWS, articles=1)
    account.ended_at = NOW
    first = next_state({}, account, SiteMetrics(), Verdict("broken"), "r1")
    account.ended_at = NOW + timedelta(days=40)
    second = next_state(first, account, SiteMetrics(), Verdict("broken"), "r2")
    third = next_state(second, account, SiteMetrics(), Verdict("ok"), "r3")
    assert (second["since"], second["ok_at"]) == (NOW, None)
    assert third["since"] == third["ok_at"] == NOW + timedelta(days=40)
    assert [day["day"] for day in third["days"]] == ["2026-07-27"]


def test_a_crawl_of_many_sites_is_as_good_as_its_best():
    ok, bad, blocked = Verdict("ok"), Verdict("broken", ("no page",)), Verdict("blocked")
    stats = {"articles/new": 1}
    assert evaluate_crawl([ok, ok], stats, "finished") == ok
    assert evaluate_crawl([ok, bad, blocked], stats, "finished") == Verdict(
        "degraded", ("1 of 3 sites blocked", "1 of 3 sites broken")
    )
    assert evaluate_crawl([bad], stats, "finished") == bad
    assert evaluate_crawl([blocked, blocked], {}, "finished").word == "blocked"
    assert evaluate_crawl([], {}, "finished").word == "broken"
    assert evaluate_crawl([ok], stats, "shutdown").word == "degraded"


def test_a_crawl_that_died_is_told_from_one_that_runs(mongo_uri, database):
    with connect(mongo_uri, None) as client:
        rows = client[database]["runs"]
        for number, minutes in enumerate((0, 9)):
            began = {"spider": "county", "started_at": NOW - timedelta(hours=1 + number), "finished_at": None}
            crawl = {"_id": f"r{number}", "parent": None, "progress_at": NOW - timedelta(minutes=minutes)}
            of_site = {"_id": f"r{number}:1", "parent": f"r{number}", "site": "1", "name": "虚山县"}
            rows.insert_many([{**began, **crawl}, {**began, **of_site, "progress_at": NOW - timedelta(minutes=20)}])
        shown = [read_runs(client[database], NOW, sites=sites, progress_seconds=30) for sites in (None, ["1"])]
    assert [[(row.id, row.state) for row in each] for each in shown] == [
        [("r0", "running"), ("r1", "died")],
        [("r0:1", "running"), ("r1:1", "died")],
    ]
