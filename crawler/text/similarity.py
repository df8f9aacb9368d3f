"""Near-duplicates: do two texts report the same story, and to which clusters does a new text belong?

Everything here is pure. The caller (the store, or the `Clusterer` below, which keeps its index in memory) looks up the
fingerprints and calls, in this order:

1. `shortlist`: which of the texts that share hashes with the new one to compare, and under which hashes to index the
   new text. A hash indexes at most `MAX_TEXTS_PER_HASH` texts, so neither boilerplate nor the millionth copy nor a
   collision made on purpose makes a look-up expensive.
2. `find_matches`: which of them report the same story.
3. `find_ambiguous`: for which clusters more members must be compared; then `merge_clusters`: the clusters of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from crawler.text.fingerprint import MIN_BODY_LENGTH, content_hash, fingerprint, normalise, select_compared_text

# --- Do two texts report the same story? ---
#
# Shared wording says yes; other numbers in the same sentences say no. Notices of one office follow a template
# (抽检通告, 任免通知): they share more wording than a reprint that lost half its paragraphs. A template changes the
# numbers and names in its slots; a reprint changes whole sentences, the headline, the beginning and the end.

GRAM_LENGTH = 12
"""Characters per compared run. Longer runs separate templates from reprints better, shorter ones survive more edits."""
MIN_CONTAINED = 0.5
"""The share of the shorter text's wording from which on two texts are duplicates, whatever the headlines."""
MIN_CONTAINED_WITH_TITLE = 0.4
"""The same share if the headlines agree."""
MAX_DISJOINT_SHARE = 0.05
"""Texts that share no more wording than this are unrelated."""
MIN_TITLE_AGREEMENT = 0.5
MIN_TITLE_TEMPLATE = 0.5
SURE_CONTAINED = 0.75
"""From this share of common wording on, headlines and dates are ignored."""
WORDING_LENGTH, PIECE_LENGTH = 6, 3
MAX_PARAPHRASED = 0.05
"""Outside common wording (runs of `WORDING_LENGTH` characters), the share of runs of `PIECE_LENGTH` both texts have.
A reprint keeps a sentence or drops it; a report on this year's ceremony paraphrases last year's."""
NEAR_COPY_CONTAINED = 0.9
"""From this share on, a single differing number is a correction or a counter."""
MAX_DAYS_APART = 60
"""Days between the displayed dates beyond which a partial match is an annual event, not a reprint."""
MAX_CONFLICT_RATIO = 0.25
"""Slots with different numbers per slot with equal numbers, beyond which two texts are notices of one template."""

_HAN_DIGITS = "〇零一二三四五六七八九十百千万亿两"
# A single Chinese numeral is usually part of a word (一般, 统一), unless it counts something.
_NUMBER = re.compile(f"[0-9]+|[{_HAN_DIGITS}]{{2,}}|(?<=第)[{_HAN_DIGITS}]|[{_HAN_DIGITS}](?=[号次届批期])")
_LEFT, _RIGHT = 4, 2
# Numbers that a page adds to an article: publication time, view counts, a news agency's dateline.
_FURNITURE = re.compile("(?:时间|日期|次数|量|阅读|点击|浏览)#|日电")
_TAG = re.compile("^(?:【[^】]{1,12}】|[^：:丨|！]{1,4}[：:丨|！])")


@dataclass(frozen=True)
class Story:
    """A text prepared for comparison."""

    title: str
    text: str
    published_at: datetime | None = None

    @classmethod
    def of(cls, title: str | None, body: str | None, published_at: datetime | None = None) -> Story:
        """Prepare a headline and a body; `published_at` is aware, None if unknown."""
        return cls(_TAG.sub("", title or ""), select_compared_text(body), published_at)

    @property
    def grams(self) -> frozenset[str]:
        """Every run of `GRAM_LENGTH` characters; empty if the text is too short to be compared."""
        return _grams(self.text) if len(self.text) >= MIN_BODY_LENGTH else frozenset()

    @cached_property
    def numbers(self) -> dict[str, set[str]]:
        """The numbers by their context (`检出值为#克每`), in which every number is written `#`."""
        slots: dict[str, set[str]] = {}
        for slot, value in _slots(self.text):
            slots.setdefault(slot, set()).add(value)
        return slots

    @cached_property
    def headline(self) -> str:
        return normalise(self.title)


@dataclass(frozen=True, slots=True)
class Similarity:
    """The result of comparing two stories."""

    same: bool
    contained: float
    """The share of the shorter text's wording that the other text has, 0 to 1."""
    resemblance: float
    """The share of all their wording that both have, 0 to 1."""
    reason: str


@lru_cache(maxsize=64)
def _grams(text: str) -> frozenset[str]:
    # About 100 bytes per character: kept with every story of a batch they took more than 60 MB.
    return frozenset([text[at : at + GRAM_LENGTH] for at in range(len(text) - GRAM_LENGTH + 1)])


def compare(one: Story, other: Story) -> Similarity:
    """Compare two stories: are they versions of one, and why? The order does not matter."""
    common = len(one.grams & other.grams)
    contained = common / max(1, min(len(one.grams), len(other.grams)))
    resemblance = common / max(1, len(one.grams) + len(other.grams) - common)
    if contained < MIN_CONTAINED_WITH_TITLE:
        return Similarity(False, contained, resemblance, "little wording in common")
    if slot := _conflict(one, other, fewest=2 if contained >= NEAR_COPY_CONTAINED else 1):
        return Similarity(False, contained, resemblance, f"other numbers in the same sentences, as in {slot}")
    if contained < SURE_CONTAINED and _days_apart(one, other) > MAX_DAYS_APART:
        return Similarity(False, contained, resemblance, "published months apart")
    if contained < SURE_CONTAINED and _measure_paraphrase(one, other) > MAX_PARAPHRASED:
        return Similarity(False, contained, resemblance, "the rest says alike things in other words")
    if contained < SURE_CONTAINED and _share_template(one.headline, other.headline):
        return Similarity(False, contained, resemblance, "headlines of one template")
    if contained >= MIN_CONTAINED:
        return Similarity(True, contained, resemblance, f"{contained:.0%} of the shorter text")
    if _agreement(one.headline, other.headline) >= MIN_TITLE_AGREEMENT:
        return Similarity(True, contained, resemblance, f"{contained:.0%} of the shorter text, and the headline")
    return Similarity(False, contained, resemblance, "some wording in common under another headline")


def are_disjoint(one: Story, other: Story) -> bool:
    """Return whether two stories have nothing in common."""
    common = len(one.grams & other.grams)
    return common <= MAX_DISJOINT_SHARE * min(len(one.grams), len(other.grams))


def _slots(text: str) -> Iterator[tuple[str, str]]:
    values = _NUMBER.findall(text)
    around = _NUMBER.sub("#", text)
    at = -1
    for value in values:
        at = around.index("#", at + 1)
        slot = around[max(0, at - _LEFT) : at + 1 + _RIGHT]
        if len(slot) == _LEFT + 1 + _RIGHT and not _FURNITURE.search(slot):
            yield slot, value


def _conflict(one: Story, other: Story, fewest: int) -> str | None:
    """Return a slot in which the numbers differ, if too many slots differ for versions of one story; else None."""
    slots = one.numbers.keys() & other.numbers.keys()
    conflicts = sorted(slot for slot in slots if not one.numbers[slot] & other.numbers[slot])
    many = len(conflicts) >= fewest and len(conflicts) > MAX_CONFLICT_RATIO * (len(slots) - len(conflicts))
    return conflicts[0] if many else None


def _measure_paraphrase(one: Story, other: Story) -> float:
    """Return how similar the texts are outside their common wording: a share of the smaller rest, 0 to 1."""
    common = _runs(one.text, WORDING_LENGTH) & _runs(other.text, WORDING_LENGTH)
    inside = {run[at : at + PIECE_LENGTH] for run in common for at in range(WORDING_LENGTH - PIECE_LENGTH + 1)}
    rest, others = _runs(one.text, PIECE_LENGTH) - inside, _runs(other.text, PIECE_LENGTH) - inside
    return len(rest & others) / max(1, min(len(rest), len(others)))


def _runs(text: str, length: int) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


def _days_apart(one: Story, other: Story) -> int:
    if one.published_at is None or other.published_at is None:
        return 0
    return abs((one.published_at - other.published_at).days)


def _share_template(one: str, other: str) -> bool:
    """Return whether two headlines differ only in the middle (关于甲等同志…, 关于乙等同志…)."""
    if one == other:
        return False
    shorter = min(len(one), len(other))
    head = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    tail = next((at for at in range(shorter - head) if one[-1 - at] != other[-1 - at]), shorter - head)
    return head + tail < shorter and head + tail > MIN_TITLE_TEMPLATE * shorter


def _agreement(one: str, other: str) -> float:
    """Return the share of the shorter headline's character pairs that the other headline has."""
    pairs, others = ({title[at : at + 2] for at in range(len(title) - 1)} for title in (one, other))
    return len(pairs & others) / max(1, min(len(pairs), len(others)))


MAX_TEXTS_PER_HASH = 8
"""How many texts one hash indexes."""
MAX_CLUSTERS_PER_HASH = 3
"""A hash found in more clusters than this is boilerplate and is ignored."""
MAX_CANDIDATES = 16
"""How many texts are compared with a new one."""
MAX_SAMPLES = 4
"""How many further members of a cluster are compared if a match is ambiguous."""
NEAR_COPY_RESEMBLANCE = 0.8
"""From this resemblance on, one member of a cluster stands for all."""
MIN_LENGTH_RATIO = 0.75
"""If the shorter text is less than this part of the longer one, the longer may hold a second story."""


@dataclass(frozen=True, slots=True)
class IndexedText:
    """A known text that shares hashes with the new one. `cluster` is None until it is assigned."""

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
class StoryMatch:
    """A known text that reports the new text's story, and their similarity."""

    candidate: Candidate
    similarity: Similarity


def shortlist(key: str, hashes: Sequence[int], sharing: Iterable[IndexedText]) -> tuple[list[str], list[int]]:
    """Return the keys of the texts worth comparing, those that share most first, and the `hashes` to index `key` under.

    `sharing` holds the texts indexed under any of `hashes`. Of texts that arrive together, smaller keys go first.
    """
    by_hash: dict[int, list[IndexedText]] = {piece: [] for piece in hashes}
    for indexed in sharing:
        for piece in indexed.hashes:
            if piece in by_hash:
                by_hash[piece].append(indexed)
    shared: Counter[str] = Counter()
    for found in by_hash.values():
        if len({indexed.cluster for indexed in found} - {None}) <= MAX_CLUSTERS_PER_HASH:
            shared.update(indexed.key for indexed in found)
    ranked = sorted(shared, key=lambda key: (-shared[key], key))
    before = {
        piece: sum(indexed.cluster is not None or indexed.key < key for indexed in by_hash[piece]) for piece in hashes
    }
    return ranked[:MAX_CANDIDATES], [piece for piece in hashes if before[piece] < MAX_TEXTS_PER_HASH]


def find_matches(story: Story, candidates: Iterable[Candidate]) -> list[StoryMatch]:
    """Return the `candidates` that report the story, most similar first, ties by key.

    After a near copy the other members of its cluster are not compared.
    """
    found: list[StoryMatch] = []
    finished: set[str] = set()
    for candidate in candidates:
        if candidate.cluster not in finished:
            similarity = compare(story, candidate.story)
            if similarity.same:
                found.append(StoryMatch(candidate, similarity))
            if similarity.same and similarity.resemblance >= NEAR_COPY_RESEMBLANCE:
                finished.add(candidate.cluster)
    return sorted(found, key=lambda match: (-match.similarity.resemblance, match.candidate.key))


def find_ambiguous(story: Story, found: Sequence[StoryMatch]) -> set[str]:
    """Return the clusters of which `merge_clusters` needs `MAX_SAMPLES` more members.

    A text much longer than the other may be two articles on one page, and the new text the one that the cluster is not
    about.
    """
    return {match.candidate.cluster for match in found if _differ_in_length(story, match.candidate.story)}


def merge_clusters(story: Story, found: Sequence[StoryMatch], samples: Mapping[str, Iterable[Story]]) -> list[str]:
    """Return the clusters that the new text belongs to, best first; several become one, none means a new story.

    `samples`: members of each ambiguous cluster. A cluster with a member that has nothing in common with the text is
    about something else, and so are two clusters whose matches have nothing in common.
    """
    best: dict[str, StoryMatch] = {}
    for match in found:
        best.setdefault(match.candidate.cluster, match)
    clusters: list[str] = []
    for cluster, match in best.items():
        if any(are_disjoint(story, sample) for sample in samples.get(cluster, ())):
            continue
        if all(not are_disjoint(match.candidate.story, best[other].candidate.story) for other in clusters):
            clusters.append(cluster)
    return clusters


def _differ_in_length(one: Story, other: Story) -> bool:
    shorter, longer = sorted((len(one.text), len(other.text)))
    return shorter < MIN_LENGTH_RATIO * longer


# --- Clusters of a stream of texts, with the index in memory ---


class Clusterer:
    """Clusters texts one by one, as the store does for articles. Copies of a text cost one number each."""

    def __init__(self) -> None:
        self._texts: list[int] = []
        self._by_hash: dict[str, int] = {}
        self._stories: list[Story] = []
        self._fingerprints: list[list[int]] = []
        self._filed: dict[int, list[int]] = {}
        self._parents: list[int] = []
        self._members: list[list[int]] = []

    def add(self, title: str | None, body: str | None) -> None:
        """Add the next text, cleaned as articles are (`clean.py`, `restore.py`)."""
        digest = content_hash(title, body)
        known = self._by_hash.get(digest) if digest else None
        if known is None:
            known = self._new(Story.of(title, body), fingerprint(title, body))
            if digest:
                self._by_hash[digest] = known
        self._texts.append(known)

    def clusters(self) -> list[int]:
        """Return, for each added text in order, the number (from 0) of the first text of its cluster."""
        first: dict[int, int] = {}
        return [first.setdefault(self._root(text), number) for number, text in enumerate(self._texts)]

    @property
    def distinct(self) -> int:
        """How many texts were not a copy of an earlier one."""
        return len(self._stories)

    def _new(self, story: Story, hashes: list[int]) -> int:
        number = len(self._stories)
        near, file_under = shortlist(str(number), hashes, self._find_sharing(hashes))
        found = find_matches(story, [Candidate(key, str(self._root(int(key))), self._story(int(key))) for key in near])
        samples = {cluster: self._sample_members(int(cluster)) for cluster in find_ambiguous(story, found)}
        clusters = [int(cluster) for cluster in merge_clusters(story, found, samples)]
        self._stories.append(story)
        self._fingerprints.append(file_under)
        self._parents.append(number)
        self._members.append([number])
        for piece in file_under:
            self._filed.setdefault(piece, []).append(number)
        for cluster in clusters:
            self._merge(cluster, number)
        return number

    def _find_sharing(self, hashes: Iterable[int]) -> Iterable[IndexedText]:
        numbers = {number for piece in hashes for number in self._filed.get(piece, ())}
        return [IndexedText(str(number), str(self._root(number)), self._fingerprints[number]) for number in numbers]

    def _story(self, number: int) -> Story:
        # A copy without cached properties, which take many times the size of the text.
        kept = self._stories[number]
        return Story(kept.title, kept.text)

    def _sample_members(self, cluster: int) -> list[Story]:
        return [self._story(number) for number in self._members[cluster][:MAX_SAMPLES]]

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = number = self._parents[self._parents[number]]
        return number

    def _merge(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        if first != second:
            self._parents[second] = first
            self._members[first] = sorted(self._members[first] + self._members[second])[:MAX_SAMPLES]
            self._members[second] = []
