"""What the batch writer writes: the outcome of each document of a batch, and the operation that carries it out.

Every operation is safe to repeat. It selects by `_id` alone and has its conditions in the update: the embedded server
scans the collection for a filter with fields that are not in one index.
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
from crawler.text.plausibility import normalise_title

Document = dict[str, Any]

# The outcome of each document of a batch: pure decisions.

# The fields of a stored article that the decisions need.
_NEEDED = (
    *("content_hash", "title", "revision", "run", "first_seen_at", "changed_at"),
    *("cluster", "original", "original_evidence"),
)
READ = ("content_hash", "title", "published_at", "published_precision", "source", "author", "editor")
"""Fields that newer rules may read better on the same page."""
HEAD = dict.fromkeys((*_NEEDED, *READ, "canonical_url", "site", "doubts"), 1)
REPEATED = "repeated_text"
"""Reject reason of a text that its site already shows under another title."""
_NO_TEXT = "no text"
POORER = "poorer_page"
"""Doubt about a stored article whose page has become doubtful since; the evidence is the hash of the new text."""


@dataclass(eq=False)
class BatchEntry:
    """A document of a batch. `tried`: an earlier round tried to write it, so the result may be in the store.
    `replayed`: it was fetched a while ago, so the store may have a version that was fetched later."""

    document: Document
    tried: bool = False
    replayed: bool = False
    reread: bool = False
    """Whether it is an archived page read by newer rules: its other fields may be better too."""


@dataclass(frozen=True)
class WriteStep:
    """An entry and its outcome: `new`, `reprint`, `unchanged`, `changed`, `duplicate`, or `outdated` for what is older
    than the stored version. `stored` is its stored article, or for a duplicate the one with its text. `done`: nothing
    is left to write."""

    entry: BatchEntry
    outcome: str
    stored: Document | None = None
    done: bool = False

    @property
    def document(self) -> Document:
        """The entry's document."""
        return self.entry.document


def plan(
    entries: Iterable[BatchEntry], stored: Mapping[str, Document], twins: Mapping[str, Sequence[Document]]
) -> tuple[list[WriteStep], list[BatchEntry]]:
    """Return the steps of one round over `entries` in their order, at most one per article, and the entries that wait
    for the next round because this one writes their article. `stored`: articles by id; `twins`: by content hash."""
    steps: list[WriteStep] = []
    later: list[BatchEntry] = []
    busy: set[Any] = set()
    for entry in entries:
        document = entry.document
        key, text = document["_id"], document["content_hash"]
        step = decide(entry, stored.get(key), twins.get(text, ()))
        claims, waits_for = {key}, {key}
        if text is not None:
            here = (text, publisher_of(document))
            claims |= {text, here} if step.outcome in {"new", "reprint", "changed"} else set()
            waits_for |= {"new": {text}, "reprint": {here}}.get(step.outcome, set())
        if waits_for & busy:
            later.append(entry)
        else:
            busy |= claims
            steps.append(step)
    return steps, later


def decide(entry: BatchEntry, stored: Document | None, twins: Sequence[Document]) -> WriteStep:
    """Return the outcome of one entry, given its stored article and the stored articles with the same text."""
    document = entry.document
    if stored is not None:
        compared = READ if entry.reread else ("content_hash", "title")
        if any(stored.get(field) != document[field] for field in compared):
            # Not for a page that was just fetched: a clock that was once ahead must not shut out what comes.
            if entry.replayed and document["last_seen_at"] < stored["changed_at"]:
                return WriteStep(entry, "outdated", stored, done=True)
            return WriteStep(entry, "unchanged" if is_poorer(entry, stored) else "changed", stored)
        if entry.tried and (stored["run"], stored["changed_at"]) == (document["run"], document["last_seen_at"]):
            first = "reprint" if stored["original"] else "new"
            return WriteStep(entry, "changed" if stored["revision"] > 1 else first, stored, done=True)
        return WriteStep(entry, "unchanged", stored)
    same_site = [twin for twin in twins if publisher_of(twin) == publisher_of(document)]
    if same_site:
        # The text of an error page or of a sidebar comes under every title; the article may come back.
        is_repeated = not has_more(document) and all(
            normalise_title(twin["title"]) != normalise_title(document["title"]) for twin in same_site
        )
        return WriteStep(entry, REPEATED if is_repeated else "duplicate", same_site[0], done=is_repeated)
    return WriteStep(entry, "reprint" if twins else "new")


def is_poorer(entry: BatchEntry, stored: Document) -> bool:
    """Whether a page that raises doubts would replace a version without any. It does only when it is seen again."""
    document = entry.document
    if entry.reread or not document.get("doubts"):
        return False
    doubts = stored.get("doubts") or []
    seen_before = {doubt["evidence"] for doubt in doubts if doubt["kind"] == POORER}
    return (not doubts or bool(seen_before)) and (document["content_hash"] or _NO_TEXT) not in seen_before


def has_more(document: Document) -> bool:
    """Whether an article has content beside its text."""
    return bool(document.get("tables") or document.get("images") or document.get("attachments"))


def publisher_of(document: Document) -> str:
    """Return the code of the site that published it, else its host."""
    site = document["site"]
    return str(site["code"]) if site else str(urlsplit(document["canonical_url"]).hostname)


# Why a validator refused a document, in words: servers differ in how much they say.

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


def explain_refusal(collection: str, document: dict[str, Any]) -> str:
    """Return which fields of `document` the validator of `collection` refuses, as one phrase."""
    spec = COLLECTIONS[collection]
    missing = [name for name in ("_id", *spec.required) if name not in document]
    if missing:
        return f"{', '.join(missing)} missing"
    wrong = [name for name, rule in spec.fields.items() if name in document and not matches_rule(document[name], rule)]
    return f"{', '.join(wrong)} not as the schema says" if wrong else "not as the schema says"


def matches_rule(value: Any, rule: dict[str, Any]) -> bool:
    """Whether `value` follows a `rule` of `schema.py` (the part of JSON schema that is used there)."""
    if "enum" in rule:
        return value in rule["enum"]
    types = [rule["bsonType"]] if isinstance(rule["bsonType"], str) else rule["bsonType"]
    accepted = [kind for name in types for kind in _BSON_TYPES[name]]
    if not isinstance(value, tuple(accepted)) or (isinstance(value, bool) and bool not in accepted):
        return False
    if isinstance(value, str):
        return len(value) >= rule.get("minLength", 0)
    if isinstance(value, list):
        return all(matches_rule(item, rule["items"]) for item in value) if "items" in rule else True
    if isinstance(value, dict):
        known = rule.get("properties", {})
        return all(name in value for name in rule.get("required", ())) and all(
            matches_rule(value[name], known[name]) for name in known if name in value
        )
    return not isinstance(value, int | float) or rule.get("minimum", value) <= value <= rule.get("maximum", value)


MAX_ADDRESSES = 1000
"""Addresses kept in `also_at`, for pages that are copied to ever more addresses."""
MAX_DETAIL_LENGTH = 2000

Operation = InsertOne[Document] | UpdateOne


def write_operation(step: WriteStep, change: int) -> Operation:
    """Return the operation on `articles` that carries out a step. `tokens`: those of the new text, if the step has one;
    `change`: the change number of the batch."""
    document, stored = step.document, step.stored
    if stored is None:
        return InsertOne(make_first_version(document) | {"change": change})
    if step.outcome == "unchanged":
        seen: Document = {"$max": {"last_seen_at": document["last_seen_at"]}}
        if not step.entry.reread and (doubts := _next_doubts(document, stored)) != (stored.get("doubts") or []):
            seen["$set"] = {"doubts": doubts}
        return UpdateOne({"_id": stored["_id"]}, seen)
    if step.outcome == "duplicate":
        return UpdateOne({"_id": stored["_id"]}, [{"$set": {"also_at": _with_address(document)}}])
    return UpdateOne({"_id": stored["_id"]}, [{"$replaceWith": _next_version(document, stored, change)}])


def _next_doubts(document: Document, stored: Document) -> list[Document]:
    """The doubts of a stored article whose page was seen again and did not replace it."""
    if document["content_hash"] != stored["content_hash"]:
        return [{"kind": POORER, "evidence": document["content_hash"] or _NO_TEXT}]
    return list(document.get("doubts") or [])


def make_first_version(document: Document) -> Document:
    """Return the document as which a new article is stored."""
    seen = document["last_seen_at"]
    # Null until the article's cluster is looked up.
    story = {"cluster": None, "original": None, "original_evidence": None}
    history = {"also_at": [], "revision": 1, "first_seen_at": seen, "changed_at": seen}
    return {**document, **story, **history}


def make_revision(article: Document, following: Document) -> Document:
    """Return the document of `revisions` that keeps `article` as stored now, and what `following` changes in it."""
    identity = {"_id": f"{article['_id']}:{article['revision']}", "article": article["_id"]}
    times = {"seen_from": article["changed_at"], "seen_until": article["last_seen_at"]}
    diff = paragraph_changes(article["body"], following["body"])
    if article["title"] != following["title"]:
        diff = [f"- {article['title']}", f"+ {following['title']}", *diff]
    kept = {name: value for name, value in article.items() if name != "change"}
    return {**kept, **identity, **times, "diff": diff}


def make_reject(document: Document, reason: str, detail: str | None) -> Document:
    """Return the document of `rejects` for a page or article, without `times` and `first_seen_at`."""
    url = _encode_safely(document["url"]) or "about:blank"
    article, site = article_id(document.get("canonical_url") or canonical_url(url)), document.get("site")
    return {
        "_id": f"{article}:{reason}",
        "article": article,
        "url": url,
        "reason": reason,
        "detail": _encode_safely(detail),
        "score": document.get("score"),
        # A reject has to be storable, whatever is wrong with the document.
        "site": site if matches_rule(site, COLLECTIONS["rejects"].fields["site"]) else None,
        "section": _encode_safely(document.get("section")),
        "run": document.get("run"),
        "last_seen_at": document["last_seen_at"],
    }


def write_reject_operation(reject: Document) -> UpdateOne:
    """Return the operation that writes a reject, or counts it if it is known. Repeated after a lost answer it counts
    once."""
    seen = reject["last_seen_at"]
    again = {"$eq": ["$last_seen_at", seen]}
    counted = {"$cond": [again, "$times", {"$add": [{"$ifNull": ["$times", 0]}, 1]}]}
    fields = {name: {"$literal": value} for name, value in reject.items() if name != "_id"}
    update = [{"$set": {**fields, "first_seen_at": {"$ifNull": ["$first_seen_at", seen]}, "times": counted}}]
    return UpdateOne({"_id": reject["_id"]}, update, upsert=True)


def _next_version(document: Document, stored: Document, change: int) -> dict[str, Any]:
    """An expression: the article with the new text, unless another process changed it after it was looked up."""
    kept = {key: stored[key] for key in ("first_seen_at", "cluster", "original", "original_evidence")}
    new = {**document, **kept, "revision": stored["revision"] + 1, "changed_at": document["last_seen_at"]}
    new |= {"change": change}
    # Addresses that another process adds meanwhile are kept; the literal keeps a "$" in a text from being an operator.
    replaced = {"$mergeObjects": [{"$literal": new}, {"also_at": "$also_at"}]}
    return {"$cond": [{"$eq": ["$revision", stored["revision"]]}, replaced, "$$ROOT"]}


def _with_address(document: Document) -> dict[str, Any]:
    """An expression: `also_at` with the document's address, once, as long as there is room."""
    entry = {"_id": document["_id"], "url": document["url"], "section": document["section"]}
    entry["seen_at"] = document["last_seen_at"]
    # Not "$also_at._id": on the embedded server a path through an empty array yields nothing.
    known = {"$map": {"input": "$also_at", "in": "$$this._id"}}
    skip = {"$or": [{"$in": [document["_id"], known]}, {"$gte": [{"$size": "$also_at"}, MAX_ADDRESSES]}]}
    return {"$cond": [skip, "$also_at", {"$concatArrays": ["$also_at", [{"$literal": entry}]]}]}


def _encode_safely(text: str | None) -> str | None:
    """`text` as MongoDB can hold it: lone surrogates replaced, not too long; None for an empty one."""
    return (text or "").encode("utf-8", "replace").decode("utf-8")[:MAX_DETAIL_LENGTH] or None


def set_cluster_update(key: str, fields: Mapping[str, Any]) -> UpdateOne:
    """Return the update that sets `fields`, unless another process has assigned the article meanwhile."""
    unsettled = {"$eq": [{"$ifNull": ["$cluster", None]}, None]}
    new = {name: {"$cond": [unsettled, {"$literal": value}, f"${name}"]} for name, value in fields.items()}
    return UpdateOne({"_id": key}, [{"$set": new}])


def set_own_cluster_update(keys: Iterable[str], change: int) -> tuple[Document, list[Document]]:
    """Return filter and update that make each of the articles a cluster of its own, unless another process has assigned
    it meanwhile. One update for all: one each takes the embedded server nearly twice the time."""
    return {"_id": {"$in": list(keys)}}, [{"$set": {"cluster": {"$ifNull": ["$cluster", "$_id"]}, "change": change}}]


def prune_hashes_update(key: str, hashes: list[int]) -> UpdateOne:
    """Return the update that keeps only `hashes` in the article's fingerprint, whatever its text is by now."""
    kept = {"$filter": {"input": "$fingerprint", "cond": {"$in": ["$$this", {"$literal": hashes}]}}}
    return UpdateOne({"_id": key}, [{"$set": {"fingerprint": kept}}])
