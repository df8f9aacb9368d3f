"""Clusters of articles that tell the same story, and which article of a cluster is the original.

An article is stored with `cluster` null, then assigned: its fingerprint is looked up, the candidates are compared, its
cluster and those of the matches are merged, and its own `cluster` is set last. So null means that work is left,
whatever happened in between; any process may do it (`recover`), also twice. A cluster is named after the smallest `_id`
in it, so its name does not depend on the order. Two processes that store one story at the same moment both look it up
after they have written, so one of them sees the other's article; every merge is read again until nothing is left to
write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pymongo import UpdateMany, UpdateOne

from crawler.parsing.date_forms import CST
from crawler.storage import changes
from crawler.storage.operations import Document, prune_hashes_update, set_cluster_update, set_own_cluster_update
from crawler.storage.store import Store
from crawler.text.similarity import (
    MAX_SAMPLES,
    Candidate,
    IndexedText,
    Story,
    find_ambiguous,
    find_matches,
    merge_clusters,
    shortlist,
)

# Which article of a story the others reprint: a pure choice among its articles, with the reason in words.

_Article = Mapping[str, Any]
SourceSite = Callable[[str], str | None]
"""The code of the site a 来源 names, or None."""

EVIDENCE = dict.fromkeys(("site", "source", "published_at", "published_precision", "first_seen_at"), 1)
"""The fields that the choice needs."""


def choose_original(articles: Sequence[_Article], source_site: SourceSite) -> tuple[Any, str]:
    """Return the `_id` of the original among the articles of one story, and why: the article of the site that the
    others name as their 来源; else the one with the earliest displayed time; else the one seen first. The order of the
    articles does not matter."""
    if named := _choose_by_source(articles, source_site):
        return named
    dated = [article for article in articles if article["published_at"]]
    first_day = min((_day(article) for article in dated), default=None)
    earliest = [article for article in dated if _day(article) == first_day]
    if len(earliest) > 1 and all(article["published_precision"] == "minute" for article in earliest):
        first_minute = min(article["published_at"] for article in earliest)
        earliest = [article for article in earliest if article["published_at"] == first_minute]
    if len(earliest) == 1:
        shown = earliest[0]["published_at"].astimezone(CST)
        return earliest[0]["_id"], f"displays the earliest time: {shown:%Y-%m-%d %H:%M}"
    first = min(earliest or articles, key=_sort_key)
    tied = f"; {len(earliest)} display the same time" if earliest else "; none displays a time"
    return first["_id"], f"seen first{tied}"


def _choose_by_source(articles: Sequence[_Article], source_site: SourceSite) -> tuple[Any, str] | None:
    """The choice by 来源. A site that itself names another of the story's sites only passed it on."""
    sources = {article["_id"]: source_site(article["source"]) if article["source"] else None for article in articles}
    here = {_site(article) for article in articles} - {None}
    votes = Counter(
        code for article in articles if (code := sources[article["_id"]]) in here and code != _site(article)
    )
    if not votes:
        return None
    code = min(votes, key=lambda named: (-votes[named], str(named)))
    passed: set[Any] = set()
    while code not in passed:
        passed.add(code)
        article = min((article for article in articles if _site(article) == code), key=_sort_key)
        onward = sources[article["_id"]]
        code = onward if onward in here and onward not in passed else code
    return article["_id"], f"its site is the 来源 of {votes[code]} of the others: {article['site']['name']}"


def _site(article: _Article) -> str | None:
    return article["site"]["code"] if article["site"] else None


def _day(article: _Article) -> date:
    day: date = article["published_at"].astimezone(CST).date()
    return day


def _sort_key(article: _Article) -> tuple[Any, ...]:
    return (
        _day(article) if article["published_at"] else date.max,
        article["first_seen_at"],
        article["_id"],
    )


CHUNK = 100
"""Articles assigned at once."""
ROWS = 1000
"""Rows of one answer of the server; by default the first has 101."""
MAX_ROUNDS = 20
MAX_MEMBERS = 500
"""Articles of one story among which the original is chosen."""

_TEXT = dict.fromkeys(("title", "body", "published_at", "cluster"), 1)
_KEYS = dict.fromkeys(("fingerprint", "content_hash", "cluster"), 1)
_CLUSTER = {"cluster": 1, "revision": 1}
_CHOICE = {**EVIDENCE, "cluster": 1, "original": 1, "original_evidence": 1}


@lru_cache(maxsize=10_000)
def site_of_source(source: str) -> str | None:
    """The code of the registry's site that a 来源 names."""
    from crawler.sites import registry

    site = registry.load().by_source(source)
    return site.code if site else None


class Clusters:
    """Assigns the articles of one store to clusters. No index is kept in memory: every look-up is a bounded query."""

    def __init__(self, store: Store, source_site: SourceSite = site_of_source) -> None:
        self._store = store
        self._source_site = source_site

    @property
    def _articles(self) -> Any:
        return self._store.database["articles"]

    async def recover(self, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Assign the articles that a killed process left, and return their number. `progress(done, total)` is called
        after every chunk. Raises PyMongoError."""
        left = [row["_id"] async for row in self._articles.find({"cluster": None}, _CLUSTER)]
        for start in range(0, len(left), CHUNK):
            await self.assign(left[start : start + CHUNK])
            progress(min(start + CHUNK, len(left)), len(left))
        return len(left)

    async def assign(
        self, ids: Iterable[str], known: Mapping[str, Document] = MappingProxyType({}), change: int | None = None
    ) -> set[str]:
        """Set cluster and original of the stored articles `ids`, and update those of the articles they match. `known`
        may have the documents of articles that were just stored for the first time, which are not read again then.
        `change` is the change number of the batch; None: a new one is taken. Returns those whose story was known, from
        the store or from an article before it in `ids`. Safe to repeat. Raises PyMongoError."""
        keys = list(ids)
        if not keys:
            return set()
        if change is None:
            taken = await changes.begin(self._store.database)
            known_before = await self.assign(keys, known, taken.number)
            await changes.finish(self._store.database, taken)
            return known_before
        links, crowded = await self._find(keys, known)
        # Nothing matches these: their clusters have no other articles to read.
        alone = {key for key in links.keys() & known.keys() if not links[key]}.difference(*links.values())
        if alone:
            await self._articles.update_many(*set_own_cluster_update(alone, change))
        linked = {key: others for key, others in links.items() if key not in alone}
        for _ in range(MAX_ROUNDS):
            if not await self._join(linked, change):
                break
        if crowded:
            await self._articles.bulk_write(
                [prune_hashes_update(*article) for article in crowded.items()], ordered=False
            )
        return _find_known(keys, links)

    async def _find(
        self, ids: list[str], known: Mapping[str, Document]
    ) -> tuple[dict[str, set[str]], dict[str, list[int]]]:
        """For each article its matches; for articles with hashes that are full, the hashes to keep."""
        batch = {key: {**known[key], "cluster": None} for key in ids if key in known}
        batch |= await self._texts((key for key in ids if key not in known), {**_TEXT, **_KEYS})
        near, twins = await self._candidates(batch)
        shortlists: dict[str, list[str]] = {}
        crowded: dict[str, list[int]] = {}
        for key, article in batch.items():
            shortlists[key], filed = shortlist(key, article["fingerprint"], near[key])
            if len(filed) < len(article["fingerprint"]):
                crowded[key] = filed
        texts = await self._texts({other for short in shortlists.values() for other in short} - batch.keys())
        names = _ClusterNames({**texts, **batch})
        found = {key: find_matches(names.story(key), names.candidates(shortlists[key])) for key in sorted(batch)}
        doubts = {key: find_ambiguous(names.story(key), alike) for key, alike in found.items()}
        members = await self._of_clusters(set().union(*doubts.values()), _TEXT, MAX_SAMPLES)
        links: dict[str, set[str]] = {}
        for key, alike in found.items():
            samples = {
                cluster: [*map(_story, members[cluster]), *map(names.story, names.find_joined(cluster))]
                for cluster in doubts[key]
            }
            clusters = set(merge_clusters(names.story(key), alike, samples))
            links[key] = {match.candidate.key for match in alike if match.candidate.cluster in clusters}
            for twin in twins[key]:
                names.add(twin)
                links[key].add(twin["_id"])
            for other in links[key]:
                names.join(key, other)
        return links, crowded

    async def _candidates(
        self, batch: Mapping[str, Document]
    ) -> tuple[dict[str, list[IndexedText]], dict[str, list[Document]]]:
        """For each article the others that share hashes with it, and a few others with the very same text."""
        hashes = list({piece for row in batch.values() for piece in row["fingerprint"]})
        texts = list({row["content_hash"] for row in batch.values()} - {None})
        by_hash: dict[int, list[Document]] = {}
        async for row in self._rows({"fingerprint": {"$in": hashes}}, _KEYS):
            for piece in row["fingerprint"]:
                by_hash.setdefault(piece, []).append(row)
        by_text: dict[str, list[Document]] = {}
        async for row in self._rows({"content_hash": {"$in": texts}}, _KEYS):
            by_text.setdefault(row["content_hash"], []).append(row)
        near, twins = {}, {}
        for key, article in batch.items():
            rows = {row["_id"]: row for piece in article["fingerprint"] for row in by_hash.get(piece, ())}
            near[key] = [IndexedText(at, row["cluster"], row["fingerprint"]) for at, row in rows.items() if at != key]
            same = [row for row in by_text.get(article["content_hash"], ()) if row["_id"] != key]
            # One of each cluster stands for all; articles without a cluster are all needed.
            twins[key] = list({row["cluster"] or row["_id"]: row for row in same}.values())
        return near, twins

    async def _texts(self, ids: Iterable[str], fields: Mapping[str, int] = _TEXT) -> dict[str, Document]:
        wanted = list(ids)
        if not wanted:
            return {}
        return {row["_id"]: row async for row in self._rows({"_id": {"$in": wanted}}, fields)}

    def _rows(self, which: Document, fields: Mapping[str, int]) -> Any:
        """A cursor whose rows come in as few answers as possible: each takes a round of the event loop."""
        return self._articles.find(which, fields).batch_size(ROWS)

    async def _of_clusters(
        self, names: Collection[str], fields: Mapping[str, int], most: int
    ) -> dict[str, list[Document]]:
        """At most `most` articles of each cluster: in one query, unless a large one uses up the limit."""
        groups: dict[str, list[Document]] = {name: [] for name in names}
        if not groups:
            return groups
        limit = most * len(groups)
        rows = [row async for row in self._rows({"cluster": {"$in": list(groups)}}, fields).limit(limit)]
        if len(rows) == limit and len(groups) > 1:
            rows = []
            for name in groups:
                rows += [row async for row in self._rows({"cluster": name}, fields).limit(most)]
        for row in rows:
            # Another process may have renamed it meanwhile.
            if row["cluster"] in groups:
                groups[row["cluster"]].append(row)
        return groups

    async def _join(self, links: Mapping[str, set[str]], change: int) -> bool:
        """Write what follows from the links, new assignments last. Returns whether it must be read again."""
        wanted = links.keys() | {other for others in links.values() for other in others}
        rows = await self._texts(wanted, _CHOICE)
        names = _ClusterNames(rows)
        for key, others in links.items():
            for other in others:
                if key in rows and other in rows:
                    names.join(key, other)
        again = await self._rename(rows, names, change)
        updates: list[UpdateOne] = []
        assigned: list[UpdateOne] = []
        for name, members in (await self._members(rows, names)).items():
            for row, choice in self._choices(members):
                if row["cluster"] is None:
                    assigned.append(set_cluster_update(row["_id"], {"cluster": name, **choice, "change": change}))
                    again = again or len(members) > 1
                elif any(row.get(field) != value for field, value in choice.items()):
                    updates.append(UpdateOne({"_id": row["_id"]}, {"$set": {**choice, "change": change}}))
        for operations in (updates, assigned):
            if operations:
                await self._articles.bulk_write(operations, ordered=False)
        return again or bool(updates)

    async def _members(self, rows: Mapping[str, Document], names: _ClusterNames) -> dict[str, dict[str, Document]]:
        """The articles of each cluster: `rows`, and the others of clusters with several."""
        clusters: dict[str, dict[str, Document]] = {}
        for key, row in rows.items():
            clusters.setdefault(names[key], {})[key] = row
        several = {
            name
            for name, members in clusters.items()
            if len(members) > 1 or any(row["cluster"] for row in members.values())
        }
        for name, others in (await self._of_clusters(several, _CHOICE, MAX_MEMBERS)).items():
            for row in others:
                clusters[name].setdefault(row["_id"], row)
        return clusters

    async def _rename(self, rows: Mapping[str, Document], names: _ClusterNames, change: int) -> bool:
        """Give merged clusters one name."""
        old: dict[str, set[str]] = {}
        for key, row in rows.items():
            if row["cluster"] not in {None, names[key]}:
                old.setdefault(names[key], set()).add(row["cluster"])
        if old:
            renamed = [
                UpdateMany({"cluster": {"$in": [*others]}}, {"$set": {"cluster": name, "change": change}})
                for name, others in old.items()
            ]
            await self._articles.bulk_write(renamed, ordered=False)
        for row in rows.values():
            if row["cluster"] is not None:
                row["cluster"] = names[row["_id"]]
        return bool(old)

    def _choices(self, members: Mapping[str, Document]) -> Iterable[tuple[Document, Document]]:
        if len(members) == 1:
            (row,) = members.values()
            yield row, {"original": None, "original_evidence": None}
            return
        original, reason = choose_original(list(members.values()), self._source_site)
        for key, row in members.items():
            yield row, {"original": None if key == original else original, "original_evidence": reason}


class _ClusterNames:
    """The names of the clusters of a few articles while they are merged: the smallest `_id`."""

    def __init__(self, rows: Mapping[str, Document]) -> None:
        self._rows = dict(rows)
        self._parents: dict[str, str] = {}
        self._stories: dict[str, Story] = {}

    def __getitem__(self, key: str) -> str:
        return self._root(self._rows[key]["cluster"] or key)

    def add(self, row: Document) -> None:
        self._rows.setdefault(row["_id"], row)

    def story(self, key: str) -> Story:
        if key not in self._stories:
            self._stories[key] = _story(self._rows[key])
        return self._stories[key]

    def candidates(self, keys: Iterable[str]) -> list[Candidate]:
        """Those of `keys` that are still there, to be compared."""
        return [Candidate(key, self[key], self.story(key)) for key in keys if key in self._rows]

    def find_joined(self, name: str) -> list[str]:
        """The unassigned articles that were joined to a cluster, if their texts are known."""
        name = self._root(name)
        return [
            key for key, row in self._rows.items() if row["cluster"] is None and "body" in row and self[key] == name
        ]

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self[one], self[other]))
        if first != second:
            self._parents[second] = first

    def _root(self, name: str) -> str:
        while name in self._parents:
            name = self._parents[name]
        return name


def _find_known(ids: Sequence[str], links: Mapping[str, set[str]]) -> set[str]:
    """Those of `ids` that belong to an article elsewhere, or to one before them."""
    names = _ClusterNames({key: {"cluster": None} for key in {*links, *ids}.union(*links.values())})
    for key, others in links.items():
        for other in others:
            names.join(key, other)
    seen = {names[other] for others in links.values() for other in others if other not in links}
    known = set()
    for key in ids:
        if names[key] in seen:
            known.add(key)
        seen.add(names[key])
    return known


def _story(row: Document) -> Story:
    return Story.of(row["title"], row["body"], row["published_at"])
