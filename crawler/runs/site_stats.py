"""What a crawl did, counted apart for every site: an extension that spiders and pipelines tell."""

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

COVERED = ("published_at", "source", "author", "editor", "body")
"""Fields of an article that a site may lose when its template changes."""
RULED = ("title", "published_at", "body")
"""Fields whose rule (provenance) tells whether the site's own selectors still fit."""
DAYS_KEPT = 60
"""Days of publication remembered of a site's lists: enough for its rhythm, whatever the length of the crawl."""


@dataclass
class SectionEnd:
    """How the paging of one section ended: `reason` as `paging.stop_reason` and the spider name it, list `pages` read,
    article links `listed`, those of them that needed no fetch (`passed`: known already, outside the window, …)."""

    name: str
    url: str
    reason: str
    pages: int = 0
    listed: int = 0
    passed: int = 0


@dataclass
class SiteStats:
    """One site during one crawl. All counts are of this crawl; `seconds` is the time spent waiting for its answers."""

    site: Site
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    expected_sections: int = 0
    sections: list[SectionEnd] = field(default_factory=list)
    waiting: int = 0
    """Articles asked for whose fate the store has not acknowledged."""
    counts: Counter[str] = field(default_factory=Counter)
    """As the crawl's statistics: `articles/new`, `rejects/…`, `links/known`, `failures/…`, `sections/…`, …"""
    statuses: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    articles: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """Articles without a field, by field."""
    rules: Counter[str] = field(default_factory=Counter)
    """Articles by the rule that gave a field: `body=platform:hanweb`."""
    gave: Counter[str] = field(default_factory=Counter)
    """Pages that gave an article, relevant or not, by section."""
    newest_at: datetime | None = None
    days: set[date] = field(default_factory=set)
    """The latest days (China Standard Time) on which something listed was published."""
    touched: bool = True
    """Whether something happened since the record was written."""
    recorded_at: datetime | None = None
    """When the record was written last."""

    @property
    def is_done(self) -> bool:
        """Whether every section was walked to its end and every article's fate is known."""
        return self.begun_at is not None and len(self.sections) >= self.expected_sections and self.waiting <= 0

    def dated(self, moment: datetime | None, now: datetime) -> None:
        """Note the publication time of something listed or read; what lies in the future proves nothing."""
        if moment is None or moment > now + timedelta(days=1):
            return
        if self.newest_at is None or moment > self.newest_at:
            self.newest_at = moment
        self.days.add(moment.astimezone(CST).date())
        if len(self.days) > 2 * DAYS_KEPT:
            self.days = set(sorted(self.days)[-DAYS_KEPT:])

    def article(self, outcome: str, document: Mapping[str, Any], now: datetime) -> None:
        """Note an article that the store acknowledged."""
        self.counts[f"articles/{outcome}"] += 1
        self.articles += 1
        self.gave[document.get("section") or ""] += 1
        self.missing.update(name for name in COVERED if not document.get(name))
        provenance = document.get("provenance") or {}
        self.rules.update(f"{name}={provenance[name]}" for name in RULED if name in provenance)
        self.dated(document.get("published_at"), now)

    def reject(self, reason: str, document: Mapping[str, Any]) -> None:
        """Note a page that was rejected; one about something else than food is a page read well."""
        self.counts["rejects"] += 1
        self.counts[f"rejects/{reason}"] += 1
        if reason == "irrelevant":
            self.gave[document.get("section") or ""] += 1


class CrawlStats:
    """The accounts of a crawl by site code. Spiders say when a site begins and its sections end, the store what became
    of each page; requests are known by `meta["site"]`. Whoever sets `on_done` hears once of each site that is done."""

    def __init__(self) -> None:
        self.by_site: dict[str, SiteStats] = {}
        self.on_done: Callable[[SiteStats], None] | None = None
        self.current: str | None = None
        """Name of the site that answered last."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlStats:
        accounts = cls()
        crawler.signals.connect(accounts._requested, signal=signals.request_reached_downloader)
        crawler.signals.connect(accounts._answered, signal=signals.response_downloaded)
        crawler.signals.connect(accounts._erred, signal=signals.spider_error)
        return accounts

    def of(self, site: Site) -> SiteStats:
        """The account of a site."""
        account = self.by_site.get(site.code)
        if account is None:
            account = self.by_site[site.code] = SiteStats(site)
        account.touched = True
        return account

    def count(self, site: Site, key: str, by: int = 1) -> None:
        """Add to a count of the site."""
        self.of(site).counts[key] += by

    def begin(self, site: Site, sections: int) -> None:
        """The spider is about to walk so many sections of the site."""
        account = self.of(site)
        account.begun_at = account.begun_at or datetime.now(UTC)
        account.expected_sections += sections
        self._see(account)

    def section_ended(self, site: Site, end: SectionEnd) -> None:
        """Paging of a section has ended; its articles may still be on their way."""
        account = self.of(site)
        account.sections.append(end)
        self._see(account)

    def asked(self, site: Site) -> None:
        """An article of the site was asked for."""
        self.of(site).waiting += 1

    def settled(self, site: Site) -> None:
        """An article asked for needs no storing: it lies outside the window."""
        account = self.of(site)
        account.waiting -= 1
        self._see(account)

    def stored(self, kind: str, outcome: str, document: Mapping[str, Any]) -> None:
        """The store acknowledged an article or a reject; as `ArticleWriter` tells it."""
        publisher = document.get("site")
        account = self.by_site.get(publisher["code"]) if publisher else None
        if account is None:
            return
        account.touched = True
        if kind == "reject":
            account.reject(outcome, document)
        else:
            account.article(outcome, document, datetime.now(UTC))
        account.waiting -= 1
        self._see(account)

    def _see(self, account: SiteStats) -> None:
        if account.is_done and account.ended_at is None:
            account.ended_at = datetime.now(UTC)
            if self.on_done:
                self.on_done(account)

    def _requested(self, request: Request) -> None:
        if account := self.by_site.get(request.meta.get("site", "")):
            account.requests += 1
            account.touched = True
            request.meta["asked_at"] = time.monotonic()

    def _answered(self, response: Response, request: Request) -> None:
        if account := self.by_site.get(request.meta.get("site", "")):
            account.statuses[response.status] += 1
            account.bytes += len(response.body)
            account.seconds += time.monotonic() - request.meta.get("asked_at", time.monotonic())
            self.current = account.site.name

    def _erred(self, failure: Failure, response: Response) -> None:
        if response.request and (account := self.by_site.get(response.request.meta.get("site", ""))):
            account.counts[f"errors/{type(failure.value).__name__}"] += 1


# The figures of one site-crawl by which it is judged, kept in its run and in the history of its site.

REFUSALS = frozenset({401, 403, 405, 412, 429, 468, 521})
"""Statuses by which a site, or the firewall before it, refuses a crawler."""
NOT_SILENT = frozenset({"gone", "limit"})
"""Ends of a section that say nothing about whether it still has articles."""
ENOUGH_DAYS = 4
"""Days of publication from which the usual interval can be read."""


@dataclass(frozen=True)
class SiteMetrics:
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
    def from_document(cls, document: Mapping[str, Any]) -> SiteMetrics:
        """From what `as_document` gave; fields this version does not know are left out."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items() if k in known}
        return cls(**values)


def measure_site(account: SiteStats) -> SiteMetrics:
    """The figures of a site's account."""
    counts = account.counts
    silent = []
    for end in account.sections:
        if end.reason not in NOT_SILENT and not end.passed and not account.gave[end.name]:
            silent.append(end.name)
    return SiteMetrics(
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
