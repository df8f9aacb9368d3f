"""One section (栏目) of one site during a crawl, and when its paging ends.

A section is *complete* when a crawl has read it to its end (or back to `since`) and every article on the way was stored
or finally rejected. Only then may a later crawl stop at the first page that shows nothing new. After an interrupted
crawl (killed, limited, bounded by `until`) such a page proves nothing: older pages may never have been read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crawler.parsing.urls import article_id, canonical_url
from crawler.platforms.base import ListItem
from crawler.platforms.pager import HashSet, PagerWatch
from crawler.sites.site import Section, Site
from crawler.storage.crawl_state import History

LATE_PUBLICATION = timedelta(days=7)
"""Sites publish some days late, under the date of the decision. What is older than this before the last complete crawl
was there for it to see."""
NO_END = frozenset({None, "limit", "time", "failed", "gone"})
"""Values of `SectionCrawl.ended` that don't mean that the section was read to its end."""


@dataclass(frozen=True)
class Window:
    """The period that a crawl asks for: aware times, None for open ends."""

    since: datetime | None = None
    until: datetime | None = None

    def includes(self, item: ListItem) -> bool:
        """Whether `item` may lie inside. An undated one may."""
        published, since = item.published_at, self._since(item)
        if published is None:
            return True
        return (since is None or published >= since) and (self.until is None or published <= self.until)

    def is_past(self, item: ListItem) -> bool:
        """Whether `item` is dated before the window."""
        since = self._since(item)
        return bool(since and item.published_at and item.published_at < since)

    def _since(self, item: ListItem) -> datetime | None:
        # A row that shows only its day may have been published at any minute of it.
        whole_day = self.since and item.published_at and item.precision == "day"
        return self.since - timedelta(days=1, microseconds=-1) if self.since and whole_day else self.since


def read_history(row: Mapping[str, Any]) -> History:
    """The history of a section from its document in `sections` (empty if it has none)."""
    return History(row.get("complete_at"), row.get("complete_since"), bool(row.get("open")))


def stop_reason(
    items: Sequence[ListItem],
    fresh: Collection[ListItem],
    is_repeat: bool,
    window: Window,
    history: History,
) -> str | None:
    """Why paging ends after this page, or None to go on: `empty`, `repeat` (earlier pages of this crawl showed all of
    it), `before_window`, `nothing_new`. `fresh` are the items that will be fetched."""
    if not items:
        return "empty"
    if is_repeat:
        return "repeat"
    if all(window.is_past(item) for item in items):
        return "before_window"
    if fresh or any(window.until and item.published_at and item.published_at > window.until for item in items):
        return None
    return "nothing_new" if _may_trust(items, window, history) else None


def _may_trust(items: Sequence[ListItem], window: Window, history: History) -> bool:
    """Whether a page of known articles means that all pages behind it are known too."""
    if history.complete_at is None:
        return False
    reaches = history.complete_since is None or (window.since is not None and window.since >= history.complete_since)
    if not reaches:
        return False
    if not history.open:
        return True
    seen_then = history.complete_at - LATE_PUBLICATION
    return all(item.published_at is not None and item.published_at < seen_then for item in items)


def complete_history(history: History, window: Window, reason: str, now: datetime) -> History:
    """The history of a section that was read to its end for `reason` at `now`, with nothing left to do."""
    if window.until is not None:
        return History(history.complete_at, history.complete_since, open=True)
    since = window.since
    if reason == "nothing_new":
        since = history.complete_since
    elif since and history.complete_at and since <= history.complete_at:
        # The new period touches the old one: together they reach as far back as the older of the two.
        since = min(history.complete_since, since) if history.complete_since else None
    return History(complete_at=now, complete_since=since, open=False)


@dataclass
class SiteCrawl:
    """One site during a crawl."""

    site: Site
    remaining: int | None
    """How many articles may still be fetched (None: no limit)."""
    deadline: float = math.inf
    """When its time is up, on the monotonic clock."""
    window: Window = field(default_factory=Window)
    """The period that the crawl asks for."""
    scheduled: HashSet = field(default_factory=HashSet)
    """The articles that were requested, in whichever section they were found."""
    home: Mapping[str, Any] = field(default_factory=dict)
    """What is stored of the last look at the home page."""
    has_checked_home: bool = False
    """Whether this crawl has looked for sections on the home page."""
    open_sections: int = 0
    """Sections whose paging has not ended."""

    def take(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that may be fetched now: not yet requested, and within the limit."""
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
    """Links that needed no fetch: known already, requested elsewhere, outside the window or beyond the limit."""
    seen: HashSet = field(default_factory=HashSet)
    """The articles that its list pages showed."""
    pager: PagerWatch = field(default_factory=PagerWatch)
    waiting: int = 0
    """Articles that were requested and not answered yet."""
    failures: int = 0
    """Requests that may succeed another time: the section is not complete while there are any."""
    ended: str | None = None
    """Why paging ended; None while it goes on."""

    @property
    def site(self) -> Site:
        """The site that the section belongs to."""
        return self.crawl.site

    @property
    def key(self) -> str:
        """The section's key in the store."""
        return section_key(self.section)

    def is_repeat(self, ids: Iterable[str]) -> bool:
        """Record the articles of a list page. Whether there are any, and earlier pages showed all of them."""
        numbers = [_number(key) for key in ids]
        return not self.seen.update(numbers) and bool(numbers)

    def release(self) -> None:
        """Paging has ended: free the memory of what it showed, in a crawl that may go on for days."""
        self.seen, self.pager = HashSet(), PagerWatch()
        self.crawl.open_sections -= 1
        if self.crawl.open_sections <= 0:
            self.crawl.scheduled = HashSet()

    def outcome(self, now: datetime) -> History | None:
        """Its history after this crawl if it was read to its end; None if something is left to do."""
        # A section without a single link may be one whose template has changed.
        if self.ended in NO_END or self.waiting or self.failures or not self.listed:
            return None
        assert self.ended is not None
        return complete_history(self.history, self.crawl.window, self.ended, now)


def section_key(section: Section) -> str:
    """The key of a section: the hash of its canonical address, so that a renamed section keeps its history."""
    return article_id(canonical_url(section.url))


def _number(key: str) -> int:
    """Half of an article's id, which is a hash: enough to distinguish it from the others of its site."""
    return int(key[:16], 16)
