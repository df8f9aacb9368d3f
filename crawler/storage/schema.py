"""The contract of the database: for each collection a `$jsonSchema` with a line of meaning per field, and its indexes.

Every index is named after the query it serves. Fields of our own are checked; a collection may carry more (an
analyst's notes), which nothing here touches. A text that is not known is null, never "".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# JSON schemas of single fields, each with a line of meaning: the words in which `documents.py` and `workings.py`
# are written.


def field(description: str, *types: str, **rules: Any) -> dict[str, Any]:
    """A field: of BSON `types` and other `rules`."""
    return {"bsonType": types[0] if len(types) == 1 else list(types), **rules, "description": description}


def text(description: str) -> dict[str, Any]:
    """A field: a text that is not empty."""
    return field(description, "string", minLength=1)


def text_or_null(description: str) -> dict[str, Any]:
    """A field: a text that is not empty, or null."""
    return field(description, "string", "null", minLength=1)


def date(description: str) -> dict[str, Any]:
    """A field: a time."""
    return field(f"{description} (UTC)", "date")


def count(description: str, minimum: int = 0) -> dict[str, Any]:
    """A field: a whole number."""
    return field(description, "int", "long", minimum=minimum)


def list_of(description: str, required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """A field: a list of objects that have `required`."""
    items = {"bsonType": "object", "required": [required], "properties": properties}
    return field(description, "array", items=items)


WORD = {"bsonType": "string"}


# The fields of what crawls store: name → JSON schema with a line of meaning. Fields of our own are checked; a
# document may carry more (an analyst's notes), which nothing here touches. A text that is not known is null, never
# "".

_PUBLISHER = field(
    "who published it; null for a site that isn't in the registry",
    "object",
    "null",
    required=["code", "name"],
    properties={
        "code": text("key of the site in the registry"),
        "name": text("名称"),
        "kind": text_or_null("portal, county, city, province or other"),
        "province": text_or_null("省"),
        "city": text_or_null("市"),
        "county": text_or_null("县"),
        "gb_code": text_or_null("GB/T 2260 code"),
    },
)

ARTICLE = {
    "_id": text("hash of the canonical address: the same page is the same document, for ever"),
    "url": text("address as fetched"),
    "canonical_url": text("address normalised"),
    "site": _PUBLISHER,
    "section": text_or_null("栏目"),
    "platform": text_or_null("CMS that built the page"),
    "title": text("headline"),
    "published_at": field("发布时间 as the page shows it (UTC)", "date", "null"),
    "published_precision": {"enum": ["minute", "day", None], "description": "how exactly the page tells the time"},
    "source": text_or_null("来源"),
    "author": text_or_null("作者, 记者, 通讯员"),
    "editor": text_or_null("责任编辑, else 编辑"),
    "body": text_or_null("clean simplified text, one paragraph a line"),
    "tables": list_of(
        "tables of the body", "rows", rows=field("rows of cell texts", "array"), caption=text_or_null("caption")
    ),
    "images": list_of("pictures", "url", url=text("address"), caption=text_or_null("caption")),
    "attachments": list_of("附件", "url", url=text("address"), name=text_or_null("file name a reader sees")),
    "gov_index": field(
        "政府信息公开 index table, as printed; null where there is none",
        "object",
        "null",
        properties={
            "index_number": text("索引号"),
            "document_number": text("发文字号"),
            "issuer": text("发布机构"),
            "written_on": text("成文日期"),
            "published_on": text("发布日期"),
            "topic": text("主题分类"),
        },
    ),
    "confidence": field("agreement of two body extractors, 0 to 1", "double", "int", "null", minimum=0, maximum=1),
    "provenance": field("which rule gave each field", "object"),
    "restored": field(
        "what the cleaning changed, counted; null where nothing",
        "object",
        "null",
        properties={
            "glosses": count("pinyin glosses removed"),
            "gbk_repairs": count("lost bytes repaired"),
            "converted": count("traditional characters converted"),
            "doubtful": count("repairs with a close runner-up"),
        },
    ),
    "relevance": field(
        "how much it is about food safety",
        "object",
        "null",
        properties={
            "score": field("from 0 to 1", "double", "int"),
            "terms": field("what the score rests on; - before what speaks against it", "array", items=WORD),
        },
    ),
    "places": field("places the text names, as the registry writes them", "array", items={"bsonType": "string"}),
    "place_codes": field("their GB/T 2260 codes and those above them", "array", items={"bsonType": "string"}),
    "tokens": field("pairs of characters and words of title and body; those of the title also after ^", "array"),
    "content_hash": text_or_null("hash of the normalised text: equal for exact copies"),
    "fingerprint": field("hashes shared by near-duplicates", "array", items={"bsonType": ["int", "long"]}),
    "cluster": text_or_null("the story it belongs to: the smallest _id among its articles; null until looked up"),
    "original": text_or_null("_id of the article this one reprints; null for the original, and where it is alone"),
    "original_evidence": text_or_null("why that article is taken for the original"),
    "also_at": list_of(
        "other addresses of the same site with the same text",
        "_id",
        _id=text("hash of the canonical address"),
        url=text("address as fetched"),
        section=text_or_null("栏目"),
        seen_at=date("when it was fetched"),
    ),
    "revision": count("1, and one more for each change of the text", minimum=1),
    "fetched_at": field("when this revision was fetched (UTC)", "date", "null"),
    "first_seen_at": date("when the article was first fetched"),
    "last_seen_at": date("when the article was last fetched"),
    "changed_at": date("when this revision was first fetched"),
    "run": text_or_null("the crawl that wrote this revision"),
    "change": count("number of the batch that wrote it last: what a search index follows"),
    "schema_version": count("version of this schema the document follows; 1 where missing", minimum=1),
}

REVISION = ARTICLE | {
    "_id": text("article:revision"),
    "article": text("_id of the article"),
    "seen_from": date("when this revision was first fetched"),
    "seen_until": date("when this revision was last fetched"),
    "diff": field("what the next revision changed, by paragraph: - what went, + what came", "array"),
}

REJECT = {
    "_id": text("article:reason, so that a repeat updates the count"),
    "article": text("hash of the canonical address, as an article at it would have"),
    "url": text("address as fetched"),
    "reason": text("one word of a fixed vocabulary"),
    "detail": text_or_null("one sentence for a person"),
    "score": field("relevance of an irrelevant article, 0 to 1", "double", "int", "null", minimum=0, maximum=1),
    "site": _PUBLISHER,
    "section": text_or_null("栏目"),
    "run": text_or_null("the crawl that saw it last"),
    "first_seen_at": date("when it was first rejected"),
    "last_seen_at": date("when it was last rejected"),
    "times": count("how often it was rejected", minimum=1),
}

VERDICT = {"enum": ["ok", "degraded", "broken", "blocked", None], "description": "what it was worth; null: not judged"}
REASONS = field("the verdict's reasons in words", "array", "null", items={"bsonType": "string"})

RUN = {
    "_id": text("the crawl, or crawl:site for what it did on one site"),
    "parent": text_or_null("the crawl this run of one site is a part of; null for a whole crawl"),
    "spider": text("name of the spider"),
    "arguments": field("arguments as given", "object"),
    "host": text_or_null("machine"),
    "pid": count("process"),
    "sites": field("codes of the sites crawled", "array", items={"bsonType": "string"}),
    "site": text_or_null("code of the one site of this run"),
    "name": text_or_null("its name"),
    "started_at": date("start"),
    "progress_at": date("when the figures were written last"),
    "finished_at": field("end; null while it runs (UTC)", "date", "null"),
    "finish_reason": text_or_null("how it ended, as Scrapy names it"),
    "seconds_waiting": field("time spent waiting for the site's answers", "double", "int"),
    "bytes": count("of answers, as they came"),
    "counts": field("what was fetched, new, changed, duplicate and rejected", "object"),
    "statuses": field("answers by HTTP status", "object"),
    "fields": field("articles that have a field, by field", "object"),
    "rules": field("articles by the rule that gave a field: body=platform:hanweb", "object"),
    "sections": list_of("栏目 that ended", "name", name=text("栏目"), reason=text("how its paging ended")),
    "figures": field("what the verdict rests on: crawler/runs/site_stats.py", "object"),
    "verdict": VERDICT,
    "reasons": REASONS,
}


# The fields of the documents by which crawls, schedules and searches work: name → JSON schema with its meaning.

SECTION = {
    "_id": text("site:key"),
    "site": text("key of the site in the registry"),
    "key": text("hash of the section's canonical address"),
    "name": text("栏目"),
    "url": text("first list page"),
    "open": field("whether a crawl began it and didn't walk it to its end", "bool"),
    "complete_at": field("when a crawl last walked it to its end (UTC)", "date", "null"),
    "complete_since": field("from which date on everything listed is in the store (UTC)", "date", "null"),
    "gone_at": field("when the site answered that it doesn't exist (UTC)", "date", "null"),
    "found_at": field("when it was found on the home page; of key `home`, when that was looked at", "date", "null"),
}

MAINTENANCE = {
    "_id": text("the work; `schema` for the version of the database"),
    "after": text("_id of the last article done"),
    "version": count("version of the schema all documents follow", minimum=1),
    "sent_at": date("when the last alarm was delivered"),
    "claimed_until": field("how long one process has the channel, or the merging, to itself (UTC)", "date", "null"),
    "making": text_or_null("the segment that is being made"),
}

CHANGES = {
    "_id": text("`articles`"),
    "number": count("the last change number taken"),
    "epoch": text("begins again with the numbers"),
    "open": field("numbers under which articles are being written: number, at", "object"),
}

SEGMENT = {
    "_id": text("the segment"),
    "articles": count("articles in it, numbered from 0", minimum=1),
    "made_at": date("when it was made"),
    "ids": field("`_id`s of the articles, in order, a line each, zlib; only up to 255 articles", "binData"),
    "lines": field("tokens of the articles, a line each, zlib; only up to 255 articles", "binData"),
    "replaces": field("segments it was made of, which are to be passed over", "array", items=WORD),
}

POSTINGS = {
    "_id": text("segment:part, or segment:ids:number"),
    "data": field(
        "of a part: token → numbers of its articles, 16 bits each, as BSON, zlib; of ids: 1,024 `_id`s of articles, a "
        "line each, zlib",
        "binData",
    ),
}

ALARM = {
    "_id": text("run:site"),
    "site": text("key of the site in the registry"),
    "name": text_or_null("名称"),
    "before": VERDICT,
    "verdict": VERDICT,
    "reasons": REASONS,
    "at": date("when the verdict changed"),
    "since": field("since when it had been as before (UTC)", "date", "null"),
    "ok_at": field("when the site was last ok (UTC)", "date", "null"),
    "page": text_or_null("the list page that shows it"),
    "command": text_or_null("the command that reproduces it"),
    "waiting": field("channels that have not told it yet", "array", items={"bsonType": "string"}),
}

SITE = {
    "_id": text("key of the site in the registry"),
    "name": text_or_null("名称"),
    "verdict": VERDICT,
    "reasons": REASONS,
    "page": text_or_null("the list page that shows it"),
    "since": field("when a run first ended with this verdict (UTC)", "date", "null"),
    "ok_at": field("end of the last run that was ok (UTC)", "date", "null"),
    "new_at": field("end of the last run that gave a new article (UTC)", "date", "null"),
    "newest_at": field("latest publication time seen (UTC)", "date", "null"),
    "run": text_or_null("the last run"),
    "run_at": field("its end (UTC)", "date", "null"),
    "totals": field("of all runs: runs, new, changed, rejects, requests, bytes", "object"),
    "recent": list_of(
        "verdict and figures of earlier runs, oldest first",
        "figures",
        figures=field("what the verdict rested on", "object"),
        verdict=VERDICT,
    ),
    "days": list_of(
        "the last 31 days with a run", "day", day=text("in China"), new=count("new articles"), verdict=VERDICT
    ),
    "known": count("links of the last run's lists to articles that were stored already"),
    "updated_at": date("when this state was written"),
}

LEASE = {
    "_id": text("host of the site's home page"),
    "owner": field("the process that crawls it: id, host, pid, machine; null if none does", "object", "null"),
    "site": text_or_null("key of the site in the registry"),
    "taken_at": date("when it was taken last, by the server's clock"),
    "expires_at": date("when the lease ends if it is not renewed; without an owner, when the host has rested"),
}

DUE = {
    "_id": text("schedule:entry:site"),
    "schedule": text("name of the schedule file, without its ending"),
    "entry": text("entry of the file"),
    "site": text("key of the site in the registry"),
    "spider": text("name of the spider"),
    "arguments": field("its arguments", "object"),
    "cron": text_or_null("moments as cron writes them, China Standard Time"),
    "every": field("seconds from one moment to the next", "int", "double", "null"),
    "spread": field("seconds over which the sites of a moment start", "int", "double"),
    "time_limit": field("seconds a crawl may take", "int", "double"),
    "due_at": date("when it is to be crawled next"),
    "attempts": count("crawls begun since it was due, of which none ended"),
    "begun_by": field("host and process of the last attempt", "object", "null"),
    "queued_at": field("when a message for it went to a broker (UTC)", "date", "null"),
    "queued_attempt": count("attempts when that message was sent; 1 also where a worker died that was about to begin"),
    "last": field("its last crawl: started_at, ended_at, outcome, verdict, run, holder", "object", "null"),
}


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
            Index("by_change", (("change", ASCENDING),), "what changed since a search index last looked"),
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
    "changes": Collection(CHANGES, ("number", "epoch", "open"), (), "change numbers, which search indexes follow"),
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
    "leases": Collection(
        LEASE,
        ("site", "expires_at"),
        (Index("by_owner", (("owner.id", ASCENDING),), "what a process crawls"),),
        "a host and the process that crawls it",
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
