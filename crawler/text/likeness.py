"""Do two texts tell the same story? Shared wording says yes; other numbers in the same sentences say no.

Notices of one office follow a template (抽检通告, 任免通知): they share more wording than a reprint does
that lost half its paragraphs. What a template changes are the numbers and names in its slots; what a reprint changes
are whole sentences, the headline, the head and the tail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from crawler.text.fingerprint import SHORT_BODY, compared, normalise

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
