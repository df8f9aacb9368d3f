"""The documents a crawl leaves: pure functions from accounts to rows of `runs` and `sites`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from crawler.parsing.date_reading import CST
from crawler.runs.accounts import COVERED, Account
from crawler.runs.figures import Figures, figures_of
from crawler.runs.verdict import Verdict, worst

DAYS_KEPT = 31
RECENT_KEPT = 10
OK_KEPT = 20
"""Of a site's runs: the latest, and the latest good ones, so that a long failure does not become the custom."""

# The statistics worth keeping for months; the rest is Scrapy's own bookkeeping.
_KEPT = (
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
_COUNTED = ("downloader/request_count", "downloader/response_bytes", "log_count/ERROR")


def counts_of(stats: Mapping[str, Any]) -> dict[str, int]:
    """The statistics of a crawl that a run keeps; dots, which MongoDB reads as paths, become dashes."""
    return {
        key.replace(".", "-"): value
        for key, value in stats.items()
        if isinstance(value, int) and (key.startswith(_KEPT) or key in _COUNTED)
    }


def run_of(account: Account, parent: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The run of one site so far; `parent` is the document of the crawl it is a part of."""
    return {
        "_id": f"{parent['_id']}:{account.site.code}",
        "parent": parent["_id"],
        "spider": parent["spider"],
        "arguments": parent["arguments"],
        "host": parent["host"],
        "pid": parent["pid"],
        "sites": [account.site.code],
        "site": account.site.code,
        "name": account.site.name,
        "started_at": account.begun_at or now,
        "progress_at": now,
        "finished_at": account.ended_at,
        "seconds_waiting": round(account.seconds, 3),
        "bytes": account.bytes,
        "counts": {key.replace(".", "-"): n for key, n in sorted(account.counts.items()) if n},
        "statuses": {str(status): n for status, n in sorted(account.statuses.items())},
        "fields": {name: account.articles - account.missing[name] for name in COVERED},
        "rules": dict(account.rules),
        "sections": [asdict(end) for end in account.sections],
        "figures": figures_of(account).as_document(),
    }


def history_of(state: Mapping[str, Any]) -> list[tuple[str, Figures]]:
    """Verdict and figures of the site's earlier runs, oldest first; `state` is its document, or empty."""
    return [(row["verdict"], Figures.from_document(row["figures"])) for row in state.get("recent", ())]


def next_state(
    state: Mapping[str, Any], account: Account, figures: Figures, verdict: Verdict, run: str
) -> dict[str, Any]:
    """The document of a site after a run that ended with `verdict`."""
    assert account.ended_at is not None
    at, counts = account.ended_at, account.counts
    totals = {
        "runs": 1,
        "new": figures.new,
        "changed": figures.changed,
        "rejects": figures.rejected,
        "requests": figures.requests,
        "bytes": account.bytes,
    }
    same = state.get("verdict") == verdict.word
    return {
        "_id": account.site.code,
        "name": account.site.name,
        "verdict": verdict.word,
        "reasons": list(verdict.reasons),
        "page": verdict.page,
        "since": state["since"] if same else at,
        "ok_at": at if verdict.word == "ok" else state.get("ok_at"),
        "new_at": at if figures.new else state.get("new_at"),
        "newest_at": max(filter(None, (figures.newest_at, state.get("newest_at"))), default=None),
        "run": run,
        "run_at": at,
        "updated_at": at,
        "known": counts["links/known"],
        "totals": {key: n + (state.get("totals") or {}).get(key, 0) for key, n in totals.items()},
        "recent": _recent(state.get("recent", ()), {"verdict": verdict.word, "figures": figures.as_document()}),
        "days": _days(state.get("days", ()), at, figures.new, verdict.word),
    }


def _recent(rows: Iterable[Mapping[str, Any]], row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    everything = [*rows, row]
    good = [number for number, each in enumerate(everything) if each["verdict"] == "ok"][-OK_KEPT:]
    kept = {*good, *range(len(everything))[-RECENT_KEPT:]}
    return [each for number, each in enumerate(everything) if number in kept]


def _days(rows: Iterable[Mapping[str, Any]], at: datetime, new: int, verdict: str) -> list[dict[str, Any]]:
    """A row a day (China Standard Time): new articles and the worst verdict."""
    today = at.astimezone(CST).date()
    days = {row["day"]: dict(row) for row in rows}
    row = days.setdefault(today.isoformat(), {"day": today.isoformat(), "new": 0, "verdict": verdict})
    row["new"] += new
    row["verdict"] = worst((row["verdict"], verdict))
    first = (today - timedelta(days=DAYS_KEPT - 1)).isoformat()
    return [days[day] for day in sorted(days) if day >= first]
