"""When sites are due: spread, cron in China Standard Time, missed moments, clocks that were wrong."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from crawler.parsing.dates import CST
from crawler.schedule.file import read_span, read_timing, write_span
from crawler.sites.registry import load


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=CST)


def test_the_sites_of_the_registry_start_evenly_over_the_spread():
    timing = read_timing("0 6 * * *", None, "4h")
    starts = [timing.next_due(at("2026-11-24 05:59"), site.code) for site in load().find("all")]
    assert len(starts) > 2800
    assert min(starts) >= at("2026-11-24 06:00")
    assert max(starts) < at("2026-11-24 10:00")
    minutes = Counter(int((start - at("2026-11-24 06:00")).total_seconds() // 600) for start in starts)
    assert len(minutes) == 24
    assert max(minutes.values()) < 2 * len(starts) / 24


def test_a_site_has_its_own_point_for_ever():
    timing = read_timing(None, "1d", None)
    first = timing.next_due(at("2026-11-24 00:00"), "331121")
    assert timing.next_due(first, "331121") - first == timedelta(days=1)
    assert read_timing(None, "1d", None).next_due(at("2026-11-24 00:00"), "331121") == first
    assert timing.next_due(at("2026-11-24 00:00"), "331122") != first


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("30 6 * * *", "2026-11-24 06:29", "2026-11-24 06:30"),
        ("30 6 * * *", "2026-11-24 06:30", "2026-11-25 06:30"),
        ("0 9-18/3 * * 1-5", "2026-11-27 18:00", "2026-11-30 09:00"),  # a Friday evening
        ("0 0 29 2 *", "2026-11-24 00:00", "2028-02-29 00:00"),
    ],
)
def test_cron_means_china_standard_time(cron, after, due):
    timing = read_timing(cron, None, "0s")
    assert timing.next_due(at(after), "331121") == at(due)


def test_moments_that_were_missed_are_made_up_for_once():
    timing = read_timing(None, "1h", "0s")
    due = at("2026-11-24 08:00")
    after_a_week = at("2026-12-01 08:20")
    assert due < after_a_week
    assert timing.next_due(after_a_week, "331121") == at("2026-12-01 09:00")


def test_a_due_time_that_only_a_wrong_clock_can_have_set_is_noticed():
    timing = read_timing("0 13 * * *", None, "0s")
    noon = at("2026-11-24 12:00")
    assert timing.is_plausible(at("2026-11-24 13:00"), noon, "331121")
    # Crawled at one o'clock, then the clock went back by an hour: tomorrow stays right.
    assert timing.is_plausible(at("2026-11-25 13:00"), noon, "331121")
    assert timing.is_plausible(at("2020-01-01 13:00"), noon, "331121")
    assert not timing.is_plausible(at("2027-11-24 13:00"), noon, "331121")


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("20m", 1200), ("6h", 21600), ("1d", 86400), (" 90 m", 5400)]
)
def test_spans(text, seconds):
    assert read_span(text) == timedelta(seconds=seconds)
    assert read_span(write_span(read_span(text))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("cron", "every", "spread", "said"),
    [
        (None, None, None, "either every"),
        ("0 6 * * *", "1d", None, "either every"),
        ("0 6 * *", None, None, "five fields"),
        ("0 26 * * *", None, None, "Bad hour"),
        ("0 0 31 2 *", None, None, "Bad day"),
        ("0 * * * *", None, "2h", "longer than the time from one start to the next"),
        (None, "6 hours", None, "write 45s, 20m, 6h or 1d"),
        (None, "30s", None, "less than a minute"),
    ],
)
def test_times_that_mean_nothing(cron, every, spread, said):
    with pytest.raises(ValueError, match=said):
        read_timing(cron, every, spread)
