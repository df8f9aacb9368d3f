"""From a site's account and its document in `sites` to a verdict; and from those of all sites to that of the crawl."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crawler.platforms.detect import by_name
from crawler.runs.accounts import Account
from crawler.runs.figures import Figures, figures_of
from crawler.runs.outcome import uselessness
from crawler.runs.records import history_of
from crawler.runs.verdict import WORDS, Expectation, Verdict, judge
from crawler.sites.site import Site

BY_HAND = frozenset({"shutdown", "cancelled", "lease_lost", "held_elsewhere", "store_unavailable"})
"""Ends of a crawl that say nothing about its sites."""


@dataclass(frozen=True)
class Judged:
    """A site that ended: what was counted, what that came to, and the site's document before it."""

    account: Account
    figures: Figures
    verdict: Verdict
    before: Mapping[str, Any]


def interrupted(reason: str | None) -> bool:
    """Whether a crawl that ended for `reason` says nothing about the sites it had not done with."""
    return reason in BY_HAND


def judged(account: Account, state: Mapping[str, Any], cut_off: str | None, today: datetime | None = None) -> Judged:
    """The verdict on a site; `cut_off` is why the crawl ended before the site was done, None where it was; `today` is
    the moment that dates are compared with, by default the site's end."""
    assert account.ended_at is not None
    figures = figures_of(account)
    if interrupted(cut_off):
        verdict = Verdict("degraded", (f"ended early ({cut_off}): the same command goes on where it stopped",))
        return Judged(account, figures, verdict, state)
    site = account.site
    expected = Expectation(body_selectors=_selects_body(site))
    verdict = judge(figures, history_of(state), expected, today or account.ended_at)
    if cut_off and cut_off != "finished":
        word = "degraded" if verdict.word == "ok" else verdict.word
        verdict = Verdict(word, (*verdict.reasons, f"ended early ({cut_off})"))
    return Judged(account, figures, replace(verdict, page=_page(account, figures)), state)


def _selects_body(site: Site) -> bool:
    """Whether the registry knows where the text stands on every page of the site."""
    if site.layouts:
        return all(layout.rules.body for layout in site.layouts)
    return bool(site.platform and by_name(site.platform).rules.body)


def _page(account: Account, figures: Figures) -> str | None:
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
