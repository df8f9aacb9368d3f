"""The schema of the database: for each collection a `$jsonSchema` with the meaning of each field, and its indexes.

The fields of `articles`, `revisions` and `rejects` are declared in `crawler/items.py`. Every index is named after the
query it serves. Our own fields are checked; a document may have others (an analyst's notes), which nothing
here touches. An unknown text is null, never "".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from typing import Any, get_args, get_origin

from crawler.items import FieldSpec, StoredArticle, StoredReject, StoredRevision, field_specs

Rule = dict[str, Any]
"""The JSON schema of one field."""

# Rules of fields that are declared in items.


def rules_of(item: type, without: tuple[str, ...] = ()) -> dict[str, Rule]:
    """Return the rules of the fields that the dataclass `item` declares, `_id` first."""
    return {spec.name: _rule_of(spec) for spec in field_specs(item) if spec.name not in without}


def _rule_of(spec: FieldSpec) -> Rule:
    if "enum" in spec.rules:
        return {**spec.rules, "description": spec.meaning}
    rule = _object_rule(spec.parts) if spec.parts else _type_rule(spec.type)
    types = [*rule.pop("bsonType"), *(["null"] if spec.is_nullable else [])]
    meaning = f"{spec.meaning} (UTC)" if spec.type is datetime else spec.meaning
    return {"bsonType": types[0] if len(types) == 1 else types, **rule, **spec.rules, "description": meaning}


def _type_rule(kind: Any) -> Rule:
    if get_origin(kind) is list:
        (element,) = get_args(kind)
        if is_dataclass(element):
            assert isinstance(element, type)
            return {"bsonType": ["array"], "items": {**_object_rule(element), "bsonType": "object"}}
        # Without minLength: words in lists may be empty.
        types = _BSON_TYPES.get(element, [])
        items = {"items": {"bsonType": types[0] if len(types) == 1 else types}} if types else {}
        return {"bsonType": ["array"], **items}
    if get_origin(kind) is dict:
        return {"bsonType": ["object"]}
    return {"bsonType": list(_BSON_TYPES[kind]), **({"minLength": 1} if kind is str else {})}


def _object_rule(parts: type) -> Rule:
    required = [spec.name for spec in field_specs(parts) if spec.is_required]
    return {"bsonType": ["object"], **({"required": required} if required else {}), "properties": rules_of(parts)}


_BSON_TYPES = {str: ["string"], int: ["int", "long"], float: ["double", "int"], datetime: ["date"], bool: ["bool"]}

# Rules of fields of the collections by which crawls and schedules work.


def field(description: str, *types: str, **rules: Any) -> Rule:
    """A field: of BSON `types` and other `rules`."""
    return {"bsonType": types[0] if len(types) == 1 else list(types), **rules, "description": description}


def text(description: str) -> Rule:
    """A text that is not empty."""
    return field(description, "string", minLength=1)


def text_or_null(description: str) -> Rule:
    """A text that is not empty, or null."""
    return field(description, "string", "null", minLength=1)


def date(description: str) -> Rule:
    """A time."""
    return field(f"{description} (UTC)", "date")


def date_or_null(description: str) -> Rule:
    """A time, or null."""
    return field(f"{description} (UTC)", "date", "null")


def count(description: str, minimum: int = 0) -> Rule:
    """A whole number."""
    return field(description, "int", "long", minimum=minimum)


def list_of(description: str, required: str, **properties: Rule) -> Rule:
    """A list of objects that have `required`."""
    items = {"bsonType": "object", "required": [required], "properties": properties}
    return field(description, "array", items=items)


WORD = {"bsonType": "string"}

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
    "finished_at": date_or_null("end; null while it runs"),
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


SECTION = {
    "_id": text("site:key"),
    "site": text("key of the site in the registry"),
    "key": text("hash of the section's canonical address"),
    "name": text("栏目"),
    "url": text("first list page"),
    "open": field("whether a crawl began it and didn't walk it to its end", "bool"),
    "complete_at": date_or_null("when a crawl last walked it to its end"),
    "complete_since": date_or_null("from which date on everything listed is in the store"),
    "gone_at": date_or_null("when the site answered that it doesn't exist"),
    "found_at": field("when it was found on the home page; of key `home`, when that was looked at", "date", "null"),
}

MAINTENANCE = {
    "_id": text("the work; `schema` for the version of the database"),
    "after": text("_id of the last article done"),
    "version": count("version of the schema all documents follow", minimum=1),
    "sent_at": date("when the last alarm was delivered"),
    "claimed_until": date_or_null("how long one process has the channel to itself"),
}

CHANGES = {
    "_id": text("`articles`"),
    "number": count("the last change number taken"),
    "epoch": text("begins again with the numbers"),
    "open": field("numbers under which articles are being written: number, at", "object"),
}

ALARM = {
    "_id": text("run:site"),
    "site": text("key of the site in the registry"),
    "name": text_or_null("名称"),
    "before": VERDICT,
    "verdict": VERDICT,
    "reasons": REASONS,
    "at": date("when the verdict changed"),
    "since": date_or_null("since when it had been as before"),
    "ok_at": date_or_null("when the site was last ok"),
    "page": text_or_null("the list page that shows it"),
    "command": text_or_null("the command that reproduces it"),
    "waiting": field("channels that have not sent it yet", "array", items={"bsonType": "string"}),
}

SITE = {
    "_id": text("key of the site in the registry"),
    "name": text_or_null("名称"),
    "verdict": VERDICT,
    "reasons": REASONS,
    "page": text_or_null("the list page that shows it"),
    "since": date_or_null("when a run first ended with this verdict"),
    "ok_at": date_or_null("end of the last run that was ok"),
    "new_at": date_or_null("end of the last run that gave a new article"),
    "newest_at": date_or_null("latest publication time seen"),
    "run": text_or_null("the last run"),
    "run_at": date_or_null("its end"),
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
    "queued_at": date_or_null("when a message for it went to a broker"),
    "queued_attempt": count("attempts when that message was sent; 1 also where a worker died that was about to begin"),
    "last": field("its last crawl: started_at, ended_at, outcome, verdict, run, holder", "object", "null"),
}


VERSION = 3
"""Of the schema. A database of another version is refused."""

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
        rules_of(StoredArticle),
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
        rules_of(StoredRevision),
        ("article", "revision", "seen_from", "seen_until"),
        (Index("by_article", (("article", ASCENDING), ("revision", ASCENDING)), "older versions of an article"),),
        "an older version of an article, whole, and what the next one changed",
    ),
    "rejects": Collection(
        rules_of(StoredReject, without=("canonical_url", "seen_at")),
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
    "maintenance": Collection(MAINTENANCE, (), (), "how far work on the whole database has come"),
    "sites": Collection(SITE, (), (), "state of one site"),
    "alarms": Collection(
        ALARM,
        ("site", "verdict", "at", "waiting"),
        (
            Index("by_waiting", (("waiting", ASCENDING),), "what a channel still has to send"),
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


# The schema in words: rows that a person or a page can show.


@dataclass(frozen=True)
class FieldRow:
    """`name` with its path (`site.code`, `images[].url`), its BSON `types`, and whether a document must have it."""

    name: str
    types: str
    is_required: bool
    meaning: str


def field_rows(collection: Collection) -> Iterator[FieldRow]:
    """Yield the fields of a collection, each followed by those of its objects or of the objects in its list."""
    return _rows(collection.fields, {"_id", *collection.required}, "")


def _rows(fields: Mapping[str, Rule], required: set[str], prefix: str) -> Iterator[FieldRow]:
    for name, rule in fields.items():
        yield FieldRow(f"{prefix}{name}", _write_types(rule), name in required, rule["description"])
        if "properties" in rule:
            yield from _rows(rule["properties"], set(rule.get("required", ())), f"{prefix}{name}.")
        elif "properties" in (items := rule.get("items", {})):
            yield from _rows(items["properties"], set(items.get("required", ())), f"{prefix}{name}[].")


def _write_types(rule: Rule) -> str:
    """`string`, `date or null`, `array of string`, or the values of an enumeration."""
    if "enum" in rule:
        return " or ".join("null" if value is None else f'"{value}"' for value in rule["enum"])
    names = [rule["bsonType"]] if isinstance(rule["bsonType"], str) else rule["bsonType"]
    items = rule.get("items", {})
    return " or ".join(f"array of {_write_types(items)}" if name == "array" and items else name for name in names)


def write_keys(index: Index) -> str:
    """Return the keys of an index as MongoDB's shell writes them: `{"site.code": 1, "published_at": -1}`."""
    return "{" + ", ".join(f'"{key}": {direction}' for key, direction in index.keys) + "}"


def markdown_table(collection: Collection) -> list[str]:
    """Return the fields of a collection as lines of a Markdown table."""
    head = ["| field | type | always there | meaning |", "|---|---|---|---|"]
    return head + [
        f"| `{row.name}` | {row.types} | {'yes' if row.is_required else ''} | {markdown_cell(row.meaning)} |"
        for row in field_rows(collection)
    ]


def markdown_cell(text: str) -> str:
    """Return `text` for a cell of a Markdown table."""
    return text.replace("|", "\\|")
