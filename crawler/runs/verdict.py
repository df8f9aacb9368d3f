"""What a crawl of one site was worth: pure rules over its figures, the site's history and what the registry expects.

A rule returns a finding, a verdict's word and its reason, or None. The verdict is the worst word found. Shares alarm
only where they have grown by a margin that chance does not explain (`shares.py`), over the latest ENOUGH articles where
this crawl gave fewer; the custom they are compared with is that of the runs that were ok.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median

from crawler.parsing.date_forms import CST
from crawler.runs.site_stats import SiteMetrics

# Shares of small samples: how sure one may be that a share has grown. Pure functions.

_Z = 1.96
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole` things, with the interval in which the true share lies (Wilson 1927: it holds for small samples
    and for shares near 0 and 1, where the usual one fails)."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share itself, 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def low(self) -> float:
        """What it is at least, 0 of nothing."""
        return self._bound(-1)

    @property
    def high(self) -> float:
        """What it is at most, 1 of nothing."""
        return self._bound(1)

    def _bound(self, sign: int) -> float:
        if not self.whole:
            return 0.0 if sign < 0 else 1.0
        n, p = self.whole, self.value
        middle = p + _Z * _Z / (2 * n)
        spread = _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        return min(1.0, max(0.0, (middle + sign * spread) / (1 + _Z * _Z / n)))

    def __str__(self) -> str:
        return f"{100 * self.value:.0f} %"


def has_grown(now: Share, usual: Share | float, by: float = 0.25) -> bool:
    """Whether `now` is larger than `usual` by a margin that matters (`by`) and that chance doesn't explain. A `usual`
    without a sample is a number that is taken to be true."""
    most, value = (usual.high, usual.value) if isinstance(usual, Share) else (usual, usual)
    return now.value - value >= by and now.low > most


# How long a site may be silent: its own rhythm, without the holidays on which no office publishes. Pure functions.

MIN_DAYS = 7
"""A week of silence is no news even of a site that publishes daily: weekends and bridged days lie within it."""
UNKNOWN_DAYS = 60
"""For a site whose rhythm is not known."""

# 春节, the first day of the first lunar month.
_NEW_YEAR = (
    *(date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19), date(2035, 2, 8)),
    *(date(2036, 1, 28), date(2037, 2, 15), date(2038, 2, 4), date(2039, 1, 24), date(2040, 2, 12)),
)
_BEFORE, _AFTER = 2, 9
"""Offices close a day or two before the eve and open after a week; the first days at work bring little."""


def is_holiday(day: date) -> bool:
    """Whether offices are closed around 春节 (to 2040), or on 国庆节 (1 to 8 October)."""
    if day.month == 10 and day.day <= 8:
        return True
    return any(-_BEFORE <= (day - first).days <= _AFTER for first in _NEW_YEAR)


def days_between(earlier: datetime, later: datetime) -> int:
    """Days from one day to another in China."""
    return (later.astimezone(CST).date() - earlier.astimezone(CST).date()).days


def silent_days(newest: datetime, at: datetime) -> int:
    """Whole days from the day of `newest` to that of `at` in China, holidays not counted."""
    first = newest.astimezone(CST).date()
    days = (first + timedelta(days=number) for number in range(1, days_between(newest, at) + 1))
    return sum(not is_holiday(day) for day in days)


def allowed_days(gap_days: int | None) -> int:
    """How long a site may be silent whose longest usual interval is `gap_days` (None: not known)."""
    return UNKNOWN_DAYS if gap_days is None else max(MIN_DAYS, 2 * gap_days)


WORDS = ("ok", "degraded", "broken", "blocked")
"""From good to bad."""
ENOUGH = 8
"""Pages that say something about a share."""
FULL_PAGE = 9
"""Links on a list page from which a loss of most of them can be told."""
SITES_OWN = frozenset({"http_404", "http_410", "not_found", "robots"})
"""Reasons of rejects that say nothing about how well pages are read."""

Past = Sequence[tuple[str, SiteMetrics]]


@dataclass(frozen=True)
class Verdict:
    """`word` is one of WORDS; `reasons` say why, the weightiest first; `page` is an address that shows it."""

    word: str
    reasons: tuple[str, ...] = ()
    page: str | None = None


@dataclass(frozen=True)
class Expectation:
    """What the registry says of a site, for its first runs: whether selectors for the text of its pages are known, and
    which shares of articles may lack a field."""

    body_selectors: bool = False
    missing: tuple[tuple[str, float], ...] = (("published_at", 0.1), ("body", 0.5))
    generic: float = 0.2
    rejected: float = 0.3


@dataclass(frozen=True)
class Case:
    """All that the rules look at: figures of this run; `lately`, those with the latest earlier runs, as far back as to
    ENOUGH pages; `usual`, those of the good runs together, and `good` one by one."""

    now: SiteMetrics
    lately: SiteMetrics
    usual: SiteMetrics
    good: tuple[SiteMetrics, ...]
    expected: Expectation
    at: datetime


Finding = tuple[str, str] | None


def worst(words: Iterable[str]) -> str:
    """The worst of some verdicts; `ok` of none."""
    return max(words, key=WORDS.index, default="ok")


def judge(now: SiteMetrics, past: Past, expected: Expectation, at: datetime) -> Verdict:
    """The verdict on a crawl that ended `at`; `past` holds verdict and figures of earlier ones, oldest first."""
    good = tuple(figures for word, figures in past if word == "ok")
    earlier = [figures for _, figures in past]
    case = Case(now, _lately(now, earlier), pooled(good), good, expected, at)
    findings = [finding for rule in RULES if (finding := rule(case))]
    findings.sort(key=lambda finding: -WORDS.index(finding[0]))
    return Verdict(worst(word for word, _ in findings), tuple(reason for _, reason in findings))


def pooled(runs: Iterable[SiteMetrics]) -> SiteMetrics:
    """The counts of several runs together; what is no count is left out."""
    runs = list(runs)
    named = ("refused", "failures", "rejects", "missing")
    sums: dict[str, Counter[str]] = {name: Counter() for name in named}
    for run in runs:
        for name in named:
            sums[name].update(getattr(run, name))
    return SiteMetrics(
        requests=sum(run.requests for run in runs),
        answers=sum(run.answers for run in runs),
        articles=sum(run.articles for run in runs),
        outside=sum(run.outside for run in runs),
        irrelevant=sum(run.irrelevant for run in runs),
        generic=sum(run.generic for run in runs),
        refused=sums["refused"],
        failures=sums["failures"],
        rejects=sums["rejects"],
        missing=sums["missing"],
    )


def _lately(now: SiteMetrics, earlier: Sequence[SiteMetrics]) -> SiteMetrics:
    runs = [now]
    while sum(run.fetched for run in runs) < ENOUGH and len(runs) <= len(earlier):
        runs.append(earlier[-len(runs)])
    return pooled(runs)


def refused(case: Case) -> Finding:
    """The site refuses the crawler: by status, by robots.txt, or by a firewall's page."""
    now, share = case.now, Share(sum(case.now.refused.values()), case.now.answers)
    status = max(now.refused, key=lambda word: now.refused[word], default="")
    if share.whole and share.part == share.whole:
        return "blocked", f"{status} on every request"
    if share.low > 0.5:
        return "blocked", f"{status} on {share.part} of {share.whole} requests"
    if not now.useful and now.failures and set(now.failures) == {"robots"}:
        return "blocked", "robots.txt forbids every page"
    if not now.useful and now.rejected and set(now.rejects) == {"blocked"}:
        return "blocked", f"a firewall's page in place of every article ({now.rejected})"
    if share.part >= 3 and share.low > 0.05:
        return "degraded", f"{status} on {share.part} of {share.whole} requests"
    return None


def useless(case: Case) -> Finding:
    """Nothing shows that the site is read: never ok."""
    now = case.now
    if now.useful:
        return None
    if now.failures and not now.answers:
        return "broken", f"no request was answered ({_counted(now.failures)})"
    if now.rejected:
        return "broken", f"no page gave an article ({_counted(now.rejects)})"
    if now.failures:
        return "broken", f"no list page could be read ({_counted(now.failures)})"
    return "broken", "no article link on any list page" if now.sections else "no section is left on the site"


def silent_sections(case: Case) -> Finding:
    """Sections that gave nothing where others did."""
    now = case.now
    if not now.silent or not now.useful:
        return None
    names = "、".join(now.silent[:3]) + (" …" if len(now.silent) > 3 else "")
    return "degraded", f"no article from {len(now.silent)} of {now.sections} sections: {names}"


def fewer_links(case: Case) -> Finding:
    """List pages that show a small part of the links they used to show."""
    now = case.now
    usual = [run.listed / run.pages for run in case.good if run.pages and run.listed]
    if not now.pages or not now.listed or len(usual) < 3:
        return None
    most = median(usual)
    if most >= FULL_PAGE and now.listed / now.pages < most / 3:
        return "degraded", f"{now.listed / now.pages:.0f} links a list page, usually {most:.0f}"
    return None


def unread_pages(case: Case) -> Finding:
    """Pages that gave no article, more than usual."""

    def unread(figures: SiteMetrics) -> Share:
        gone = sum(n for reason, n in figures.rejects.items() if reason in SITES_OWN)
        return Share(figures.rejected - gone, figures.fetched - gone)

    now, usual = unread(case.lately), unread(case.usual)
    custom = usual if usual.whole >= ENOUGH else case.expected.rejected
    if not case.now.useful or now.whole < ENOUGH or not has_grown(now, custom):
        return None
    reasons = {reason: n for reason, n in case.lately.rejects.items() if reason not in SITES_OWN}
    return "degraded", f"no article on {now} of pages ({_counted(reasons)}){_usually(custom)}"


def missing_fields(field: str) -> Callable[[Case], Finding]:
    """The rule for one field."""

    def rule(case: Case) -> Finding:
        now = Share(case.lately.missing.get(field, 0), case.lately.articles)
        usual = Share(case.usual.missing.get(field, 0), case.usual.articles)
        custom = usual if usual.whole >= ENOUGH else dict(case.expected.missing).get(field)
        if custom is None or now.whole < ENOUGH or not has_grown(now, custom):
            return None
        return "degraded", f"{field} missing on {now}{_usually(custom)}"

    rule.__doc__ = f"Articles without {field}, more than usual."
    return rule


def generic_rule(case: Case) -> Finding:
    """Texts that only the generic rule finds: the site's own selectors no longer fit."""
    now, usual = Share(case.lately.generic, case.lately.articles), Share(case.usual.generic, case.usual.articles)
    if now.whole < ENOUGH:
        return None
    if usual.whole >= ENOUGH:
        if has_grown(now, usual):
            return "degraded", f"generic rule used on {now}: the template changed"
    elif case.expected.body_selectors and has_grown(now, case.expected.generic):
        return "degraded", f"generic rule used on {now}: the selectors do not fit"
    return None


def old_dates(case: Case) -> Finding:
    """Nothing as new as the site's rhythm lets one expect."""
    newest = case.now.newest_at or max((run.newest_at for run in case.good if run.newest_at), default=None)
    if newest is None:
        return None
    gaps = [run.gap_days for run in (*case.good, case.now) if run.gap_days is not None]
    gap, days = max(gaps, default=None), days_between(newest, case.at)
    if silent_days(newest, case.at) <= allowed_days(gap):
        return None
    return "degraded", f"dates {days} days old" + (f", usually at most {gap} apart" if gap is not None else "")


def failing_requests(case: Case) -> Finding:
    """Requests that got no good answer, though the site is there."""
    now = case.now
    passing = {reason: n for reason, n in now.failures.items() if reason in {"timeout", "unreachable"}}
    passing |= {reason: n for reason, n in now.failures.items() if reason.startswith("http_5")}
    share = Share(sum(passing.values()), now.requests)
    if not now.useful or share.part < 3 or share.low <= 0.05:
        return None
    return "degraded", f"{share.part} of {share.whole} requests failed ({_counted(passing)})"


def endless_paging(case: Case) -> Finding:
    """Sections whose paging had to be cut off."""
    return ("degraded", f"paging never ended: {'、'.join(case.now.endless)}") if case.now.endless else None


def own_errors(case: Case) -> Finding:
    """Pages on which the crawler itself failed."""
    return ("degraded", f"the crawler failed on {case.now.errors} pages: see its log") if case.now.errors else None


RULES: tuple[Callable[[Case], Finding], ...] = (
    refused,
    useless,
    silent_sections,
    fewer_links,
    unread_pages,
    generic_rule,
    *(missing_fields(field) for field in ("published_at", "body", "source", "author", "editor")),
    old_dates,
    failing_requests,
    endless_paging,
    own_errors,
)


def _usually(custom: Share | float) -> str:
    return f", usually {custom}" if isinstance(custom, Share) else f", at most {100 * custom:.0f} % expected"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
