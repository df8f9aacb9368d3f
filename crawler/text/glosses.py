"""Pinyin glosses a content farm put behind characters: 網(wǎng), 都(yào / yāo), 會(hui)(hui).

A gloss is taken out only where it is a reading of the character before it (pypinyin's table, MIT), so 苯(benzene),
(潘媛) and F(x) stay.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from crawler.text.characters import has_traditional, traditional_only

LETTERS = "a-zāáǎàēéěèêīíǐìōóǒòūúǔùüǖǘǚǜńňǹḿɑɡ"
SYLLABLE = rf"[{LETTERS}]{{1,6}}"
READINGS = rf" ?{SYLLABLE}(?: ?[/／、,，;|] ?{SYLLABLE})* ?"
GLOSS = re.compile(rf"[(（]({READINGS})[)）]")
GLOSS_TAIL = re.compile(rf"({READINGS})[)）]")
TONED = re.compile("[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ]")
_GLOSSED = re.compile(rf"(?:{GLOSS.pattern})+")
_SPLIT = re.compile(r"[\s/／、,，;|]+")


def bare(syllable: str) -> str:
    """A syllable without tone marks, ü written v: lǜ → lv."""
    plain = unicodedata.normalize("NFD", syllable.replace("ɑ", "a").replace("ɡ", "g")).replace("u\u0308", "v")
    return "".join(letter for letter in plain if letter.isascii())


@cache
def _table() -> dict[str, str]:
    """pypinyin's table: the readings of a character, parted by commas, by its code point. Its file alone: the package
    loads 50 MB of phrases with it."""
    package = find_spec("pypinyin")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "pinyin_dict.json"
    table: dict[str, str] = json.loads(file.read_text("utf-8"))
    return table


@cache
def readings(character: str) -> frozenset[str]:
    """Every reading of a character, toned and bare."""
    toned = _table().get(str(ord(character)), "") if len(character) == 1 else ""
    known = {reading for reading in toned.split(",") if reading}
    plain = {bare(reading) for reading in known}
    return frozenset(known | plain | {reading.replace("v", vowel) for reading in plain for vowel in "uü"})


@lru_cache(maxsize=8192)
def is_reading(character: str, gloss: str) -> bool:
    """Whether one of the gloss's alternatives is a reading of the character."""
    known = readings(character)
    return bool(known) and any(syllable in known for syllable in _SPLIT.split(gloss) if syllable)


def straddled(before: str, letter: str) -> str:
    """The character whose two bytes are the end of `before` and the ASCII letter after it, or nothing."""
    try:
        return (before.encode("gbk")[-1:] + letter.encode("ascii")).decode("gbk")
    except UnicodeError:
        return ""


def strip_glosses(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Take the glosses out: the text without them, and each one with its place in the text given."""
    kept: list[str] = []
    removed: list[tuple[int, str]] = []
    done = 0
    for run in _GLOSSED.finditer(text):
        start = run.start()
        if not start:
            continue
        for gloss in GLOSS.finditer(text, start, run.end()):
            if not belongs(text, start, gloss[1]):
                break
            kept.append(text[done : gloss.start()])
            removed.append((gloss.start(), gloss[0]))
            done = gloss.end()
    kept.append(text[done:])
    return "".join(kept), removed


def belongs(text: str, at: int, gloss: str) -> bool:
    """Whether a gloss at this place reads the character before it, or the one its byte table saw there.

    The table worked on bytes: in 烏F(tuán) its entry was the last byte of 烏 and the letter F.
    """
    before = text[at - 1]
    if before >= "\u3400":
        return is_reading(before, gloss)
    return at > 1 and before.isascii() and is_reading(straddled(text[at - 2], before), gloss)


# A cheap look at a document: is it garbled, is it traditional? Clean simplified text pays almost nothing.

MIN_TONED = 3
MIN_BARE = 5
MIN_CHARACTERS = 2
TRADITIONAL_SHARE = 0.18
TRACE_SHARE = 0.02
MANY_GLOSSES = 8
DENSE_SHARE = 0.05
HABIT = 1.3
JUDGED = 200_000
"""Characters of a document that are looked at: many times the longest article, and a bound for the work."""
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Corruption:
    """What a document shows: whether it is garbled, whether traditional, and which characters it glosses."""

    garbled: bool
    traditional: bool
    glossed: frozenset[str]

    def __bool__(self) -> bool:
        return self.garbled or self.traditional


SOUND = Corruption(garbled=False, traditional=False, glossed=frozenset())


def damage(text: str) -> Corruption:
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
    enough = (toned >= MIN_TONED or found >= MIN_BARE) and len(glossed) >= MIN_CHARACTERS
    # A farm converts before it glosses. In simplified text only its habit of glossing a character each time tells it
    # from an article on rare names or readings, which glosses each of them once.
    habit = found >= MANY_GLOSSES and found >= HABIT * len(glossed) and found / han >= DENSE_SHARE
    garbled = enough and (old >= TRACE_SHARE or habit)
    return Corruption(garbled, garbled or old >= TRADITIONAL_SHARE, glossed if garbled else frozenset())


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
