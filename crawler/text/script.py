"""Traditional → simplified, for texts that are traditional."""

import re
from functools import cache, lru_cache
from typing import Any

from crawler.text.characters import characters

# tw2s changes characters that simplified text has too (么 → 幺, 薹 → 苔); where a text came out of a simplified one
# they were there all along. 著 and 乾 are left to tw2s, which knows their words.
_KEPT = {character: chr(0xF0000 + place) for place, character in enumerate("么吒拚薹糖榘醣")}
_HIDE = str.maketrans(_KEPT)
_SHOW = str.maketrans({hidden: character for character, hidden in _KEPT.items()})


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("tw2s")


def to_simplified(text: str) -> str:
    """Simplified text by OpenCC tw2s (t2s leaves every 發揮著 as 著); 讀原著 is told apart by statistics."""
    simple = _converter().convert(text.translate(_HIDE)).translate(_SHOW)
    if "著" not in text or len(simple) != len(text):
        return simple
    return "".join(
        _written(simple, place) if old == "著" else new
        for place, (old, new) in enumerate(zip(text, simple, strict=True))
    )


def _written(text: str, place: int) -> str:
    """著 or 着, whichever reads better between its neighbours."""
    before, after = ("\n\n" + text[max(0, place - 2) : place])[-2:], text[place + 1 : place + 3]
    spelt = {character: before + character + after for character in "著着"}
    costs = {c: sum(map(characters().cost, t, t[1:], t[2:])) for c, t in spelt.items()}
    return min(costs, key=costs.__getitem__)


@cache
def simplified_alone() -> dict[str, str]:
    """The common Han characters, each simplified by itself: one call of OpenCC takes 25 ms for all, where a call for
    each takes 120. 著, which is judged by its neighbours, isn't among them."""
    every = [character for character in map(chr, range(0x4E00, 0xA000)) if character != "著"]
    return dict(zip(every, to_simplified("\n".join(every)).split("\n"), strict=True))


@lru_cache(maxsize=20000)
def simplified(character: str) -> str:
    """One character alone, simplified."""
    return simplified_alone().get(character) or to_simplified(character)


@cache
def _changed() -> dict[str, str]:
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    return {old: new for old, new in zip(every, to_simplified(every), strict=True) if old != new}


@cache
def traditional_only() -> frozenset[str]:
    """Characters that only traditional text has: tw2s changes them, and GB 2312, the simplified set, lacks them."""
    return frozenset(character for character in _changed() if not character.encode("gb2312", "ignore"))


@cache
def _traditional() -> re.Pattern[str]:
    return re.compile(f"[{''.join(sorted(traditional_only()))}]")


def has_traditional(text: str) -> bool:
    """Whether a text holds a character of `traditional_only`; quicker than to look each one up in a set."""
    return _traditional().search(text) is not None


@cache
def simplified_only() -> frozenset[str]:
    """Characters that simplified text writes for traditional ones: rare in a text that was made traditional."""
    return frozenset(_changed().values())
