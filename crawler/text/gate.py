"""A cheap look at a document: is it garbled, is it traditional? Clean simplified text pays almost nothing."""

import re
from dataclasses import dataclass

from crawler.text.glosses import GLOSS, TONED, belongs
from crawler.text.script import has_traditional, traditional_only

FEWEST_TONED = 3
FEWEST_BARE = 5
FEWEST_CHARACTERS = 2
TRADITIONAL_SHARE = 0.18
TRACE_SHARE = 0.02
MANY_GLOSSES = 8
DENSE_SHARE = 0.05
HABIT = 1.3
JUDGED = 200_000
"""Characters of a document that are looked at: many times the longest article, and a bound for the work."""
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


def damage(text: str) -> Damage:
    """Judge a document by all its text at once; never raises."""
    text = text[:JUDGED]
    strange = has_traditional(text)
    if not strange and "(" not in text and "（" not in text:
        return SOUND
    glossed, toned, bare = _glosses(text)
    found = toned + bare
    if not strange and found < MANY_GLOSSES:
        return SOUND
    han = len(_HAN.findall(text)) or 1
    old = sum(map(traditional_only().__contains__, text)) / han if strange else 0.0
    enough = (toned >= FEWEST_TONED or found >= FEWEST_BARE) and len(glossed) >= FEWEST_CHARACTERS
    # A farm converts before it glosses. In simplified text only its habit of glossing a character each time tells it
    # from an article on rare names or readings, which glosses each of them once.
    habit = found >= MANY_GLOSSES and found >= HABIT * len(glossed) and found / han >= DENSE_SHARE
    garbled = enough and (old >= TRACE_SHARE or habit)
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
