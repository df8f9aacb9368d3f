"""What a crawl did, counted for each site (an extension that spiders and pipelines report to), and as the numbers of
which a verdict is made."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.parsing.date_forms import CST
from crawler.platforms.pager import ENDLESS
from crawler.sites.site import Site
from crawler.text.plausibility import GRAVE

COVERED = ("published_at", "source", "author", "editor", "body")
"""Fields of an article that a site may lose when its template changes."""
RULED = ("title", "published_at", "body")
"""Fields whose rule (provenance) shows whether the site's own selectors still fit."""
DAYS_KEPT = 60
"""Days of publication kept of a site's lists: enough to learn its publishing interval in a crawl of any length."""
MAX_LENGTHS = 50
MAX_STORED_IDS = 1000


@dataclass
class SectionEnd:
    """How the paging of one section ended: the `reason` that `pager.stop_reason` or the spider gave, the number of list
    `pages` read, of article links `listed`, and of those that needed no fetch (`passed`: known, outside the window)."""

    name: str
    url: str
    reason: str
    pages: int = 0
    listed: int = 0
    passed: int = 0


@dataclass
class SiteStats:
    """One site during one crawl. All counts are of this crawl; `seconds` is the time spent waiting for responses."""

    site: Site
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expected_sections: int = 0
    sections: list[SectionEnd] = field(default_factory=list)
    pending: int = 0
    """Articles requested whose outcome the pipelines have not reported yet."""
    counts: Counter[str] = field(default_factory=Counter)
    """Named like the statistics of the crawl: `articles/new`, `rejects/…`, `links/known`, `failures/…`, …"""
    statuses: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    articles: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """Articles without a field, by field."""
    rules: Counter[str] = field(default_factory=Counter)
    """Articles by field and the rule that found it: `body=platform:hanweb`."""
    pages_by_section: Counter[str] = field(default_factory=Counter)
    """Pages that contained an article, relevant or not, by section."""
    doubts: Counter[str] = field(default_factory=Counter)
    """Stored articles with a doubt, by its kind (grave ones are counted as rejects)."""
    doubtful: int = 0
    """Stored articles with any doubt."""
    lengths: list[int] = field(default_factory=list)
    """Lengths in characters of the texts that were read, at most MAX_LENGTHS."""
    stored_ids: list[str] = field(default_factory=list)
    """Ids of the articles stored, at most MAX_STORED_IDS."""
    repeated: set[str] = field(default_factory=set)
    """Ids of articles that were stored, or rejected as irrelevant, before their text came under other titles too."""
    newest_at: datetime | None = None
    days: set[date] = field(default_factory=set)
    """The latest days (China Standard Time) on which something was published."""
    dirty: bool = True
    """Whether something happened since its record was written."""
    recorded_at: datetime | None = None
    """When its record was last written."""

    @property
    def is_done(self) -> bool:
        """Whether every section was walked to its end and every article's outcome is known."""
        return self.started_at is not None and len(self.sections) >= self.expected_sections and self.pending <= 0

    def note_date(self, moment: datetime | None, now: datetime) -> None:
        """Note a publication time found in a list or an article; one in the future is ignored."""
        if moment is None or moment > now + timedelta(days=1):
            return
        if self.newest_at is None or moment > self.newest_at:
            self.newest_at = moment
        self.days.add(moment.astimezone(CST).date())
        if len(self.days) > 2 * DAYS_KEPT:
            self.days = set(sorted(self.days)[-DAYS_KEPT:])

    def note_article(self, outcome: str, document: Mapping[str, Any], now: datetime) -> None:
        """Count an article that was stored."""
        self.counts[f"articles/{outcome}"] += 1
        self.articles += 1
        self.pages_by_section[document.get("section") or ""] += 1
        if len(self.stored_ids) < MAX_STORED_IDS and outcome in {"new", "changed"}:
            self.stored_ids.append(document["_id"])
        self._note_text(document)
        self.missing.update(name for name in COVERED if not document.get(name))
        provenance = document.get("provenance") or {}
        self.rules.update(f"{name}={provenance[name]}" for name in RULED if name in provenance)
        self.note_date(document.get("published_at"), now)

    def _note_text(self, document: Mapping[str, Any]) -> None:
        if doubts := document.get("doubts"):
            self.doubtful += 1
            self.doubts.update(doubt["kind"] for doubt in doubts)
        if (body := document.get("body")) and len(self.lengths) < MAX_LENGTHS:
            self.lengths.append(len(body))

    def note_reject(self, reason: str, document: Mapping[str, Any]) -> None:
        """Count a rejected page; an irrelevant one was still read correctly."""
        self.counts["rejects"] += 1
        self.counts[f"rejects/{reason}"] += 1
        if reason == "irrelevant":
            self.pages_by_section[document.get("section") or ""] += 1


class CrawlStats:
    """The counts of a crawl by site code. Spiders report when a site starts and its sections end, the pipelines what
    became of each page; requests are counted by `meta["site"]`. `on_done` is called once for each site that is done."""

    def __init__(self) -> None:
        self.by_site: dict[str, SiteStats] = {}
        self.on_done: Callable[[SiteStats], None] | None = None
        self.current: str | None = None
        """Name of the site whose response arrived last."""
        self.has_response = False
        """Whether any host has answered: until then a failure may be that of our own network."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlStats:
        crawl_stats = cls()
        crawler.signals.connect(crawl_stats._on_request, signal=signals.request_reached_downloader)
        crawler.signals.connect(crawl_stats._on_response, signal=signals.response_downloaded)
        crawler.signals.connect(crawl_stats._on_error, signal=signals.spider_error)
        return crawl_stats

    def for_site(self, site: Site) -> SiteStats:
        """The counts of a site, created if it has none."""
        stats = self.by_site.get(site.code)
        if stats is None:
            stats = self.by_site[site.code] = SiteStats(site)
        stats.dirty = True
        return stats

    def count(self, site: Site, key: str, by: int = 1) -> None:
        """Add to a count of the site."""
        self.for_site(site).counts[key] += by

    def site_started(self, site: Site, sections: int) -> None:
        """The spider is about to crawl so many sections of the site."""
        stats = self.for_site(site)
        stats.started_at = stats.started_at or datetime.now(UTC)
        stats.expected_sections += sections
        self._check_done(stats)

    def section_ended(self, site: Site, end: SectionEnd) -> None:
        """Paging of a section has ended; its articles may still be on their way."""
        stats = self.for_site(site)
        stats.sections.append(end)
        self._check_done(stats)

    def article_requested(self, site: Site) -> None:
        """An article of the site was requested."""
        self.for_site(site).pending += 1

    def article_settled(self, site: Site) -> None:
        """A requested article needs no storing: it lies outside the window."""
        stats = self.for_site(site)
        stats.pending -= 1
        self._check_done(stats)

    def article_stored(self, kind: str, outcome: str, document: Mapping[str, Any]) -> None:
        """An article or a reject was stored, as `ArticleWriter` reports it."""
        publisher = document.get("site")
        stats = self.by_site.get(publisher["code"]) if publisher else None
        if stats is None:
            return
        stats.dirty = True
        if kind == "reject":
            stats.note_reject(outcome, document)
        else:
            stats.note_article(outcome, document, datetime.now(UTC))
        stats.pending -= 1
        self._check_done(stats)

    def note_repeated(self, site: str, ids: set[str]) -> None:
        """Articles of a site whose text turned out to be that of other pages too."""
        if ids and (stats := self.by_site.get(site)):
            stats.repeated |= ids

    def _check_done(self, stats: SiteStats) -> None:
        if stats.is_done and stats.ended_at is None:
            stats.ended_at = datetime.now(UTC)
            if self.on_done:
                self.on_done(stats)

    def _on_request(self, request: Request) -> None:
        if stats := self.by_site.get(request.meta.get("site", "")):
            stats.requests += 1
            stats.dirty = True
            request.meta["asked_at"] = time.monotonic()

    def _on_response(self, response: Response, request: Request) -> None:
        self.has_response = True
        if stats := self.by_site.get(request.meta.get("site", "")):
            stats.statuses[response.status] += 1
            stats.bytes += len(response.body)
            stats.seconds += time.monotonic() - request.meta.get("asked_at", time.monotonic())
            self.current = stats.site.name

    def _on_error(self, failure: Failure, response: Response) -> None:
        if response.request and (stats := self.by_site.get(response.request.meta.get("site", ""))):
            stats.counts[f"errors/{type(failure.value).__name__}"] += 1


# --- The same as numbers: the input of the verdict, kept in the run and in the site's history ---

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
