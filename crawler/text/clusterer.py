"""Clusters of a stream of texts, with the index in memory: what the store does for articles, for any file of texts."""

from __future__ import annotations

from collections.abc import Iterable

from crawler.text.cluster import WITNESSES, Candidate, Holder, doubtful, joined, matches, shortlist
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.text.likeness import Story


class Clusterer:
    """Takes texts one by one. Each distinct text is kept once, with what it is found by; copies cost a number each."""

    def __init__(self) -> None:
        self._texts: list[int] = []
        self._by_hash: dict[str, int] = {}
        self._stories: list[Story] = []
        self._fingerprints: list[list[int]] = []
        self._filed: dict[int, list[int]] = {}
        self._parents: list[int] = []
        self._members: list[list[int]] = []

    def add(self, title: str | None, body: str | None) -> None:
        """Take the next text, cleaned as articles are (`clean.py`, `restore.py`)."""
        digest = content_hash(title, body)
        known = self._by_hash.get(digest) if digest else None
        if known is None:
            known = self._new(Story.of(title, body), fingerprint(title, body))
            if digest:
                self._by_hash[digest] = known
        self._texts.append(known)

    def clusters(self) -> list[int]:
        """For each text taken, in order, the number (from 0) of the first text of its cluster."""
        first: dict[int, int] = {}
        return [first.setdefault(self._root(text), number) for number, text in enumerate(self._texts)]

    @property
    def distinct(self) -> int:
        """How many texts were no copy of an earlier one."""
        return len(self._stories)

    def _new(self, story: Story, hashes: list[int]) -> int:
        number = len(self._stories)
        near, file_under = shortlist(str(number), hashes, self._holders(hashes))
        found = matches(story, [Candidate(key, str(self._root(int(key))), self._story(int(key))) for key in near])
        witnesses = {cluster: self._witnesses(int(cluster)) for cluster in doubtful(story, found)}
        clusters = [int(cluster) for cluster in joined(story, found, witnesses)]
        self._stories.append(story)
        self._fingerprints.append(file_under)
        self._parents.append(number)
        self._members.append([number])
        for piece in file_under:
            self._filed.setdefault(piece, []).append(number)
        for cluster in clusters:
            self._unite(cluster, number)
        return number

    def _holders(self, hashes: Iterable[int]) -> Iterable[Holder]:
        numbers = {number for piece in hashes for number in self._filed.get(piece, ())}
        return [Holder(str(number), str(self._root(number)), self._fingerprints[number]) for number in numbers]

    def _story(self, number: int) -> Story:
        # A copy without what comparing computes: that is many times the text's size.
        kept = self._stories[number]
        return Story(kept.title, kept.text)

    def _witnesses(self, cluster: int) -> list[Story]:
        return [self._story(number) for number in self._members[cluster][:WITNESSES]]

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = number = self._parents[self._parents[number]]
        return number

    def _unite(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        if first != second:
            self._parents[second] = first
            self._members[first] = sorted(self._members[first] + self._members[second])[:WITNESSES]
            self._members[second] = []
