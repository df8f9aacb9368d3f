"""The contract of the database: for each collection a `$jsonSchema` with a line of meaning per field, and its indexes.

Every index is named after the query it serves. Fields of our own are checked; a collection may carry more (an
analyst's notes), which nothing here touches. A text that is not known is null, never "".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawler.storage.documents import ARTICLE, REJECT, REVISION, RUN
from crawler.storage.workings import ALARM, DUE, HOLDER, LEASE, MAINTENANCE, POSTINGS, SECTION, SEGMENT, SITE

VERSION = 3
"""Of the schema: goes up when stored documents have to change, with a module in `storage/migrations/`."""

ASCENDING, DESCENDING = 1, -1


@dataclass(frozen=True)
class Index:
    """`name` is short for the query it serves, `serves` the sentence; `keys` as MongoDB takes them."""

    name: str
    keys: tuple[tuple[str, int], ...]
    serves: str


@dataclass(frozen=True)
class Collection:
    """A collection's fields (name → JSON schema with a description), those it can't do without, its indexes, and what a
    document of it is."""

    fields: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    indexes: tuple[Index, ...]
    description: str

    @property
    def validator(self) -> dict[str, Any]:
        schema = {"bsonType": "object", "required": ["_id", *self.required], "properties": self.fields}
        return {"$jsonSchema": schema}


COLLECTIONS = {
    "articles": Collection(
        ARTICLE,
        ("url", "canonical_url", "title", "cluster", "revision", "first_seen_at", "last_seen_at", "changed_at"),
        (
            Index("by_published", (("published_at", DESCENDING),), "articles of a time, newest first"),
            Index(
                "by_site_and_published",
                (("site.code", ASCENDING), ("published_at", DESCENDING)),
                "articles of a site, or of one site in a time, newest first",
            ),
            Index(
                "by_place_and_published",
                (("place_codes", ASCENDING), ("published_at", DESCENDING)),
                "articles that name a place, newest first",
            ),
            Index("by_first_seen", (("first_seen_at", DESCENDING),), "what has come in since a moment"),
            Index("by_url", (("url", ASCENDING),), "the article of an address as fetched"),
            Index("by_content_hash", (("content_hash", ASCENDING),), "exact copies of a text"),
            Index("by_other_address", (("also_at._id", ASCENDING),), "the article that another address shows too"),
            Index("by_fingerprint", (("fingerprint", ASCENDING),), "candidates for near-duplicates of a text"),
            Index("by_cluster", (("cluster", ASCENDING),), "all articles of a story; those whose story is to be found"),
        ),
        "one article page, as it is now",
    ),
    "revisions": Collection(
        REVISION,
        ("article", "revision", "seen_from", "seen_until"),
        (Index("by_article", (("article", ASCENDING), ("revision", ASCENDING)), "older versions of an article"),),
        "an older version of an article, whole, and what the next one changed",
    ),
    "rejects": Collection(
        REJECT,
        ("article", "url", "reason", "first_seen_at", "last_seen_at", "times"),
        (
            Index("by_article", (("article", ASCENDING),), "why a page gave no article"),
            Index("by_last_seen", (("last_seen_at", DESCENDING),), "what was rejected since a moment"),
            Index(
                "by_site_and_last_seen",
                (("site.code", ASCENDING), ("last_seen_at", DESCENDING)),
                "what a site's pages were rejected for, latest first",
            ),
            Index("by_run", (("run", ASCENDING),), "what a crawl rejected"),
        ),
        "a page that gave no article, with the reason",
    ),
    "runs": Collection(
        RUN,
        ("spider", "started_at"),
        (
            Index("by_started", (("started_at", DESCENDING),), "the latest crawls"),
            Index("by_site_and_started", (("site", ASCENDING), ("started_at", DESCENDING)), "the latest of a site"),
        ),
        "one crawl: what it was asked for and what came of it",
    ),
    "sections": Collection(
        SECTION,
        ("site", "key"),
        (Index("by_site", (("site", ASCENDING),), "what earlier crawls left of a site's sections"),),
        "what earlier crawls left of one list page",
    ),
    "segments": Collection(
        SEGMENT,
        ("articles", "made_at"),
        (),
        "a part of the articles in the inverted index: Chinese full-text search",
    ),
    "postings": Collection(POSTINGS, ("data",), (), "a part of a large segment of the inverted index"),
    "maintenance": Collection(MAINTENANCE, (), (), "how far work on the whole database has come"),
    "sites": Collection(SITE, (), (), "state of one site"),
    "alarms": Collection(
        ALARM,
        ("site", "verdict", "at", "waiting"),
        (
            Index("by_waiting", (("waiting", ASCENDING),), "what a channel has still to tell"),
            Index("by_at", (("at", DESCENDING),), "the latest changes of verdicts"),
        ),
        "a change of a site's verdict",
    ),
    "holders": Collection(
        HOLDER, ("beat", "seconds"), (), "a process that crawls, as long as it lives or nobody has seen it dead"
    ),
    "leases": Collection(
        LEASE,
        ("site", "holder", "claim", "token"),
        (Index("by_holder", (("holder", ASCENDING),), "what a process crawls"),),
        "who crawls a host: one process at a time",
    ),
    "due": Collection(
        DUE,
        ("schedule", "entry", "site", "spider", "due_at"),
        (
            Index("by_due", (("due_at", ASCENDING),), "what is to be crawled now"),
            Index("by_schedule", (("schedule", ASCENDING),), "what a schedule file has planned"),
        ),
        "when a site is crawled next for an entry of a schedule file",
    ),
}
