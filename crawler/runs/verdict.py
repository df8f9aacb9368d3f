"""The verdict on a crawl of one site: pure rules over its metrics, the site's history and what the registry expects.

A rule returns a finding (the word of a verdict and its reason) or None. The verdict is the worst word found. A rule
about a share only reports growth that chance does not explain (`baseline.py`). If this crawl read fewer than
MIN_PAGES pages, those of the latest runs are added. The baseline is what the runs with verdict ok had together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import comb, sqrt
from statistics import median

from crawler.parsing.date_forms import CST
from crawler.runs.site_stats import SiteMetrics

# --- What is usual. Public holidays do not count as days without news. ---

_Z = 1.96
"""For a two-sided 95 % interval."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole`, with the Wilson score interval of the true share: unlike the usual one it is right for small
    samples and for shares near 0 and 1."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share itself; 0 if there is no sample."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def low(self) -> float:
        """The lower bound of the true share; 0 if there is no sample."""
        return self._bound(-1)

    @property
    def high(self) -> float:
        """The upper bound of the true share; 1 if there is no sample."""
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
    that is a plain number is taken as exact."""
    highest, value = (usual.high, usual.value) if isinstance(usual, Share) else (usual, usual)
    return now.value - value >= by and now.low > highest


MIN_SILENT_DAYS = 7
"""A week without news is normal even for a site that publishes daily: weekends and bridged days."""
UNKNOWN_SILENT_DAYS = 60
"""For a site whose publishing interval is unknown."""

# 春节, the first day of the first lunar month.
_NEW_YEAR = (
    *(date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19), date(2035, 2, 8)),
    *(date(2036, 1, 28), date(2037, 2, 15), date(2038, 2, 4), date(2039, 1, 24), date(2040, 2, 12)),
)
_BEFORE, _AFTER = 2, 9
"""Offices close a day or two before the eve and open after a week; little is published in the first days of work."""


def is_holiday(day: date) -> bool:
    """Whether offices are closed around 春节 (to 2040), or on 国庆节 (1 to 8 October)."""
    if day.month == 10 and day.day <= 8:
        return True
    return any(-_BEFORE <= (day - first).days <= _AFTER for first in _NEW_YEAR)


def days_between(earlier: datetime, later: datetime) -> int:
    """Days from the date of `earlier` to that of `later`, both in China Standard Time."""
    return (later.astimezone(CST).date() - earlier.astimezone(CST).date()).days


def silent_days(newest: datetime, at: datetime) -> int:
    """Like `days_between`, without public holidays."""
    first = newest.astimezone(CST).date()
    days = (first + timedelta(days=number) for number in range(1, days_between(newest, at) + 1))
    return sum(not is_holiday(day) for day in days)


def max_silent_days(gap_days: int | None) -> int:
    """How many days a site may publish nothing if its longest usual interval is `gap_days` (None: unknown)."""
    return UNKNOWN_SILENT_DAYS if gap_days is None else max(MIN_SILENT_DAYS, 2 * gap_days)


WORDS = ("ok", "degraded", "broken", "blocked")
"""All verdicts, from good to bad."""
MIN_PAGES = 8
"""Pages that are needed to judge a share."""
MIN_LIST_LINKS = 9
"""Usual links on a list page that are needed to notice a loss of most of them."""
NOT_OUR_FAULT = frozenset({"http_404", "http_410", "not_found", "robots"})
"""Reject reasons that do not show how well pages are read."""

GONE_REASONS = frozenset({"http_404", "http_410", "not_found"})
"""Reject reasons of pages that the site does not serve."""
MIN_GONE = 3
MIN_DOUBTFUL, MIN_DOUBTFUL_SHARE = 2, 0.05
"""Doubtful pages, and the lower bound of their share, from which on they are no chance."""
MIN_LENGTHS, MIN_SHORTER = 20, 4
"""Texts of earlier runs and of this one that are needed to compare their lengths."""
MAX_CHANCE = 1.5e-4
MAX_LENGTH_RATIO = 0.7

Past = Sequence[tuple[str, SiteMetrics]]


@dataclass(frozen=True)
class Verdict:
    """`word` is one of WORDS; `reasons` explain it, the most important first; `page` is a URL that shows it."""

    word: str
    reasons: tuple[str, ...] = ()
    page: str | None = None
    doubt: str | None = None
    """A doubt about every article stored in this run: `short` if their texts are much shorter than usual."""


@dataclass(frozen=True)
class Expectation:
    """What to expect of a site without a history: whether the registry has selectors for the text of its pages, and
    which shares of its articles may lack a field, be found by the generic rule only, or be rejected."""

    body_selectors: bool = False
    missing: tuple[tuple[str, float], ...] = (("published_at", 0.1), ("body", 0.5))
    generic: float = 0.2
    rejected: float = 0.3


@dataclass(frozen=True)
class RuleInput:
    """What the rules see: the metrics of this run (`now`), of this and as many earlier runs as make MIN_PAGES pages
    (`lately`), of all good runs together (`baseline`) and one by one (`good`)."""

    now: SiteMetrics
    lately: SiteMetrics
    baseline: SiteMetrics
    good: tuple[SiteMetrics, ...]
    expected: Expectation
    at: datetime


Finding = tuple[str, str] | None


def worst(words: Iterable[str]) -> str:
    """The worst of some verdicts; `ok` if there are none."""
    return max(words, key=WORDS.index, default="ok")


def evaluate(now: SiteMetrics, past: Past, expected: Expectation, at: datetime) -> Verdict:
    """The verdict on a crawl that ended `at`; `past` holds the verdict and metrics of earlier runs, oldest first."""
    good = tuple(metrics for word, metrics in past if word == "ok")
    earlier = [metrics for _, metrics in past]
    given = RuleInput(now, _lately(now, earlier), pool(good), good, expected, at)
    findings = [finding for rule in RULES if (finding := rule(given))]
    findings.sort(key=lambda finding: -WORDS.index(finding[0]))
    doubt = "short" if find_shorter_texts(given) else None
    return Verdict(worst(word for word, _ in findings), tuple(reason for _, reason in findings), doubt=doubt)


def pool(runs: Iterable[SiteMetrics]) -> SiteMetrics:
    """The sums of several runs; metrics that can't be added are left out."""
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
        doubtful=sum(run.doubtful for run in runs),
        generic=sum(run.generic for run in runs),
        refused=sums["refused"],
        failures=sums["failures"],
        rejects=sums["rejects"],
        missing=sums["missing"],
    )


def _lately(now: SiteMetrics, earlier: Sequence[SiteMetrics]) -> SiteMetrics:
    runs = [now]
    while sum(run.fetched for run in runs) < MIN_PAGES and len(runs) <= len(earlier):
        runs.append(earlier[-len(runs)])
    return pool(runs)


def find_refusals(given: RuleInput) -> Finding:
    """The site refuses the crawler: by status, by robots.txt, or by a firewall's page."""
    now, share = given.now, Share(sum(given.now.refused.values()), given.now.answers)
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


def find_nothing_read(given: RuleInput) -> Finding:
    """Nothing shows that the site can be read: never ok."""
    now = given.now
    if now.useful:
        return None
    if now.failures and not now.answers:
        return "broken", f"no request was answered ({_counted(now.failures)})"
    if now.rejected:
        return "broken", f"no page contained an article ({_counted(now.rejects)})"
    if now.failures:
        return "broken", f"no list page could be read ({_counted(now.failures)})"
    return "broken", "no article link on any list page" if now.sections else "the site has no section left"


def find_silent_sections(given: RuleInput) -> Finding:
    """Sections that yielded nothing while others did."""
    now = given.now
    if not now.silent or not now.useful:
        return None
    names = "、".join(now.silent[:3]) + (" …" if len(now.silent) > 3 else "")
    return "degraded", f"no article from {len(now.silent)} of {now.sections} sections: {names}"


def find_fewer_links(given: RuleInput) -> Finding:
    """List pages that show a small part of the links they used to show."""
    now = given.now
    usual = [run.listed / run.pages for run in given.good if run.pages and run.listed]
    if not now.pages or not now.listed or len(usual) < 3:
        return None
    most = median(usual)
    if most >= MIN_LIST_LINKS and now.listed / now.pages < most / 3:
        return "degraded", f"{now.listed / now.pages:.0f} links a list page, usually {most:.0f}"
    return None


def find_unread_pages(given: RuleInput) -> Finding:
    """More pages without an article than usual."""

    def unread(metrics: SiteMetrics) -> Share:
        gone = sum(n for reason, n in metrics.rejects.items() if reason in NOT_OUR_FAULT)
        return Share(metrics.rejected - gone, metrics.fetched - gone)

    now, usual = unread(given.lately), unread(given.baseline)
    expected = usual if usual.whole >= MIN_PAGES else given.expected.rejected
    if not given.now.useful or now.whole < MIN_PAGES or not has_grown(now, expected):
        return None
    reasons = {reason: n for reason, n in given.lately.rejects.items() if reason not in NOT_OUR_FAULT}
    return "degraded", f"no article on {now} of pages ({_counted(reasons)}){_usually(expected)}"


def find_missing(field: str) -> Callable[[RuleInput], Finding]:
    """The rule for one field."""

    def rule(given: RuleInput) -> Finding:
        now = Share(given.lately.missing.get(field, 0), given.lately.articles)
        usual = Share(given.baseline.missing.get(field, 0), given.baseline.articles)
        expected = usual if usual.whole >= MIN_PAGES else dict(given.expected.missing).get(field)
        if expected is None or now.whole < MIN_PAGES or not has_grown(now, expected):
            return None
        return "degraded", f"{field} missing on {now}{_usually(expected)}"

    rule.__doc__ = f"More articles without {field} than usual."
    return rule


def find_doubtful_pages(given: RuleInput) -> Finding:
    """Pages that are probably not the articles that the lists announced. Sound pages raise no doubt, so that few of
    them are enough, also in the first run."""
    now = Share(given.now.doubtful, max(given.now.fetched, given.now.doubtful))
    usual = Share(given.baseline.doubtful, given.baseline.fetched)
    if now.part < MIN_DOUBTFUL or now.low <= MIN_DOUBTFUL_SHARE:
        return None
    if usual.whole >= MIN_PAGES and not has_grown(now, usual, by=0.1):
        return None
    return "degraded", f"doubtful text on {now.part} of {now.whole} pages ({_counted(given.now.doubts)})"


def find_gone_pages(given: RuleInput) -> Finding:
    """More pages that do not exist than in any good run: the lists link to pages that the site does not serve."""

    def gone(metrics: SiteMetrics) -> int:
        return sum(n for reason, n in metrics.rejects.items() if reason in GONE_REASONS)

    # Links that were dead before are fetched again now and then.
    more = gone(given.now) - max(map(gone, given.good), default=0)
    if more < MIN_GONE or 2 * more < given.now.fetched:
        return None
    return "degraded", f"{gone(given.now)} of {given.now.fetched} article pages do not exist"


def find_shorter_texts(given: RuleInput) -> Finding:
    """Texts much shorter than usual: the template hides a part of them, or only a teaser is left."""
    usual = sorted(length for run in given.good for length in run.lengths)
    now = given.now.lengths
    if len(usual) < MIN_LENGTHS or len(now) < MIN_SHORTER:
        return None
    # A tenth of the usual texts is shorter than this; that so many of a few are, is chance in one run of 10,000.
    tenth = usual[len(usual) // 10]
    shorter = sum(length < tenth for length in now)
    chance = sum(comb(len(now), k) * 0.1**k * 0.9 ** (len(now) - k) for k in range(shorter, len(now) + 1))
    if chance > MAX_CHANCE or median(now) >= MAX_LENGTH_RATIO * median(usual):
        return None
    return "degraded", f"texts of {median(now):.0f} characters, usually {median(usual):.0f}"


def find_generic_rule(given: RuleInput) -> Finding:
    """Texts that only the generic rule finds: the selectors of the site no longer fit."""
    now, usual = (
        Share(given.lately.generic, given.lately.articles),
        Share(given.baseline.generic, given.baseline.articles),
    )
    if now.whole < MIN_PAGES:
        return None
    if usual.whole >= MIN_PAGES:
        if has_grown(now, usual):
            return "degraded", f"generic rule used on {now}: the template changed"
    elif given.expected.body_selectors and has_grown(now, given.expected.generic):
        return "degraded", f"generic rule used on {now}: the selectors do not fit"
    return None


def find_old_dates(given: RuleInput) -> Finding:
    """Nothing as new as the publishing interval of the site leads to expect."""
    newest = given.now.newest_at or max((run.newest_at for run in given.good if run.newest_at), default=None)
    if newest is None:
        return None
    gaps = [run.gap_days for run in (*given.good, given.now) if run.gap_days is not None]
    gap, days = max(gaps, default=None), days_between(newest, given.at)
    if silent_days(newest, given.at) <= max_silent_days(gap):
        return None
    return "degraded", f"dates {days} days old" + (f", usually at most {gap} apart" if gap is not None else "")


def find_failing_requests(given: RuleInput) -> Finding:
    """Failed requests although the site is up."""
    now = given.now
    passing = {reason: n for reason, n in now.failures.items() if reason in {"timeout", "unreachable"}}
    passing |= {reason: n for reason, n in now.failures.items() if reason.startswith("http_5")}
    share = Share(sum(passing.values()), now.requests)
    if not now.useful or share.part < 3 or share.low <= 0.05:
        return None
    return "degraded", f"{share.part} of {share.whole} requests failed ({_counted(passing)})"


def find_endless_paging(given: RuleInput) -> Finding:
    """Sections whose paging had to be cut off."""
    return ("degraded", f"paging never ended: {'、'.join(given.now.endless)}") if given.now.endless else None


def find_own_errors(given: RuleInput) -> Finding:
    """Pages on which the crawler itself raised an exception."""
    return ("degraded", f"the crawler failed on {given.now.errors} pages: see its log") if given.now.errors else None


RULES: tuple[Callable[[RuleInput], Finding], ...] = (
    find_refusals,
    find_nothing_read,
    find_silent_sections,
    find_fewer_links,
    find_unread_pages,
    find_doubtful_pages,
    find_gone_pages,
    find_shorter_texts,
    find_generic_rule,
    *(find_missing(field) for field in ("published_at", "body", "source", "author", "editor")),
    find_old_dates,
    find_failing_requests,
    find_endless_paging,
    find_own_errors,
)


def _usually(expected: Share | float) -> str:
    return f", usually {expected}" if isinstance(expected, Share) else f", at most {100 * expected:.0f} % expected"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
