"""What a crawl did, in sentences for people: the closing line, a line for each site, and why a crawl failed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from crawler.output import format_count
from crawler.runs.metrics import SiteMetrics
from crawler.runs.site_stats import SiteStats
from crawler.runs.verdict import Verdict

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
