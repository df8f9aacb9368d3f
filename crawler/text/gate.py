"""A cheap look at a document: is it garbled, is it traditional? Clean simplified text pays almost nothing."""

import re
from dataclasses import dataclass
from functools import cache

from crawler.text.glosses import GLOSS, TONED, belongs
from crawler.text.script import to_simplified

FEWEST_TONED = 3
FEWEST_BARE = 5
FEWEST_CHARACTERS = 2
TRADITIONAL_SHARE = 0.1
GARBLED_SHARE = 0.02
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Damage:
    """What a document shows: whether it is garbled, whether traditional, and which characters it glosses."""

    garbled: bool
    traditional: bool
    glossed: frozenset[str]

    def __bool__(self) -> bool:
        return self.garbled or self.traditional


SOUND = Damage(garbled=False, traditional=False, glossed=frozenset())


@cache
def traditional_only() -> frozenset[str]:
    """Characters that only traditional text has: tw2s changes them, and GB 2312, the simplified set, lacks them."""
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    changed = (old for old, new in zip(every, to_simplified(every), strict=True) if old != new)
    return frozenset(character for character in changed if not character.encode("gb2312", "ignore"))


def damage(text: str) -> Damage:
    """Judge a document by all its text at once; never raises."""
    strange = not traditional_only().isdisjoint(text)
    if not strange and "(" not in text and "（" not in text:
        return SOUND
    glossed, toned, bare = _glosses(text)
    if not strange and toned + bare < FEWEST_TONED:
        return SOUND
    han = len(_HAN.findall(text)) or 1
    old = sum(map(traditional_only().__contains__, text)) / han if strange else 0.0
    enough = toned >= FEWEST_TONED or toned + bare >= FEWEST_BARE
    garbled = enough and len(glossed) >= FEWEST_CHARACTERS and (old or (toned + bare) / han) >= GARBLED_SHARE
    return Damage(garbled, garbled or old >= TRADITIONAL_SHARE, glossed if garbled else frozenset())


def _glosses(text: str) -> tuple[frozenset[str], int, int]:
    toned = bare = 0
    glossed = set()
    for gloss in GLOSS.finditer(text):
        if gloss.start() and belongs(text, gloss.start(), gloss[1]):
            glossed.add(text[gloss.start() - 1])
            if TONED.search(gloss[1]):
                toned += 1
            else:
                bare += 1
    return frozenset(glossed), toned, bare
