"""The documents that a crawl leaves in `runs` and `sites`: pure functions from counts to rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from crawler.parsing.date_forms import CST
from crawler.runs.site_stats import COVERED, SiteMetrics, SiteStats, measure_site
from crawler.runs.verdict import Verdict, worst

MAX_DAYS = 31
"""Days of a site that are kept for the chart of its health."""
MIN_LENGTHS = 8
"""Texts that are needed to know the usual length."""
MAX_RECENT_RUNS = 10
MAX_OK_RUNS = 20
"""Runs of a site that are kept: the latest, and the latest good ones, so that a long outage does not become the
baseline."""

# Statistics that are useful for months; the rest is only of interest for Scrapy itself.
_KEPT_PREFIXES = (
    "articles/",
    "rejects",
    "lists/",
    "links/",
    "sections/",
    "failures/",
    "sites/",
    "store/",
    "retry/count",
    "httpcache/reval",
)
_KEPT_KEYS = ("downloader/request_count", "downloader/response_bytes", "log_count/ERROR")


def select_counts(stats: Mapping[str, Any]) -> dict[str, int]:
    """The statistics of a crawl that a run keeps; dots become dashes, because MongoDB reads them as paths."""
    return {
        key.replace(".", "-"): value
        for key, value in stats.items()
        if isinstance(value, int) and (key.startswith(_KEPT_PREFIXES) or key in _KEPT_KEYS)
    }


def site_run(stats: SiteStats, parent: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The document of one site's run so far; `parent` is the document of the whole crawl."""
    return {
        "_id": f"{parent['_id']}:{stats.site.code}",
        "parent": parent["_id"],
        "spider": parent["spider"],
        "arguments": parent["arguments"],
        "host": parent["host"],
        "pid": parent["pid"],
        "sites": [stats.site.code],
        "site": stats.site.code,
        "name": stats.site.name,
        "started_at": stats.started_at or now,
        "progress_at": now,
        "finished_at": stats.ended_at,
        "seconds_waiting": round(stats.seconds, 3),
        "bytes": stats.bytes,
        "counts": {key.replace(".", "-"): n for key, n in sorted(stats.counts.items()) if n},
        "statuses": {str(status): n for status, n in sorted(stats.statuses.items())},
        "fields": {name: stats.articles - stats.missing[name] for name in COVERED},
        "rules": dict(stats.rules),
        "sections": [asdict(end) for end in stats.sections],
        "figures": measure_site(stats).as_document(),
    }


def read_history(state: Mapping[str, Any]) -> list[tuple[str, SiteMetrics]]:
    """Verdict and metrics of the site's earlier runs, oldest first; `state` is its document, or empty."""
    return [(row["verdict"], SiteMetrics.from_document(row["figures"])) for row in state.get("recent", ())]


def usual_length(state: Mapping[str, Any]) -> float | None:
    """The median length of texts in the good runs of a site; None if there are too few of them."""
    lengths = [n for word, metrics in read_history(state) if word == "ok" for n in metrics.lengths]
    return median(lengths) if len(lengths) >= MIN_LENGTHS else None


def next_state(
    state: Mapping[str, Any], stats: SiteStats, metrics: SiteMetrics, verdict: Verdict, run: str
) -> dict[str, Any]:
    """The document of a site after a run that ended with `verdict`."""
    assert stats.ended_at is not None
    at, counts = stats.ended_at, stats.counts
    totals = {
        "runs": 1,
        "new": metrics.new,
        "changed": metrics.changed,
        "rejects": metrics.rejected,
        "requests": metrics.requests,
        "bytes": stats.bytes,
    }
    same = state.get("verdict") == verdict.word
    return {
        "_id": stats.site.code,
        "name": stats.site.name,
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "page": verdict.page,
        "since": state["since"] if same else at,
        "ok_at": at if verdict.word == "ok" else state.get("ok_at"),
        "new_at": at if metrics.new else state.get("new_at"),
        "newest_at": max(filter(None, (metrics.newest_at, state.get("newest_at"))), default=None),
        "run": run,
        "run_at": at,
        "updated_at": at,
        "known": counts["links/known"],
        "totals": {key: n + (state.get("totals") or {}).get(key, 0) for key, n in totals.items()},
        "recent": _recent(state.get("recent", ()), {"verdict": verdict.word, "figures": metrics.as_document()}),
        "days": _days(state.get("days", ()), at, metrics.new, verdict.word),
    }


def _recent(rows: Iterable[Mapping[str, Any]], row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    everything = [*rows, row]
    good = [number for number, each in enumerate(everything) if each["verdict"] == "ok"][-MAX_OK_RUNS:]
    kept = {*good, *range(len(everything))[-MAX_RECENT_RUNS:]}
    return [each for number, each in enumerate(everything) if number in kept]


def _days(rows: Iterable[Mapping[str, Any]], at: datetime, new: int, verdict: str) -> list[dict[str, Any]]:
    """One row for each day (China Standard Time): new articles and the worst verdict."""
    today = at.astimezone(CST).date()
    days = {row["day"]: dict(row) for row in rows}
    row = days.setdefault(today.isoformat(), {"day": today.isoformat(), "new": 0, "verdict": verdict})
    row["new"] += new
    row["verdict"] = worst((row["verdict"], verdict))
    first = (today - timedelta(days=MAX_DAYS - 1)).isoformat()
    return [days[day] for day in sorted(days) if day >= first]
