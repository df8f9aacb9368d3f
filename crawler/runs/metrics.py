"""What a crawl of one site came to, as numbers: the input of the verdict, kept in the run and in the site's history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from crawler.platforms.endless import ENDLESS
from crawler.runs.site_stats import SiteStats
from crawler.text.plausibility import GRAVE

REFUSALS = frozenset({401, 403, 405, 412, 429, 468, 521})
"""Statuses with which a site, or a firewall in front of it, refuses a crawler."""
NOT_SILENT = frozenset({"gone", "limit"})
"""Reasons for the end of a section that do not show whether it still has articles."""
ENOUGH_DAYS = 4
"""Days of publication that are needed to learn the usual interval."""


@dataclass(frozen=True)
class SiteMetrics:
    """The result of a crawl of one site. Counts are pages unless stated otherwise; `failures`, `rejects` and `refused`
    are by reason or status; `missing` counts articles without a field."""

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
    """Pages whose own date lies outside the requested window."""
    irrelevant: int = 0
    """Articles that were read correctly and are not about food safety."""
    rejects: Mapping[str, int] = field(default_factory=dict)
    sections: int = 0
    silent: tuple[str, ...] = ()
    """Sections that yielded no article and no known link."""
    endless: tuple[str, ...] = ()
    """Sections whose paging was cut off."""
    missing: Mapping[str, int] = field(default_factory=dict)
    generic: int = 0
    """Articles whose text only the generic rule found."""
    errors: int = 0
    """Pages on which the crawler itself failed."""
    doubts: Mapping[str, int] = field(default_factory=dict)
    """Pages with a doubt, by its kind, both stored and rejected."""
    doubtful: int = 0
    """Pages with any doubt."""
    lengths: tuple[int, ...] = ()
    """Lengths in characters of the texts read, at most MAX_LENGTHS, in ascending order."""
    newest_at: datetime | None = None
    """The latest publication time found in a list or an article."""
    gap_days: int | None = None
    """The longest interval in days between the latest days of publication; None if there are too few."""

    @property
    def fetched(self) -> int:
        """Article pages read, whatever became of them."""
        return self.articles + self.irrelevant + self.outside + self.rejected

    @property
    def rejected(self) -> int:
        """Pages that contained no article; irrelevant ones do not count."""
        return sum(self.rejects.values())

    @property
    def useful(self) -> int:
        """Pages and links that show that the site is read correctly."""
        return self.articles + self.irrelevant + self.outside + self.passed

    def as_document(self) -> dict[str, Any]:
        """The form that MongoDB stores."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SiteMetrics:
        """The inverse of `as_document`; fields that this version does not know are left out."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items() if k in known}
        return cls(**values)


def measure_site(stats: SiteStats) -> SiteMetrics:
    """The metrics of a site, from its counts."""
    counts = stats.counts
    silent = []
    for end in stats.sections:
        if end.reason not in NOT_SILENT and not end.passed and not stats.pages_by_section[end.name]:
            silent.append(end.name)
    return SiteMetrics(
        requests=stats.requests,
        answers=sum(stats.statuses.values()),
        refused={str(status): n for status, n in sorted(stats.statuses.items()) if status in REFUSALS},
        failures=_below(counts, "failures/"),
        pages=counts["lists/pages"],
        listed=sum(end.listed for end in stats.sections),
        passed=sum(end.passed for end in stats.sections),
        articles=stats.articles,
        new=sum(counts[f"articles/{outcome}"] for outcome in ("new", "reprint", "near_duplicate")),
        changed=counts["articles/changed"],
        outside=counts["articles/outside_window"],
        irrelevant=counts["rejects/irrelevant"],
        rejects=_rejects(counts),
        sections=stats.expected_sections - counts["sections/gone"],
        silent=tuple(silent),
        endless=tuple(end.name for end in stats.sections if end.reason in ENDLESS),
        missing=dict(stats.missing),
        generic=stats.rules["body=generic"],
        errors=sum(_below(counts, "errors/").values()),
        doubts=_doubts(stats),
        doubtful=stats.doubtful + sum(counts[f"rejects/{kind}"] for kind in GRAVE) + len(stats.repeated),
        lengths=tuple(sorted(stats.lengths)),
        newest_at=stats.newest_at,
        gap_days=longest_gap(stats.days),
    )


def _doubts(stats: SiteStats) -> dict[str, int]:
    counts = Counter(stats.doubts)
    counts.update({kind: stats.counts[f"rejects/{kind}"] for kind in GRAVE if stats.counts[f"rejects/{kind}"]})
    if stats.repeated:
        counts["repeated_text"] += len(stats.repeated)
    return dict(sorted(counts.items()))


def _below(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {key.removeprefix(prefix): n for key, n in sorted(counts.items()) if key.startswith(prefix) and n}


def _rejects(counts: Mapping[str, int]) -> dict[str, int]:
    return {reason: n for reason, n in _below(counts, "rejects/").items() if reason != "irrelevant"}


def longest_gap(days: Iterable[date]) -> int | None:
    """The longest interval in days between two of the latest 30 days of publication; None if there are too few."""
    latest = sorted(days)[-30:]
    if len(latest) < ENOUGH_DAYS:
        return None
    return max((later - earlier).days for earlier, later in pairwise(latest))
