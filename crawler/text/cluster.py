"""Which story a text belongs to: pure decisions over what an index of fingerprints found.

Whoever holds the index (the store, or a command's memory) does the look-ups; all of them bounded:

1. `shortlist`: of the texts that share hashes with the new one, those worth comparing, and the hashes under which the
   new text is to be found. A hash that `HOLDERS` texts hold already is not given to another, so none ever leads to
   more, be it boilerplate, the millionth copy or a collision made on purpose.
2. `matches`: the ones that tell the same story (`likeness.py`).
3. `doubtful`: the clusters of which more has to be seen, then `joined`: the clusters the text belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crawler.text.likeness import Likeness, Story, compare, disjoint

HOLDERS = 8
"""Texts that are found under one hash."""
BOILERPLATE = 3
"""A hash that leads to more stories than this is a phrase of many texts: it leads to none."""
COMPARED = 16
"""Texts compared with a new one."""
WITNESSES = 4
"""Further members of a cluster that are looked at where the match is in doubt."""
ALL_BUT_A_COPY = 0.8
"""Resemblance from which on one member of a cluster speaks for all."""
LOPSIDED = 0.75
"""Where the shorter text is less than this part of the longer one, the longer may hold another story besides."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A known text that shares hashes with the new one. `cluster` is None as long as nobody has looked."""

    key: str
    cluster: str | None
    hashes: Sequence[int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known text to compare the new one with."""

    key: str
    cluster: str
    story: Story


@dataclass(frozen=True, slots=True)
class Match:
    """A known text that tells the new one's story, and how alike they are."""

    candidate: Candidate
    likeness: Likeness


def shortlist(key: str, hashes: Sequence[int], holders: Iterable[Holder]) -> tuple[list[str], list[int]]:
    """The keys of the texts worth comparing, those that share most first, and which of `hashes` to file the new text,
    `key`, under. `holders`: the texts filed under any of `hashes`; of those that come in at the same time the ones with
    the smaller keys go first."""
    by_hash: dict[int, list[Holder]] = {piece: [] for piece in hashes}
    for holder in holders:
        for piece in holder.hashes:
            if piece in by_hash:
                by_hash[piece].append(holder)
    shared: Counter[str] = Counter()
    for found in by_hash.values():
        if len({holder.cluster for holder in found} - {None}) <= BOILERPLATE:
            shared.update(holder.key for holder in found)
    ranked = sorted(shared, key=lambda key: (-shared[key], key))
    before = {
        piece: sum(holder.cluster is not None or holder.key < key for holder in by_hash[piece]) for piece in hashes
    }
    return ranked[:COMPARED], [piece for piece in hashes if before[piece] < HOLDERS]


def matches(story: Story, candidates: Iterable[Candidate]) -> list[Match]:
    """Those of `candidates`, taken in their order, that tell the story, the most alike first; ties go by key. Where one
    is all but a copy, the others of its cluster are not compared."""
    found: list[Match] = []
    settled: set[str] = set()
    for candidate in candidates:
        if candidate.cluster not in settled:
            likeness = compare(story, candidate.story)
            if likeness.same:
                found.append(Match(candidate, likeness))
            if likeness.same and likeness.resemblance >= ALL_BUT_A_COPY:
                settled.add(candidate.cluster)
    return sorted(found, key=lambda match: (-match.likeness.resemblance, match.candidate.key))


def doubtful(story: Story, found: Sequence[Match]) -> set[str]:
    """The clusters of which `joined` needs `WITNESSES` more members: a long match may be two articles on one page, and
    the new text the one that the cluster is not about."""
    return {match.candidate.cluster for match in found if _lopsided(story, match.candidate.story)}


def joined(story: Story, found: Sequence[Match], witnesses: Mapping[str, Iterable[Story]]) -> list[str]:
    """The clusters that are one story with the new text, best first; several are one from now on; none: a story of its
    own. `witnesses`: members of each doubtful cluster. A cluster with a member that has nothing in common with the text
    is about something else, and so are two clusters whose matches have nothing in common."""
    best: dict[str, Match] = {}
    for match in found:
        best.setdefault(match.candidate.cluster, match)
    clusters: list[str] = []
    for cluster, match in best.items():
        if any(disjoint(story, witness) for witness in witnesses.get(cluster, ())):
            continue
        if all(not disjoint(match.candidate.story, best[other].candidate.story) for other in clusters):
            clusters.append(cluster)
    return clusters


def _lopsided(one: Story, other: Story) -> bool:
    shorter, longer = sorted((len(one.text), len(other.text)))
    return shorter < LOPSIDED * longer
