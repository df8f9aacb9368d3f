"""One section of one site during a crawl: what is still out, what failed, and why its paging ended."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crawler.parsing.urls import article_id, canonical_url
from crawler.platforms.base import ListItem
from crawler.platforms.endless import HashSet, PagerWatch
from crawler.sites.site import Section, Site
from crawler.storage.crawl_state import History

# When to turn the page: pure decisions over one list page, the window asked for, and what earlier crawls left. A
# section is *complete* when a crawl walked it to its end (or to `since`) and every article on the way was stored or
# finally rejected. Only then may a later crawl stop at the first page that holds nothing new; after an interrupted
# crawl (killed, limited, bounded by `until`) such a page proves nothing, since older pages may never have been
# reached.

# Sites publish with the date of the decision, some days late: what is older than this before the last complete crawl
# was there for it to see.
LATE_PUBLICATION = timedelta(days=7)


@dataclass(frozen=True)
class Window:
    """The time asked for; aware moments, None for open ends."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, item: ListItem) -> bool:
        """Whether `item` may lie inside: an undated one may."""
        moment, since = item.published_at, self._since(item)
        if moment is None:
            return True
        return (since is None or moment >= since) and (self.until is None or moment <= self.until)

    def is_past(self, item: ListItem) -> bool:
        """Whether `item` is dated before the window."""
        since = self._since(item)
        return bool(since and item.published_at and item.published_at < since)

    def _since(self, item: ListItem) -> datetime | None:
        # A row that shows only its day may have been published at any minute of it.
        whole_day = self.since and item.published_at and item.precision == "day"
        return self.since - timedelta(days=1, microseconds=-1) if self.since and whole_day else self.since


def stop_reason(
    items: Sequence[ListItem],
    fresh: Collection[ListItem],
    repeated: bool,
    window: Window,
    history: History,
) -> str | None:
    """Why paging ends after this page, or None to go on: `empty`, `repeat` (nothing on it that an earlier page of this
    crawl had not shown), `before_window`, `nothing_new`. `fresh` are the items that will be fetched."""
    if not items:
        return "empty"
    if repeated:
        return "repeat"
    if all(window.is_past(item) for item in items):
        return "before_window"
    if fresh or any(window.until and item.published_at and item.published_at > window.until for item in items):
        return None
    return "nothing_new" if _may_trust(items, window, history) else None


def _may_trust(items: Sequence[ListItem], window: Window, history: History) -> bool:
    """Whether a page of known articles means that all behind it are known too."""
    if history.complete_at is None:
        return False
    reaches = history.complete_since is None or (window.since is not None and window.since >= history.complete_since)
    if not reaches:
        return False
    if not history.open:
        return True
    seen_then = history.complete_at - LATE_PUBLICATION
    return all(item.published_at is not None and item.published_at < seen_then for item in items)


def completed(history: History, window: Window, reason: str, now: datetime) -> History:
    """The history of a section that was walked to its end for `reason` at `now` with nothing left behind."""
    if window.until is not None:
        return History(history.complete_at, history.complete_since, open=True)
    since = window.since
    if reason == "nothing_new":
        since = history.complete_since
    elif since and history.complete_at and since <= history.complete_at:
        # The new stretch touches the old one: together they reach as far back as the older of the two.
        since = min(history.complete_since, since) if history.complete_since else None
    return History(complete_at=now, complete_since=since, open=False)


@dataclass
class SiteCrawl:
    """One site during a crawl: `remaining` articles it may still fetch (None: no limit)."""

    site: Site
    remaining: int | None
    deadline: float = math.inf
    """When its time is up, on the monotonic clock."""
    window: Window = field(default_factory=Window)
    """The time that the crawl asks for."""
    scheduled: HashSet = field(default_factory=HashSet)
    """The articles asked for, in whichever section they were found."""
    home: Mapping[str, Any] = field(default_factory=dict)
    """What the store remembers of the last look at the home page."""
    consulted: bool = False
    """Whether this crawl has looked at the home page for sections."""
    walking: int = 0
    """Sections whose paging has not ended."""

    def take(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that may be fetched now: not yet asked for, and within the limit."""
        taken: set[str] = set()
        for key in ids:
            if self.remaining is not None and len(taken) >= self.remaining:
                break
            if self.scheduled.add(_number(key)):
                taken.add(key)
        if self.remaining is not None:
            self.remaining -= len(taken)
        return taken

    @property
    def is_late(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() > self.deadline

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.remaining == 0


@dataclass
class SectionCrawl:
    """The paging of one section."""

    crawl: SiteCrawl
    section: Section
    history: History
    pages: int = 0
    listed: int = 0
    passed: int = 0
    """Links that needed no fetch: known already, asked for elsewhere, outside the window or beyond the limit."""
    seen: HashSet = field(default_factory=HashSet)
    """The articles that its list pages showed."""
    pager: PagerWatch = field(default_factory=PagerWatch)
    waiting: int = 0
    """Articles asked for and not yet answered."""
    failures: int = 0
    """Requests that may succeed another time: the section is not complete while there are any."""
    ended: str | None = None
    """Why paging ended; None while it goes on."""

    def shows(self, ids: Iterable[str]) -> bool:
        """Note the articles of a list page; whether earlier pages showed all of them, and there are any."""
        numbers = [_number(key) for key in ids]
        return not self.seen.update(numbers) and bool(numbers)

    def forget(self) -> None:
        """Paging has ended: let go of what it showed, in a crawl that may go on for days."""
        self.seen, self.pager = HashSet(), PagerWatch()
        self.crawl.walking -= 1
        if self.crawl.walking <= 0:
            self.crawl.scheduled = HashSet()

    @property
    def site(self) -> Site:
        """The site that the section belongs to."""
        return self.crawl.site

    @property
    def key(self) -> str:
        """The section's key in the store."""
        return section_key(self.section)

    def outcome(self, now: datetime) -> History | None:
        """Its history after this crawl where it was walked to its end, None where something is left to do."""
        # "limit", "time" and "gone" are no ends; a section without a single link may be one whose template changed.
        if self.ended in {None, "limit", "time", "failed", "gone"} or self.waiting or self.failures or not self.listed:
            return None
        assert self.ended is not None
        return completed(self.history, self.crawl.window, self.ended, now)


def section_key(section: Section) -> str:
    """The key of a section: the hash of its canonical address, so that a renamed section keeps its history."""
    return article_id(canonical_url(section.url))


def _number(key: str) -> int:
    """Half of an article's id, which is a hash: enough to tell it from the others of its site."""
    return int(key[:16], 16)
