"""Which article is the original: the 来源 of the others, then the earliest displayed time, then the one seen first."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.storage.stories import choose_original, site_of_source

SEEN = datetime(2026, 3, 20, tzinfo=UTC)


def told(key: str, site: str | None, source: str | None, shown: str | None, seen: int = 0) -> dict[str, Any]:
    """An article; `shown` is a day or a day and a time in China."""
    return {
        "_id": key,
        "site": {"code": site, "name": f"{site}号站"} if site else None,
        "source": source,
        "published_at": datetime.fromisoformat(f"{shown}+08:00" if " " in shown else f"{shown} 00:00+08:00")
        if shown
        else None,
        "published_precision": ("minute" if " " in shown else "day") if shown else None,
        "first_seen_at": SEEN.replace(hour=seen),
    }


def choose(*articles: dict[str, Any]) -> tuple[str, str]:
    """The choice, the same for every order of the articles."""
    sites = {"青田县政府": "331121", "中国食品安全网": "cfsn", "浙江日报": None}
    choices = {choose_original(order, sites.get) for order in itertools.permutations(articles)}
    assert len(choices) == 1
    return choices.pop()


@pytest.mark.parametrize(
    ("articles", "original", "reason"),
    [
        (
            [told("a", "cfsn", "青田县政府", "2026-03-01"), told("b", "331121", None, "2026-03-04")],
            "b",
            "its site is the 来源 of 1 of the others: 331121号站",
        ),
        (
            [
                told("a", "paper", "中国食品安全网", "2026-03-05"),
                told("b", "cfsn", "青田县政府", "2026-03-02"),
                told("c", "331121", "青田县政府", "2026-03-04"),
                told("d", "other", "中国食品安全网", "2026-03-05"),
            ],
            "c",
            "its site is the 来源 of 1 of the others: 331121号站",
        ),
        (
            [told("a", "cfsn", "浙江日报", "2026-03-02 10:30"), told("b", "paper", None, "2026-03-02 09:15")],
            "b",
            "displays the earliest time: 2026-03-02 09:15",
        ),
        (
            [told("a", "cfsn", None, "2026-03-02 10:30", seen=3), told("b", "paper", None, "2026-03-02", seen=2)],
            "b",
            "seen first; 2 display the same time",
        ),
        (
            [told("a", "cfsn", None, None, seen=1), told("b", "paper", None, "2026-03-02", seen=2)],
            "b",
            "displays the earliest time: 2026-03-02 00:00",
        ),
        ([told("b", None, None, None), told("a", None, None, None, seen=1)], "b", "seen first; none displays a time"),
        (
            [told("a", "cfsn", "青田县政府", "2026-03-02"), told("b", "331121", "中国食品安全网", "2026-03-01")],
            "a",
            "its site is the 来源 of 1 of the others: cfsn号站",
        ),
    ],
    ids=["source beats date", "a source that passed it on", "time", "day and time", "one date", "none", "each other"],
)
def test_choice(articles: list[dict[str, Any]], original: str, reason: str) -> None:
    assert choose(*articles) == (original, reason)


def test_sources_are_read_by_the_registry() -> None:
    assert site_of_source("来源：青田县人民政府网") == "331121"
    assert site_of_source("中国食品安全报") == "cfsn"
    assert site_of_source("虚构日报") is None
