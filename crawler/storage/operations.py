"""The writes of the batch writer, one operation per step, and those that settle a story, each safe to repeat.

They select by `_id` alone and carry their conditions inside: the embedded server scans the collection for a filter that
asks for more than one index holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pymongo import InsertOne, UpdateOne

from crawler.parsing.urls import article_id, canonical_url
from crawler.storage.schema import COLLECTIONS
from crawler.text.fingerprint import paragraph_changes

# What becomes of each document of a batch: pure decisions over what the store holds.

Document = dict[str, Any]


# What the decisions need of a stored article.
_NEEDED = (
    *("content_hash", "title", "revision", "run", "first_seen_at", "changed_at"),
    *("cluster", "original", "original_evidence"),
)
READ = ("content_hash", "title", "published_at", "published_precision", "source", "author", "editor")
"""What newer rules may read better on the same page."""
HEAD = dict.fromkeys((*_NEEDED, *READ, "canonical_url", "site"), 1)


@dataclass(eq=False)
class Entry:
    """A document of a batch; `tried` where an earlier round tried to write it, so that the result is in the store;
    `replayed` where it was fetched a while ago, so that the store may hold a version that was fetched after it."""

    document: Document
    tried: bool = False
    replayed: bool = False
    reread: bool = False
    """Whether it is an archived page read by newer rules: its other fields may be better too."""


@dataclass(frozen=True)
class Step:
    """An entry and its outcome: `new`, `reprint`, `unchanged`, `changed`, `duplicate`, or `outdated` for what is older
    than the stored version. `stored` is the stored article it concerns: its own, or for a duplicate the one with its
    text. `done` where nothing is left to write."""

    entry: Entry
    outcome: str
    stored: Document | None = None
    done: bool = False

    @property
    def document(self) -> Document:
        """The entry's document."""
        return self.entry.document


def plan(
    entries: Iterable[Entry], stored: Mapping[str, Document], twins: Mapping[str, Sequence[Document]]
) -> tuple[list[Step], list[Entry]]:
    """The steps of one round over `entries` in their order, at most one per article, and the entries that wait for the
    next: they concern an article that this round writes. `stored`: articles by id; `twins`: by content hash."""
    steps: list[Step] = []
    later: list[Entry] = []
    busy: set[Any] = set()
    for entry in entries:
        document = entry.document
        key, text = document["_id"], document["content_hash"]
        step = decide(entry, stored.get(key), twins.get(text, ()))
        claims, waits_for = {key}, {key}
        if text is not None:
            here = (text, publisher(document))
            claims |= {text, here} if step.outcome in {"new", "reprint", "changed"} else set()
            waits_for |= {"new": {text}, "reprint": {here}}.get(step.outcome, set())
        if waits_for & busy:
            later.append(entry)
        else:
            busy |= claims
            steps.append(step)
    return steps, later


def decide(entry: Entry, stored: Document | None, twins: Sequence[Document]) -> Step:
    """The outcome of one entry, given its stored article and the stored articles with the same text."""
    document = entry.document
    if stored is not None:
        compared = READ if entry.reread else ("content_hash", "title")
        if any(stored.get(field) != document[field] for field in compared):
            # Not for a page that was just fetched: a clock that was once ahead must not shut out what comes.
            if entry.replayed and document["last_seen_at"] < stored["changed_at"]:
                return Step(entry, "outdated", stored, done=True)
            return Step(entry, "changed", stored)
        if entry.tried and (stored["run"], stored["changed_at"]) == (document["run"], document["last_seen_at"]):
            first = "reprint" if stored["original"] else "new"
            return Step(entry, "changed" if stored["revision"] > 1 else first, stored, done=True)
        return Step(entry, "unchanged", stored)
    same_site = [twin for twin in twins if publisher(twin) == publisher(document)]
    if same_site:
        return Step(entry, "duplicate", same_site[0])
    return Step(entry, "reprint" if twins else "new")


def publisher(document: Document) -> str:
    """Who published it: the site's code, else its host."""
    site = document["site"]
    return str(site["code"]) if site else str(urlsplit(document["canonical_url"]).hostname)


# Why a validator refused a document, in words: servers differ in how much of it they tell.

_BSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "object": (dict,),
    "array": (list,),
    "int": (int,),
    "long": (int,),
    "double": (float,),
    "null": (type(None),),
    "bool": (bool,),
    "date": (datetime,),
}


def refusal(collection: str, document: dict[str, Any]) -> str:
    """Which fields of `document` the validator of `collection` refuses, as one phrase."""
    spec = COLLECTIONS[collection]
    missing = [name for name in ("_id", *spec.required) if name not in document]
    if missing:
        return f"{', '.join(missing)} missing"
    wrong = [name for name, rule in spec.fields.items() if name in document and not fits(document[name], rule)]
    return f"{', '.join(wrong)} not as the schema says" if wrong else "not as the schema says"


def fits(value: Any, rule: dict[str, Any]) -> bool:
    """Whether `value` is as a `rule` of `schema.py` says (the part of JSON schema that is used there)."""
    if "enum" in rule:
        return value in rule["enum"]
    types = [rule["bsonType"]] if isinstance(rule["bsonType"], str) else rule["bsonType"]
    accepted = [kind for name in types for kind in _BSON_TYPES[name]]
    if not isinstance(value, tuple(accepted)) or (isinstance(value, bool) and bool not in accepted):
        return False
    if isinstance(value, str):
        return len(value) >= rule.get("minLength", 0)
    if isinstance(value, list):
        return all(fits(item, rule["items"]) for item in value) if "items" in rule else True
    if isinstance(value, dict):
        known = rule.get("properties", {})
        return all(name in value for name in rule.get("required", ())) and all(
            fits(value[name], known[name]) for name in known if name in value
        )
    return not isinstance(value, int | float) or rule.get("minimum", value) <= value <= rule.get("maximum", value)


MAX_ADDRESSES = 1000
"""A page copied to ever more addresses doesn't grow its article without end."""
MAX_DETAIL_LENGTH = 2000

Operation = InsertOne[Document] | UpdateOne


def operation(step: Step, tokens: Sequence[str], change: int) -> Operation:
    """What carries out a step on `articles`; `tokens` are those of the new text, where the step brings one, `change` is
    the change number of the batch."""
    document, stored = step.document, step.stored
    if stored is None:
        return InsertOne(first_version(document, tokens) | {"change": change})
    if step.outcome == "unchanged":
        return UpdateOne({"_id": stored["_id"]}, {"$max": {"last_seen_at": document["last_seen_at"]}})
    if step.outcome == "duplicate":
        return UpdateOne({"_id": stored["_id"]}, [{"$set": {"also_at": _with_address(document)}}])
    return UpdateOne({"_id": stored["_id"]}, [{"$replaceWith": _next_version(document, stored, tokens, change)}])


def first_version(document: Document, tokens: Sequence[str]) -> Document:
    """The document a new article is stored as."""
    seen = document["last_seen_at"]
    # A null cluster says that the article's story is to be looked up.
    story = {"cluster": None, "original": None, "original_evidence": None}
    history = {"also_at": [], "revision": 1, "first_seen_at": seen, "changed_at": seen}
    return {**document, **story, **history, "tokens": tokens}


def past_version(article: Document, following: Document) -> Document:
    """The document of `revisions` that keeps `article`, as stored now, and what `following` changes in it: whole, but
    for the tokens, since search looks for what is now."""
    identity = {"_id": f"{article['_id']}:{article['revision']}", "article": article["_id"]}
    times = {"seen_from": article["changed_at"], "seen_until": article["last_seen_at"]}
    diff = paragraph_changes(article["body"], following["body"])
    if article["title"] != following["title"]:
        diff = [f"- {article['title']}", f"+ {following['title']}", *diff]
    kept = {name: value for name, value in article.items() if name not in ("tokens", "change")}
    return {**kept, **identity, **times, "diff": diff}


def reject_document(document: Document, reason: str, detail: str | None) -> Document:
    """The document of `rejects` for a page or article, without `times` and `first_seen_at`."""
    url = _encodable(document["url"]) or "about:blank"
    article, site = article_id(document.get("canonical_url") or canonical_url(url)), document.get("site")
    return {
        "_id": f"{article}:{reason}",
        "article": article,
        "url": url,
        "reason": reason,
        "detail": _encodable(detail),
        "score": document.get("score"),
        # A reject has to be storable, whatever is wrong with the document.
        "site": site if fits(site, COLLECTIONS["rejects"].fields["site"]) else None,
        "section": _encodable(document.get("section")),
        "run": document.get("run"),
        "last_seen_at": document["last_seen_at"],
    }


def reject_operation(reject: Document) -> UpdateOne:
    """What writes a reject, or counts it where it is known; the same one again, after a lost answer, counts once."""
    seen = reject["last_seen_at"]
    again = {"$eq": ["$last_seen_at", seen]}
    counted = {"$cond": [again, "$times", {"$add": [{"$ifNull": ["$times", 0]}, 1]}]}
    fields = {name: {"$literal": value} for name, value in reject.items() if name != "_id"}
    update = [{"$set": {**fields, "first_seen_at": {"$ifNull": ["$first_seen_at", seen]}, "times": counted}}]
    return UpdateOne({"_id": reject["_id"]}, update, upsert=True)


def _next_version(document: Document, stored: Document, tokens: Sequence[str], change: int) -> dict[str, Any]:
    """An expression: the article with the new text, unless another process changed it since we looked."""
    kept = {key: stored[key] for key in ("first_seen_at", "cluster", "original", "original_evidence")}
    new = {**document, **kept, "revision": stored["revision"] + 1, "changed_at": document["last_seen_at"]}
    new |= {"tokens": tokens, "change": change}
    # Addresses that another process adds meanwhile are kept; the literal keeps a "$" in a text from being an operator.
    replaced = {"$mergeObjects": [{"$literal": new}, {"also_at": "$also_at"}]}
    return {"$cond": [{"$eq": ["$revision", stored["revision"]]}, replaced, "$$ROOT"]}


def _with_address(document: Document) -> dict[str, Any]:
    """An expression: `also_at` with the document's address, once, as long as there is room."""
    entry = {"_id": document["_id"], "url": document["url"], "section": document["section"]}
    entry["seen_at"] = document["last_seen_at"]
    # Not "$also_at._id": the embedded server gives nothing for a path through an empty array.
    known = {"$map": {"input": "$also_at", "in": "$$this._id"}}
    skip = {"$or": [{"$in": [document["_id"], known]}, {"$gte": [{"$size": "$also_at"}, MAX_ADDRESSES]}]}
    return {"$cond": [skip, "$also_at", {"$concatArrays": ["$also_at", [{"$literal": entry}]]}]}


def _encodable(text: str | None) -> str | None:
    """`text` as MongoDB can hold it: lone surrogates replaced, not too long; None for an empty one."""
    return (text or "").encode("utf-8", "replace").decode("utf-8")[:MAX_DETAIL_LENGTH] or None


def settling(key: str, fields: Mapping[str, Any]) -> UpdateOne:
    """Set `fields` unless someone else settled the article meanwhile."""
    unsettled = {"$eq": [{"$ifNull": ["$cluster", None]}, None]}
    new = {name: {"$cond": [unsettled, {"$literal": value}, f"${name}"]} for name, value in fields.items()}
    return UpdateOne({"_id": key}, [{"$set": new}])


def settling_alone(keys: Iterable[str], change: int) -> tuple[Document, list[Document]]:
    """What and how to update so that each of the articles is a cluster of its own, unless someone else settled it
    meanwhile. One update for all: one each takes the embedded server nearly twice the time."""
    return {"_id": {"$in": list(keys)}}, [{"$set": {"cluster": {"$ifNull": ["$cluster", "$_id"]}, "change": change}}]


def filing(key: str, hashes: list[int]) -> UpdateOne:
    """Take the article from under its other hashes, whatever its text is by now."""
    kept = {"$filter": {"input": "$fingerprint", "cond": {"$in": ["$$this", {"$literal": hashes}]}}}
    return UpdateOne({"_id": key}, [{"$set": {"fingerprint": kept}}])
