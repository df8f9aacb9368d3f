"""Which story a text belongs to: pure decisions over what an index of fingerprints found.

Whoever holds the index (the store, or a command's memory) does the look-ups; all of them bounded:

1. `shortlist`: of the texts that share hashes with the new one, those worth comparing, and the hashes under which the
   new text is to be found. A hash that `HOLDERS` texts hold already is not given to another, so none ever leads to
   more, be it boilerplate, the millionth copy or a collision made on purpose.
2. `matches`: the ones that tell the same story (`likeness.py`).
3. `doubtful`: the clusters of which more has to be seen, then `joined`: the clusters the text belongs to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from crawler.text.fingerprint import SHORT_BODY, compared, content_hash, fingerprint, normalise

# Do two texts tell the same story? Shared wording says yes; other numbers in the same sentences say no. Notices of
# one office follow a template (抽检通告, 任免通知): they share more wording than a reprint does that lost half its
# paragraphs. What a template changes are the numbers and names in its slots; what a reprint changes are whole
# sentences, the headline, the head and the tail.

GRAM = 12
"""Characters compared at once. Longer ones part templates from reprints better, shorter ones survive more editing."""
ENOUGH = 0.5
"""The share of the shorter text's wording that makes a duplicate, whatever the headlines."""
ENOUGH_WITH_TITLE = 0.4
"""The same where the headlines agree."""
DISJOINT = 0.05
"""Texts that share no more than this have nothing to do with each other."""
TITLES_AGREE = 0.5
TITLE_MOULD = 0.5
SURE = 0.75
"""Beyond this share of common wording the headlines say nothing more."""
WORDING, PIECE = 6, 3
PARAPHRASED = 0.05
"""Of what is not common wording (runs of `WORDING` characters), the share of runs of `PIECE` that both have even so. A
reprint keeps a sentence or drops it; this year's ceremony is told anew with last year's words."""
NEARLY_ALL = 0.9
"""Beyond this share a single other number is a correction or a counter."""
MONTHS_APART = 60
"""Days between two displayed dates that make an annual ceremony of a likely reprint."""
CONFLICTS = 0.25
"""Slots with other numbers per slot with the same number, beyond which it is another notice of a template."""

_HAN_DIGITS = "〇零一二三四五六七八九十百千万亿两"
# One Chinese numeral alone is more often a word's part (一般, 统一) than a number, unless it counts something.
_NUMBER = re.compile(f"[0-9]+|[{_HAN_DIGITS}]{{2,}}|(?<=第)[{_HAN_DIGITS}]|[{_HAN_DIGITS}](?=[号次届批期])")
_LEFT, _RIGHT = 4, 2
# Numbers a page adds to an article: when it was put up, how often it was read, a news agency's dateline.
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
        """The story a headline and a body tell, and when it was published (aware) where that is known."""
        return cls(_TAG.sub("", title or ""), compared(body), published_at)

    @property
    def grams(self) -> frozenset[str]:
        """Every run of `GRAM` characters; none where the text is too short to be compared."""
        return _grams(self.text) if len(self.text) >= SHORT_BODY else frozenset()

    @cached_property
    def numbers(self) -> dict[str, set[str]]:
        """The numbers by what stands around them (`检出值为#克每`), other numbers there written `#` too."""
        slots: dict[str, set[str]] = {}
        for slot, value in _slots(self.text):
            slots.setdefault(slot, set()).add(value)
        return slots

    @cached_property
    def headline(self) -> str:
        return normalise(self.title)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What comparing two stories gave."""

    same: bool
    contained: float
    """The share of the shorter text's wording that the other has, 0 to 1."""
    resemblance: float
    """The share of all their wording that both have, 0 to 1."""
    reason: str


@lru_cache(maxsize=64)
def _grams(text: str) -> frozenset[str]:
    # Some 100 bytes a character: kept with every story of a batch they took 60 MB and more for as long as it lasted.
    return frozenset([text[at : at + GRAM] for at in range(len(text) - GRAM + 1)])


def compare(one: Story, other: Story) -> Likeness:
    """Whether two stories are versions of one, and why; the order doesn't matter."""
    common = len(one.grams & other.grams)
    contained = common / max(1, min(len(one.grams), len(other.grams)))
    resemblance = common / max(1, len(one.grams) + len(other.grams) - common)
    if contained < ENOUGH_WITH_TITLE:
        return Likeness(False, contained, resemblance, "little wording in common")
    if slot := _conflict(one, other, fewest=2 if contained >= NEARLY_ALL else 1):
        return Likeness(False, contained, resemblance, f"other numbers in the same sentences, as in {slot}")
    if contained < SURE and _days_apart(one, other) > MONTHS_APART:
        return Likeness(False, contained, resemblance, "published months apart")
    if contained < SURE and _paraphrased(one, other) > PARAPHRASED:
        return Likeness(False, contained, resemblance, "the rest says alike things in other words")
    if contained < SURE and _one_mould(one.headline, other.headline):
        return Likeness(False, contained, resemblance, "headlines of one template")
    if contained >= ENOUGH:
        return Likeness(True, contained, resemblance, f"{contained:.0%} of the shorter text")
    if _agreement(one.headline, other.headline) >= TITLES_AGREE:
        return Likeness(True, contained, resemblance, f"{contained:.0%} of the shorter text, and the headline")
    return Likeness(False, contained, resemblance, "some wording in common under another headline")


def disjoint(one: Story, other: Story) -> bool:
    """Whether two stories have nothing in common."""
    common = len(one.grams & other.grams)
    return common <= DISJOINT * min(len(one.grams), len(other.grams))


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
    """A slot in which the two have other numbers, where there are too many of them for versions of one story."""
    slots = one.numbers.keys() & other.numbers.keys()
    conflicts = sorted(slot for slot in slots if not one.numbers[slot] & other.numbers[slot])
    many = len(conflicts) >= fewest and len(conflicts) > CONFLICTS * (len(slots) - len(conflicts))
    return conflicts[0] if many else None


def _paraphrased(one: Story, other: Story) -> float:
    """How much of what the two don't have word for word in common is alike: a share of the smaller rest, 0 to 1."""
    common = _runs(one.text, WORDING) & _runs(other.text, WORDING)
    inside = {run[at : at + PIECE] for run in common for at in range(WORDING - PIECE + 1)}
    rest, others = _runs(one.text, PIECE) - inside, _runs(other.text, PIECE) - inside
    return len(rest & others) / max(1, min(len(rest), len(others)))


def _runs(text: str, length: int) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


def _days_apart(one: Story, other: Story) -> int:
    if one.published_at is None or other.published_at is None:
        return 0
    return abs((one.published_at - other.published_at).days)


def _one_mould(one: str, other: str) -> bool:
    """Whether two headlines differ in their middle alone (关于甲等同志…, 关于乙等同志…), each with words of its own."""
    if one == other:
        return False
    shorter = min(len(one), len(other))
    head = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    tail = next((at for at in range(shorter - head) if one[-1 - at] != other[-1 - at]), shorter - head)
    return head + tail < shorter and head + tail > TITLE_MOULD * shorter


def _agreement(one: str, other: str) -> float:
    """The share of the shorter headline's character pairs that the other has."""
    pairs, others = ({title[at : at + 2] for at in range(len(title) - 1)} for title in (one, other))
    return len(pairs & others) / max(1, min(len(pairs), len(others)))


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
class IndexedText:
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


def shortlist(key: str, hashes: Sequence[int], holders: Iterable[IndexedText]) -> tuple[list[str], list[int]]:
    """The keys of the texts worth comparing, those that share most first, and which of `hashes` to file the new text,
    `key`, under. `holders`: the texts filed under any of `hashes`; of those that come in at the same time the ones with
    the smaller keys go first."""
    by_hash: dict[int, list[IndexedText]] = {piece: [] for piece in hashes}
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


# Clusters of a stream of texts, with the index in memory: what the store does for articles, for any file of texts.


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

    def _holders(self, hashes: Iterable[int]) -> Iterable[IndexedText]:
        numbers = {number for piece in hashes for number in self._filed.get(piece, ())}
        return [IndexedText(str(number), str(self._root(number)), self._fingerprints[number]) for number in numbers]

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
