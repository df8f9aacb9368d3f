"""The result of a crawl: the verdict on each site and on the whole, and the sentences for people: the closing line, a
line for each site, and why a crawl failed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crawler.output import format_count
from crawler.platforms.detect import get_platform
from crawler.runs.records import read_history
from crawler.runs.site_stats import SiteMetrics, SiteStats, measure_site
from crawler.runs.verdict import WORDS, Expectation, Verdict, evaluate
from crawler.sites.site import Site

LEVELS = {"ok": logging.INFO, "degraded": logging.WARNING, "broken": logging.ERROR, "blocked": logging.ERROR}
"""The log level of a verdict."""

_OUTCOMES = {
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "duplicate": "duplicates",
    "reprint": "reprints",
    "near_duplicate": "near-duplicates",
}
_SINGULARS = {"duplicates": "duplicate", "reprints": "reprint", "near-duplicates": "near-duplicate"}
_INTERRUPTED = "run the same command again to continue"


def format_outcomes(stats: Mapping[str, Any]) -> str:
    """What became of the pages; counts of 0 are left out, except `new`."""
    irrelevant = stats.get("rejects/irrelevant", 0)
    counts = {name: stats.get(f"articles/{key}", 0) for key, name in _OUTCOMES.items()}
    counts |= {"irrelevant": irrelevant, "rejected": stats.get("rejects", 0) - irrelevant}
    counts |= {"already known": stats.get("links/known", 0)}
    return _join(counts)


def summarize(stats: Mapping[str, Any]) -> str:
    """The closing line of a crawl: what became of the pages, and how many were requested."""
    pages, requests = stats.get("lists/pages", 0), stats.get("downloader/request_count", 0)
    parts = [format_count(pages, "list page")] if pages else []
    return f"{format_outcomes(stats)} ({', '.join([*parts, format_count(requests, 'request')])})"


def format_site_line(stats: SiteStats, metrics: SiteMetrics, verdict: Verdict) -> str:
    """The line that is logged when a site ends: its verdict and the reasons, and what was done."""
    gone = stats.counts["sections/gone"]
    counts = {
        "new": metrics.new,
        "changed": metrics.changed,
        "already known": stats.counts["links/known"],
        "irrelevant": metrics.irrelevant,
        "rejected": metrics.rejected,
        "gone": gone,
        "failed": sum(metrics.failures.values()) - gone,
    }
    seconds = (stats.ended_at - stats.started_at).total_seconds() if stats.ended_at and stats.started_at else 0
    why = f" ({'; '.join(verdict.reasons)})" if verdict.reasons else ""
    done = f"{_join(counts)}; {format_count(metrics.requests, 'request')}, {seconds:.0f} s"
    return f"{stats.site.name} {stats.site.code}: {verdict.word}{why}: {done}"


def find_failure(stats: Mapping[str, Any], finish_reason: str) -> str | None:
    """Why a crawl achieved nothing or ended early, in a sentence that says what to do; None if it did its work."""
    if ended := _early_end(finish_reason):
        return ended
    read = sum(stats.get(f"articles/{key}", 0) for key in _OUTCOMES) + stats.get("rejects/irrelevant", 0)
    if read or stats.get("links/known") or stats.get("articles/outside_window"):
        return None
    failures = _select(stats, "failures/")
    rejects = _select(stats, "rejects/")
    if not stats.get("downloader/response_status_count/200") and failures:
        return (
            f"no page could be fetched ({_list_counts(failures)}): check the address and whether the site can be "
            "reached from here"
        )
    if rejects:
        return f"no page contained an article ({_list_counts(rejects)}); see the collection rejects"
    if stats.get("links/outside_window"):
        return None
    if failures:
        return f"nothing could be fetched ({_list_counts(failures)})"
    return "no article link was found on any list page: the site may have changed; try scrapy extract --list URL"


def _early_end(finish_reason: str) -> str | None:
    sentences = {
        "finished": None,
        "store_unavailable": "the database is unavailable; see the error above, and run scrapy db status",
        "not started": "the crawl could not start; see the error above",
        "held_elsewhere": "another crawl is already running on every requested site; try again when it has ended "
        "(see scrapy schedule status)",
        "network_down": f"no host could be reached: check the network and the DNS of this machine, then {_INTERRUPTED}",
    }
    return sentences.get(finish_reason, f"the crawl ended early ({finish_reason}); {_INTERRUPTED}")


def _join(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{n:,} {_SINGULARS.get(name, name) if n == 1 else name}" for name, n in counts.items() if n or name == "new"
    )


def _select(stats: Mapping[str, Any], prefix: str) -> dict[str, int]:
    return {key.removeprefix(prefix): n for key, n in stats.items() if key.startswith(prefix)}


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in sorted(counts.items(), key=lambda pair: -pair[1]))


# --- From the counts of a site and its history to a verdict, and to that of the crawl ---

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
