"""The figures of one site-crawl by which it is judged, kept in its run and in the history of its site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from crawler.guards.endless import ENDLESS
from crawler.runs.accounts import Account

REFUSALS = frozenset({401, 403, 405, 412, 429, 468, 521})
"""Statuses by which a site, or the firewall before it, refuses a crawler."""
NOT_SILENT = frozenset({"gone", "limit"})
"""Ends of a section that say nothing about whether it still has articles."""
ENOUGH_DAYS = 4
"""Days of publication from which the usual interval can be read."""


@dataclass(frozen=True)
class Figures:
    """What a crawl of one site came to. Counts are pages unless said otherwise; `failures`, `rejects` and `refused` are
    by reason or status; `missing` counts articles without a field."""

    requests: int = 0
    answers: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    pages: int = 0
    """List pages read."""
    listed: int = 0
    """Links to articles on them."""
    passed: int = 0
    """Of these, links that needed no fetch: known, outside the window, beyond the limit."""
    articles: int = 0
    new: int = 0
    """Articles the store did not have, reprints and near-duplicates of others among them."""
    changed: int = 0
    outside: int = 0
    """Pages whose own date lies outside the window asked for."""
    irrelevant: int = 0
    """Articles read well that are about something else than food."""
    rejects: Mapping[str, int] = field(default_factory=dict)
    sections: int = 0
    silent: tuple[str, ...] = ()
    """Sections that gave no article and no link that needed no fetch."""
    endless: tuple[str, ...] = ()
    """Sections whose paging was cut off."""
    missing: Mapping[str, int] = field(default_factory=dict)
    generic: int = 0
    """Articles whose text was found by the generic rule only."""
    errors: int = 0
    """Pages on which the crawler itself failed."""
    newest_at: datetime | None = None
    """The latest publication time listed or read."""
    gap_days: int | None = None
    """The longest interval between two days of publication among the latest ones listed; None: too few to say."""

    @property
    def fetched(self) -> int:
        """Article pages read, whatever they gave."""
        return self.articles + self.irrelevant + self.outside + self.rejected

    @property
    def rejected(self) -> int:
        """Pages that gave no article; the irrelevant ones did."""
        return sum(self.rejects.values())

    @property
    def useful(self) -> int:
        """Pages and links that show that the site is read as it should be."""
        return self.articles + self.irrelevant + self.outside + self.passed

    def as_document(self) -> dict[str, Any]:
        """As MongoDB stores it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Figures:
        """From what `as_document` gave; fields this version does not know are left out."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items() if k in known}
        return cls(**values)


def figures_of(account: Account) -> Figures:
    """The figures of a site's account."""
    counts = account.counts
    silent = []
    for end in account.sections:
        if end.reason not in NOT_SILENT and not end.passed and not account.gave[end.name]:
            silent.append(end.name)
    return Figures(
        requests=account.requests,
        answers=sum(account.statuses.values()),
        refused={str(status): n for status, n in sorted(account.statuses.items()) if status in REFUSALS},
        failures=_below(counts, "failures/"),
        pages=counts["lists/pages"],
        listed=sum(end.listed for end in account.sections),
        passed=sum(end.passed for end in account.sections),
        articles=account.articles,
        new=sum(counts[f"articles/{outcome}"] for outcome in ("new", "reprint", "near_duplicate")),
        changed=counts["articles/changed"],
        outside=counts["articles/outside_window"],
        irrelevant=counts["rejects/irrelevant"],
        rejects=_rejects(counts),
        sections=account.expected_sections - counts["sections/gone"],
        silent=tuple(silent),
        endless=tuple(end.name for end in account.sections if end.reason in ENDLESS),
        missing=dict(account.missing),
        generic=account.rules["body=generic"],
        errors=sum(_below(counts, "errors/").values()),
        newest_at=account.newest_at,
        gap_days=longest_gap(account.days),
    )


def longest_gap(days: Iterable[date]) -> int | None:
    """The longest interval in days between two of the latest 30 days of publication; None for too few of them."""
    latest = sorted(days)[-30:]
    if len(latest) < ENOUGH_DAYS:
        return None
    return max((later - earlier).days for earlier, later in pairwise(latest))


def _below(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {key.removeprefix(prefix): n for key, n in sorted(counts.items()) if key.startswith(prefix) and n}


def _rejects(counts: Mapping[str, int]) -> dict[str, int]:
    return {reason: n for reason, n in _below(counts, "rejects/").items() if reason != "irrelevant"}
