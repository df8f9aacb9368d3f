"""Pinyin glosses that a content farm put behind characters, and how they show that a document is corrupted.

Examples: 網(wǎng), 都(yào / yāo), 會(hui)(hui). A gloss is removed only if it is a reading of the character before it
(by pypinyin's table, MIT), so 苯(benzene), (潘媛) and F(x) stay.
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


def strip_tones(syllable: str) -> str:
    """Return a pinyin syllable without tone marks, with ü written as v: lǜ → lv."""
    letters = unicodedata.normalize("NFD", syllable.replace("ɑ", "a").replace("ɡ", "g")).replace("u\u0308", "v")
    return "".join(letter for letter in letters if letter.isascii())


@cache
def _table() -> dict[str, str]:
    """pypinyin's table: code point → the character's readings, separated by commas.

    Only this file is read, because importing the package loads 50 MB of phrases.
    """
    package = find_spec("pypinyin")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "pinyin_dict.json"
    table: dict[str, str] = json.loads(file.read_text("utf-8"))
    return table


@cache
def list_readings(character: str) -> frozenset[str]:
    """Return every reading of a character, with and without tone marks."""
    toned = _table().get(str(ord(character)), "") if len(character) == 1 else ""
    known = {reading for reading in toned.split(",") if reading}
    bare = {strip_tones(reading) for reading in known}
    return frozenset(known | bare | {reading.replace("v", vowel) for reading in bare for vowel in "uü"})


@lru_cache(maxsize=8192)
def is_reading(character: str, gloss: str) -> bool:
    """Return whether one of the alternatives in a gloss is a reading of the character."""
    known = list_readings(character)
    return bool(known) and any(syllable in known for syllable in _SPLIT.split(gloss) if syllable)


def join_straddling_bytes(before: str, letter: str) -> str:
    """Return the GBK character made of the last byte of `before` and the ASCII `letter`; "" if there is none."""
    try:
        return (before.encode("gbk")[-1:] + letter.encode("ascii")).decode("gbk")
    except UnicodeError:
        return ""


def strip_glosses(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Return the text without glosses, and each removed gloss with its position in the original text."""
    kept: list[str] = []
    removed: list[tuple[int, str]] = []
    done = 0
    for run in _GLOSSED.finditer(text):
        start = run.start()
        if not start:
            continue
        for gloss in GLOSS.finditer(text, start, run.end()):
            if not is_gloss_of(text, start, gloss[1]):
                break
            kept.append(text[done : gloss.start()])
            removed.append((gloss.start(), gloss[0]))
            done = gloss.end()
    kept.append(text[done:])
    return "".join(kept), removed


def is_gloss_of(text: str, at: int, gloss: str) -> bool:
    """Return whether the gloss at `at` is a reading of the character before it.

    The farm's table worked on bytes, so that character may be made of two halves: in 烏F(tuán) it is the last byte of
    烏 and the letter F.
    """
    before = text[at - 1]
    if before >= "\u3400":
        return is_reading(before, gloss)
    return at > 1 and before.isascii() and is_reading(join_straddling_bytes(text[at - 2], before), gloss)


# --- Is a document corrupted? Clean simplified text, the usual case, costs almost nothing. ---

MIN_TONED = 3
MIN_BARE = 5
MIN_CHARACTERS = 2
MIN_TRADITIONAL_SHARE = 0.18
MIN_TRACE_SHARE = 0.02
MIN_DENSE_GLOSSES = 8
MIN_GLOSS_DENSITY = 0.05
MIN_GLOSSES_PER_CHARACTER = 1.3
MAX_JUDGED_LENGTH = 200_000
"""Characters of a document that are examined: many times the longest article, and a limit on the work."""
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Corruption:
    """The corruption found in a document. False in a boolean context if there is none."""

    garbled: bool
    """Glosses were inserted, and bytes may be lost."""
    traditional: bool
    """It is written in traditional characters, or was converted to them."""
    annotated: frozenset[str]
    """The characters that carry a gloss; empty unless `garbled`."""

    def __bool__(self) -> bool:
        return self.garbled or self.traditional


NOT_CORRUPTED = Corruption(garbled=False, traditional=False, annotated=frozenset())


def detect_corruption(text: str) -> Corruption:
    """Detect the corruption of a document from all its text at once. Never raises."""
    text = text[:MAX_JUDGED_LENGTH]
    strange = has_traditional(text)
    if not strange and "(" not in text and "（" not in text:
        return NOT_CORRUPTED
    annotated, toned, bare = _count_glosses(text)
    found = toned + bare
    if not strange and found < MIN_DENSE_GLOSSES:
        return NOT_CORRUPTED
    han = len(_HAN.findall(text)) or 1
    old = sum(map(traditional_only().__contains__, text)) / han if strange else 0.0
    enough = (toned >= MIN_TONED or found >= MIN_BARE) and len(annotated) >= MIN_CHARACTERS
    # A farm converts to traditional characters first. In simplified text only dense glosses, the same characters again
    # and again, differ from an article about rare names, which glosses each of them once.
    dense = (
        found >= MIN_DENSE_GLOSSES
        and found >= MIN_GLOSSES_PER_CHARACTER * len(annotated)
        and found / han >= MIN_GLOSS_DENSITY
    )
    garbled = enough and (old >= MIN_TRACE_SHARE or dense)
    return Corruption(garbled, garbled or old >= MIN_TRADITIONAL_SHARE, annotated if garbled else frozenset())


def _count_glosses(text: str) -> tuple[frozenset[str], int, int]:
    """Return the characters with a gloss, and the number of glosses with and without tone marks."""
    toned = bare = 0
    annotated = set()
    for gloss in GLOSS.finditer(text):
        if gloss.start() and is_gloss_of(text, gloss.start(), gloss[1]):
            annotated.add(text[gloss.start() - 1])
            if TONED.search(gloss[1]):
                toned += 1
            else:
                bare += 1
    return frozenset(annotated), toned, bare
