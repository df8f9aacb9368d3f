"""From the counts of a site and its history to a verdict, and from the verdicts of all sites to that of the crawl."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crawler.output import format_count
from crawler.platforms.detect import get_platform
from crawler.runs.metrics import SiteMetrics, measure_site
from crawler.runs.records import read_history
from crawler.runs.site_stats import SiteStats
from crawler.runs.summary import find_failure
from crawler.runs.verdict import WORDS, Expectation, Verdict, evaluate
from crawler.sites.site import Site

NETWORK_DOWN = "network_down"
"""Finish reason of a crawl that could reach no host at all: a fault of this machine."""
INTERRUPTIONS = frozenset({"shutdown", "cancelled", "lease_lost", "held_elsewhere", "store_unavailable", NETWORK_DOWN})
"""Finish reasons of a crawl that say nothing about its sites."""


@dataclass(frozen=True)
class SiteResult:
    """A site that ended: its counts, the metrics and the verdict they led to, and the site's document before."""

    stats: SiteStats
    metrics: SiteMetrics
    verdict: Verdict
    before: Mapping[str, Any]


def is_interruption(reason: str | None) -> bool:
    """Whether a crawl that ended for `reason` says nothing about the sites it had not finished."""
    return reason in INTERRUPTIONS


def evaluate_site(
    stats: SiteStats, state: Mapping[str, Any], cut_off: str | None, now: datetime | None = None
) -> SiteResult:
    """The verdict on a site that ended. `state` is its document of `sites`, or empty; `cut_off` is why the crawl ended
    before the site was done, or None; dates are compared with `now`, by default the time at which the site ended."""
    assert stats.ended_at is not None
    metrics = measure_site(stats)
    if is_interruption(cut_off):
        verdict = Verdict("degraded", (f"ended early ({cut_off}): run the same command again to continue",))
        return SiteResult(stats, metrics, verdict, state)
    expected = Expectation(body_selectors=_selects_body(stats.site))
    verdict = evaluate(metrics, read_history(state), expected, now or stats.ended_at)
    if cut_off and cut_off != "finished":
        word = "degraded" if verdict.word == "ok" else verdict.word
        verdict = replace(verdict, word=word, reasons=(*verdict.reasons, f"ended early ({cut_off})"))
    return SiteResult(stats, metrics, replace(verdict, page=_page(stats, metrics)), state)


def evaluate_crawl(sites: Sequence[Verdict], stats: Mapping[str, Any], reason: str) -> Verdict:
    """The verdict on a whole crawl: ok if every site is ok; as bad as its best site if none is better than broken;
    else degraded."""
    failure = find_failure(stats, reason)
    counts = Counter(verdict.word for verdict in sites)
    reasons = tuple(
        f"{counts[word]} of {format_count(len(sites), 'site')} {word}" for word in reversed(WORDS[1:]) if counts[word]
    )
    if len(sites) == 1:
        reasons = sites[0].reasons
    if reason == NETWORK_DOWN and failure:
        return Verdict("broken", (failure,))
    if sites and not counts["ok"] and not counts["degraded"]:
        return Verdict("broken" if counts["broken"] else "blocked", reasons)
    if failure:
        return Verdict("degraded" if is_interruption(reason) else "broken", (failure, *reasons))
    return Verdict("degraded" if reasons else "ok", reasons)


def _selects_body(site: Site) -> bool:
    """Whether the registry has a selector for the text on every page of the site."""
    if site.layouts:
        return all(layout.rules.body for layout in site.layouts)
    return bool(site.platform and get_platform(site.platform).rules.body)


def _page(stats: SiteStats, metrics: SiteMetrics) -> str | None:
    """The list page to look at: that of a section that yielded nothing, else the first one."""
    silent = [end.url for end in stats.sections if end.name in metrics.silent + metrics.endless]
    pages = [*silent, *(end.url for end in stats.sections), *(section.url for section in stats.site.sections)]
    return next(iter([*pages, stats.site.homepage]), None) or None
