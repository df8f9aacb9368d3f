"""From a site's account and its document in `sites` to a verdict; and from those of all sites to that of the crawl."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crawler.parsing.date_forms import CST
from crawler.platforms.detect import by_name
from crawler.runs.site_stats import COVERED, SiteMetrics, SiteStats, measure_site
from crawler.runs.verdict import WORDS, Expectation, Verdict, judge, worst
from crawler.sites.site import Site

# What a crawl was worth, from its statistics: the sentence it ends with and the exit status.

LEVELS = {"ok": logging.INFO, "degraded": logging.WARNING, "broken": logging.ERROR, "blocked": logging.ERROR}
"""How loud a verdict is told in the log."""

_NAMES = {
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "duplicate": "duplicates",
    "reprint": "reprints",
    "near_duplicate": "near-duplicates",
}


def outcomes(stats: Mapping[str, Any]) -> str:
    """What became of the pages, without what there was none of."""
    told = {name: stats.get(f"articles/{key}", 0) for key, name in _NAMES.items()}
    irrelevant = stats.get("rejects/irrelevant", 0)
    told |= {"irrelevant": irrelevant, "rejected": stats.get("rejects", 0) - irrelevant}
    told |= {"known": stats.get("links/known", 0)}
    return ", ".join(f"{n} {name}" for name, n in told.items() if n or name == "new")


def summary(stats: Mapping[str, Any]) -> str:
    """One line for people: what was fetched and what became of it."""
    parts = [f"{stats.get(f'articles/{key}', 0)} {name}" for key, name in _NAMES.items()]
    irrelevant = stats.get("rejects/irrelevant", 0)
    parts += [f"{irrelevant} irrelevant", f"{stats.get('rejects', 0) - irrelevant} rejected"]
    parts += [f"{stats.get('links/known', 0)} known already"]
    pages = f"{stats.get('lists/pages', 0)} list pages, {stats.get('downloader/request_count', 0)} requests"
    return f"{', '.join(parts)} ({pages})"


def site_line(judged: SiteResult) -> str:
    """The line with which a site ends: its verdict, why, and what was done."""
    account, figures = judged.account, judged.figures
    told = {
        "new": figures.new,
        "changed": figures.changed,
        "known": account.counts["links/known"],
        "irrelevant": figures.irrelevant,
        "rejected": figures.rejected,
        "gone": account.counts["sections/gone"],
        "failed": sum(figures.failures.values()) - account.counts["sections/gone"],
    }
    done = ", ".join([f"{n} {name}" for name, n in told.items() if n or name == "new"])
    seconds = (account.ended_at - account.begun_at).total_seconds() if account.ended_at and account.begun_at else 0
    why = f" ({'; '.join(judged.verdict.reasons)})" if judged.verdict.reasons else ""
    site = f"{account.site.name} {account.site.code}"
    return f"{site}: {judged.verdict.word}{why}: {done}; {figures.requests} requests, {seconds:.0f} s"


def uselessness(stats: Mapping[str, Any], finish_reason: str) -> str | None:
    """Why the crawl was useless, in a sentence that says what to do, or None where it did its work."""
    if finish_reason == "store_unavailable":
        return "the store could not be reached or went away; see the error above, and scrapy db status"
    if finish_reason == "not started":
        return "the crawl could not start; see the error above"
    if finish_reason == "held_elsewhere":
        return "another crawl has every site that was asked for; try again when it has ended (scrapy schedule status)"
    if finish_reason != "finished":
        return f"the crawl was ended early ({finish_reason}); the same command goes on where it stopped"
    got = sum(stats.get(f"articles/{key}", 0) for key in _NAMES) + stats.get("rejects/irrelevant", 0)
    if got or stats.get("links/known") or stats.get("articles/outside_window"):
        return None
    failures = {key.removeprefix("failures/"): n for key, n in stats.items() if key.startswith("failures/")}
    rejects = {key.removeprefix("rejects/"): n for key, n in stats.items() if key.startswith("rejects/")}
    if not stats.get("downloader/response_status_count/200") and failures:
        return (
            f"no page could be fetched ({_counted(failures)}): is the address right, and the site reachable from here?"
        )
    if rejects:
        return f"no page gave an article ({_counted(rejects)}); see the collection rejects"
    if stats.get("links/outside_window"):
        return None
    if failures:
        return f"nothing could be fetched ({_counted(failures)})"
    return "no article link was found on any list page: the site may have changed; try scrapy extract --list URL"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in sorted(counts.items(), key=lambda pair: -pair[1]))


# The documents a crawl leaves: pure functions from accounts to rows of `runs` and `sites`.

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


def run_of(account: SiteStats, parent: Mapping[str, Any], now: datetime) -> dict[str, Any]:
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
        "figures": measure_site(account).as_document(),
    }


def history_of(state: Mapping[str, Any]) -> list[tuple[str, SiteMetrics]]:
    """Verdict and figures of the site's earlier runs, oldest first; `state` is its document, or empty."""
    return [(row["verdict"], SiteMetrics.from_document(row["figures"])) for row in state.get("recent", ())]


def next_state(
    state: Mapping[str, Any], account: SiteStats, figures: SiteMetrics, verdict: Verdict, run: str
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


BY_HAND = frozenset({"shutdown", "cancelled", "lease_lost", "held_elsewhere", "store_unavailable"})
"""Ends of a crawl that say nothing about its sites."""


@dataclass(frozen=True)
class SiteResult:
    """A site that ended: what was counted, what that came to, and the site's document before it."""

    account: SiteStats
    figures: SiteMetrics
    verdict: Verdict
    before: Mapping[str, Any]


def interrupted(reason: str | None) -> bool:
    """Whether a crawl that ended for `reason` says nothing about the sites it had not done with."""
    return reason in BY_HAND


def judged(
    account: SiteStats, state: Mapping[str, Any], cut_off: str | None, today: datetime | None = None
) -> SiteResult:
    """The verdict on a site; `cut_off` is why the crawl ended before the site was done, None where it was; `today` is
    the moment that dates are compared with, by default the site's end."""
    assert account.ended_at is not None
    figures = measure_site(account)
    if interrupted(cut_off):
        verdict = Verdict("degraded", (f"ended early ({cut_off}): the same command goes on where it stopped",))
        return SiteResult(account, figures, verdict, state)
    site = account.site
    expected = Expectation(body_selectors=_selects_body(site))
    verdict = judge(figures, history_of(state), expected, today or account.ended_at)
    if cut_off and cut_off != "finished":
        word = "degraded" if verdict.word == "ok" else verdict.word
        verdict = Verdict(word, (*verdict.reasons, f"ended early ({cut_off})"))
    return SiteResult(account, figures, replace(verdict, page=_page(account, figures)), state)


def _selects_body(site: Site) -> bool:
    """Whether the registry knows where the text stands on every page of the site."""
    if site.layouts:
        return all(layout.rules.body for layout in site.layouts)
    return bool(site.platform and by_name(site.platform).rules.body)


def _page(account: SiteStats, figures: SiteMetrics) -> str | None:
    """The list page to look at: that of a section that gave nothing, else the first."""
    wanted = [end.url for end in account.sections if end.name in figures.silent + figures.endless]
    pages = [*wanted, *(end.url for end in account.sections), *(s.url for s in account.site.sections)]
    return next(iter([*pages, account.site.homepage]), None) or None


def of_crawl(sites: Sequence[Verdict], stats: Mapping[str, Any], reason: str) -> Verdict:
    """The verdict on a whole crawl: ok where every site is, as bad as the best of its sites where none is better than
    broken, else degraded."""
    useless = uselessness(stats, reason)
    counts = Counter(verdict.word for verdict in sites)
    told = tuple(f"{counts[word]} of {len(sites)} sites {word}" for word in reversed(WORDS[1:]) if counts[word])
    if len(sites) == 1:
        told = sites[0].reasons
    if sites and not counts["ok"] and not counts["degraded"]:
        return Verdict("broken" if counts["broken"] else "blocked", told)
    if useless:
        return Verdict("degraded" if interrupted(reason) else "broken", (useless, *told))
    return Verdict("degraded" if told else "ok", told)
