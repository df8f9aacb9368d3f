"""What becomes of each document of a batch: pure decisions over what the store holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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
