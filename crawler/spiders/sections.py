"""One section of one site during a crawl: what is still out, what failed, and why its paging ended."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crawler.guards.endless import PagerWatch
from crawler.guards.seen import Seen
from crawler.parsing.urls import article_id, canonical_url
from crawler.sites.site import Section, Site
from crawler.spiders.paging import History, Window, completed


@dataclass
class SiteCrawl:
    """One site during a crawl: `remaining` articles it may still fetch (None: no limit)."""

    site: Site
    remaining: int | None
    deadline: float = math.inf
    """When its time is up, on the monotonic clock."""
    scheduled: Seen = field(default_factory=Seen)
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
    seen: Seen = field(default_factory=Seen)
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
        self.seen, self.pager = Seen(), PagerWatch()
        self.crawl.walking -= 1
        if self.crawl.walking <= 0:
            self.crawl.scheduled = Seen()

    @property
    def key(self) -> str:
        """The section's key in the store."""
        return section_key(self.section)

    def outcome(self, window: Window, now: datetime) -> History | None:
        """Its history after this crawl where it was walked to its end, None where something is left to do."""
        # "limit", "time" and "gone" are no ends; a section without a single link may be one whose template changed.
        if self.ended in {None, "limit", "time", "failed", "gone"} or self.waiting or self.failures or not self.listed:
            return None
        assert self.ended is not None
        return completed(self.history, window, self.ended, now)


def section_key(section: Section) -> str:
    """The key of a section: the hash of its canonical address, so that a renamed section keeps its history."""
    return article_id(canonical_url(section.url))


def _number(key: str) -> int:
    """Half of an article's id, which is a hash: enough to tell it from the others of its site."""
    return int(key[:16], 16)
