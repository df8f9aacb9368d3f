"""What a running crawl knows: one object on the spider, read by pipelines, middlewares, extensions and the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from scrapy.crawler import Crawler

from crawler.sites.site import Site


@dataclass(frozen=True)
class History:
    """What earlier crawls recorded of a section: `complete_at`, when a crawl last reached its end (None: never);
    `complete_since`, the publication time from which on that holds (None: from its beginning); `open`, whether a later
    crawl started and did not reach the end. Times are aware."""

    complete_at: datetime | None = None
    complete_since: datetime | None = None
    open: bool = False


class SectionProgress(Protocol):
    """A section of a site during a crawl, as far as the store needs it."""

    @property
    def site(self) -> Site:
        """The site that the section belongs to."""

    @property
    def key(self) -> str:
        """The section's key in the collection `sections`."""

    def outcome(self, now: datetime) -> History | None:
        """The section's history if this crawl ended now; None if something is left to do."""


@dataclass
class CrawlState:
    """What a crawl knows. The spider fills it; a spider that is not one of ours (`scrapy shell`) has an empty one."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    """The arguments of the spider (`-a`) that differ from the defaults, as JSON types."""
    sites: list[Site] = field(default_factory=list)
    """The sites to crawl; those that another crawl holds are removed before the start."""
    sections: list[SectionProgress] = field(default_factory=list)
    """Every section that this crawl started."""
    missing_sections: list[SectionProgress] = field(default_factory=list)
    """Optional sections that the site does not have."""
    relevance_threshold: float | None = None
    """Articles below this relevance are not stored; None: all are."""
    article_thresholds: dict[str | None, float | None] = field(default_factory=dict)
    """Thresholds that differ from it, by canonical URL: those of the crawl that fetched an archived article. An entry
    is removed when it is used."""
    is_reparse: bool = False
    """Whether the items come from archived pages, which earlier crawls fetched and recorded."""

    def threshold_for(self, canonical_url: str | None) -> float | None:
        """The relevance threshold of an article; None if it is stored whatever its relevance."""
        return self.article_thresholds.pop(canonical_url, None) if self.is_reparse else self.relevance_threshold


@runtime_checkable
class HasCrawlState(Protocol):
    """A spider with a CrawlState."""

    crawl_state: CrawlState


def crawl_state(crawler: Crawler) -> CrawlState:
    """The state of a crawl; an empty one for spiders that have none."""
    return crawler.spider.crawl_state if isinstance(crawler.spider, HasCrawlState) else CrawlState()
