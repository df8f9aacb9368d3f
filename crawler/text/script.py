"""Traditional → simplified, for texts that are traditional."""

from functools import cache, lru_cache
from typing import Any

# tw2s reads 么 as the Taiwanese 幺; where a text came out of a simplified one, 么 was 么 all along.
_KEPT = {"么": "\ue9f0"}
_HIDE = str.maketrans(_KEPT)
_SHOW = str.maketrans({hidden: character for character, hidden in _KEPT.items()})


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("tw2s")


def to_simplified(text: str) -> str:
    """Simplified text by OpenCC tw2s (t2s leaves every 發揮著 as 著)."""
    return _converter().convert(text.translate(_HIDE)).translate(_SHOW)


@lru_cache(maxsize=20000)
def simplified(character: str) -> str:
    """One character alone, simplified."""
    return to_simplified(character)
