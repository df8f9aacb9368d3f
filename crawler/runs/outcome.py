"""What a crawl was worth, from its statistics: the sentence it ends with and the exit status."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.runs.judgement import Judged

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


def site_line(judged: Judged) -> str:
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
