"""Every rule of the verdict, with metrics; and the silences that are none of its business."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.runs.site_stats import SiteMetrics, longest_gap
from crawler.runs.verdict import (
    Expectation,
    Share,
    evaluate,
    has_grown,
    is_holiday,
    max_silent_days,
    silent_days,
    worst,
)

NOW = datetime(2026, 6, 17, 4, 0, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)

FIRST = SiteMetrics(
    requests=62, answers=62, pages=2, listed=60, articles=60, new=60, sections=4,
    missing={"author": 60, "editor": 3}, newest_at=YESTERDAY, gap_days=3,
)  # fmt: skip
QUIET = SiteMetrics(requests=4, answers=4, pages=4, listed=80, passed=80, sections=4, newest_at=YESTERDAY, gap_days=3)
DAY = replace(QUIET, requests=14, answers=14, passed=70, articles=10, new=10, missing={"author": 10})
GOOD = [("ok", FIRST), ("ok", DAY), ("ok", QUIET), ("ok", DAY)]


def verdict(now, past=GOOD, **expected):
    return evaluate(now, past, Expectation(**expected), NOW)


@pytest.mark.parametrize("now", [FIRST, DAY, QUIET])
def test_a_usual_crawl_is_ok(now):
    assert verdict(now).word == "ok"
    assert verdict(now, []).word == "ok"


def test_nothing_but_articles_about_other_things_is_ok():
    now = SiteMetrics(requests=9, answers=9, pages=1, listed=8, irrelevant=8, sections=1, newest_at=YESTERDAY)
    assert verdict(now).word == "ok"


NOTHING = SiteMetrics(requests=4, answers=4, pages=4, sections=4, silent=("要闻", "公告", "监管", "抽检"))
CASES = {
    "no links at all": (NOTHING, "broken", "no article link on any list page"),
    "all refused": (
        replace(NOTHING, pages=0, refused={"412": 4}, failures={"blocked": 4}),
        "blocked",
        "412 on every request",
    ),
    "most refused": (
        replace(DAY, requests=50, answers=50, refused={"412": 45}, articles=5, missing={}),
        "blocked",
        "412 on 45 of 50 requests",
    ),
    "some refused": (replace(DAY, requests=50, answers=50, refused={"403": 9}), "degraded", "403 on 9 of 50 requests"),
    "robots": (
        SiteMetrics(sections=1, failures={"robots": 1}, silent=("要闻",)),
        "blocked",
        "robots.txt forbids every page",
    ),
    "challenges": (
        SiteMetrics(requests=13, answers=13, pages=1, listed=12, rejects={"blocked": 12}, sections=1, silent=("要闻",)),
        "blocked",
        "a firewall's page in place of every article (12)",
    ),
    "unreachable": (
        SiteMetrics(requests=4, failures={"unreachable": 1}, sections=1, silent=("要闻",)),
        "broken",
        "no request was answered (unreachable 1)",
    ),
    "no article on any page": (
        SiteMetrics(requests=13, answers=13, pages=1, listed=12, rejects={"not_article": 11, "empty": 1}, sections=1),
        "broken",
        "no page contained an article (not_article 11, empty 1)",
    ),
    "every section is gone": (SiteMetrics(requests=1, answers=1), "broken", "the site has no section left"),
    "three of four sections": (
        replace(DAY, silent=("公告", "监管", "抽检")),
        "degraded",
        "no article from 3 of 4 sections: 公告、监管、抽检",
    ),
    "fewer links": (replace(QUIET, listed=12, passed=12), "degraded", "3 links a list page, usually 20"),
    "unread": (
        replace(DAY, articles=10, rejects={"not_article": 30, "http_404": 2}),
        "degraded",
        "no article on 75 % of pages (not_article 30), usually 0 %",
    ),
    "field": (
        replace(DAY, articles=25, missing={"editor": 23, "author": 25}),
        "degraded",
        "editor missing on 92 %, usually 4 %",
    ),
    "generic": (
        replace(DAY, articles=25, generic=20, missing={"author": 25}),
        "degraded",
        "generic rule used on 80 %: the template changed",
    ),
    "old": (
        replace(QUIET, newest_at=NOW - timedelta(days=14)),
        "degraded",
        "dates 14 days old, usually at most 3 apart",
    ),
    "failing": (
        replace(DAY, requests=30, failures={"timeout": 11, "http_502": 1}),
        "degraded",
        "12 of 30 requests failed (timeout 11, http_502 1)",
    ),
    "endless": (replace(DAY, endless=("要闻",)), "degraded", "paging never ended: 要闻"),
    "own fault": (replace(DAY, errors=2), "degraded", "the crawler failed on 2 pages: see its log"),
}


@pytest.mark.parametrize("given", CASES)
def test_every_rule(given):
    now, word, reason = CASES[given]
    result = verdict(now)
    assert (result.word, reason in result.reasons) == (word, True), result


def test_a_custom_is_no_fault():
    """No article of this site ever names its author; a third of another's pages are galleries."""
    assert verdict(replace(DAY, articles=25, missing={"author": 25})).word == "ok"
    gallery = replace(DAY, articles=20, rejects={"not_article": 10})
    assert verdict(gallery, [("ok", gallery)] * 3).word == "ok"


def test_a_long_failure_does_not_become_the_custom():
    broken = replace(DAY, articles=25, missing={"editor": 25, "author": 25})
    past = [*GOOD, *[("degraded", broken)] * 10]
    assert verdict(broken, past).reasons == ("editor missing on 100 %, usually 4 %",)
    # A good crawl after it is good at once: it has articles enough of its own.
    assert verdict(DAY, past).word == "ok"


def test_small_samples_wait_for_more():
    two = replace(QUIET, articles=2, new=2, missing={"editor": 2, "author": 2})
    history = list(GOOD)
    words = []
    for _ in range(5):
        result = verdict(two, history)
        words.append(result.word)
        history.append((result.word, two))
    assert words == ["ok", "ok", "degraded", "degraded", "degraded"]


def test_a_first_run_is_judged_by_what_the_registry_expects():
    undated = replace(FIRST, missing={"published_at": 30}, newest_at=None)
    assert verdict(undated, []).reasons == ("published_at missing on 50 %, at most 10 % expected",)
    generic = replace(FIRST, generic=60)
    assert verdict(generic, []).word == "ok"
    assert verdict(generic, [], body_selectors=True).reasons == (
        "generic rule used on 100 %: the selectors do not fit",
    )
    assert verdict(NOTHING, []).word == "broken"
    stale = replace(FIRST, newest_at=NOW - timedelta(days=700))
    assert verdict(stale, []).reasons == ("dates 700 days old, usually at most 3 apart",)


def test_a_quiet_county_is_judged_by_its_own_rhythm():
    monthly = replace(QUIET, gap_days=31)
    # Told as it is counted, by days in China: eight from Thursday afternoon to Friday morning of the next week.
    afternoon, morning = datetime(2026, 6, 11, 8, 30, tzinfo=UTC), datetime(2026, 6, 18, 22, 0, tzinfo=UTC)
    daily = evaluate(replace(QUIET, newest_at=afternoon, gap_days=1), [], Expectation(), morning)
    assert daily.reasons == ("dates 8 days old, usually at most 1 apart",)
    for days, word in ((14, "ok"), (45, "ok"), (62, "ok"), (63, "degraded")):
        now = replace(monthly, newest_at=NOW - timedelta(days=days))
        assert verdict(now, [("ok", monthly)] * 3).word == word, days


def test_weekends_and_holidays_are_no_silence():
    new_year = datetime(2027, 2, 18, 2, 0, tzinfo=UTC)
    last = datetime(2027, 2, 2, 8, 0, tzinfo=UTC)  # Tuesday before 春节 of 6 February
    assert silent_days(last, new_year) == 4
    assert evaluate(replace(QUIET, newest_at=last), GOOD, Expectation(), new_year).word == "ok"
    assert silent_days(datetime(2026, 9, 30, 8, tzinfo=UTC), datetime(2026, 10, 9, 1, tzinfo=UTC)) == 1
    assert [is_holiday(datetime(2026, 2, day).date()) for day in (14, 15, 26, 27)] == [False, True, True, False]  # noqa: DTZ001
    # From Friday evening to Monday morning.
    assert silent_days(datetime(2026, 6, 12, 10, tzinfo=UTC), datetime(2026, 6, 15, 1, tzinfo=UTC)) == 3
    assert (max_silent_days(1), max_silent_days(10), max_silent_days(None)) == (7, 20, 60)


def test_longest_gap():
    day = NOW.date()
    assert longest_gap(day - timedelta(days=n) for n in (0, 1, 5, 6)) == 4
    assert longest_gap([day, day - timedelta(days=9)]) is None


def test_shares():
    assert f"{Share(4, 100).low:.3f} {Share(4, 100).high:.3f}" == "0.016 0.098"
    assert (Share(0, 0).low, Share(0, 0).high, str(Share(23, 25))) == (0, 1, "92 %")
    assert not has_grown(Share(1, 1), Share(1, 20))
    assert has_grown(Share(8, 8), Share(4, 100))
    assert not has_grown(Share(500, 1000), Share(400, 1000))


def test_worst():
    assert worst(["ok", "broken", "degraded"]) == "broken"
    assert worst([]) == "ok"


def test_figures_survive_the_store():
    metrics = replace(FIRST, silent=("要闻",), rejects={"empty": 2})
    assert SiteMetrics.from_document({**metrics.as_document(), "of_a_later_version": 1}) == metrics
