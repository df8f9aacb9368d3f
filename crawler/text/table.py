"""A table of characters that fills itself."""

from __future__ import annotations

from collections.abc import Callable

MOST = 30_000
"""Characters a table keeps: more than Chinese texts have, and a bound for pages that show all of Unicode."""


class CharacterTable(dict[int, str]):
    """For `str.translate`: what `made` makes of each character, asked once. A tenth of the time that a call for each
    character of a text takes."""

    def __init__(self, made: Callable[[str], str]) -> None:
        super().__init__()
        self._made = made

    def __missing__(self, code: int) -> str:
        if len(self) >= MOST:
            self.clear()
        found = self[code] = self._made(chr(code))
        return found
