"""What a crawl has met, remembered in little room."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_FIRST = 64


class Seen:
    """A set of numbers of 64 bits, such as hashes, that only grows: 12 to 24 bytes each where a set takes 70 to 140,
    for what a crawl of days notes of every article. That two of a million hashes are one happens once in 37 million
    such crawls."""

    def __init__(self) -> None:
        # Open addressing; 0 is a free place.
        self._places = array("Q", [0]) * _FIRST
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        return self._places[self._place(_kept(number))] != 0

    def add(self, number: int) -> bool:
        """Note a number; whether it is new."""
        kept = _kept(number)
        place = self._place(kept)
        if self._places[place]:
            return False
        self._places[place] = kept
        self._count += 1
        if 3 * self._count > 2 * len(self._places):
            self._grow()
        return True

    def update(self, numbers: Iterable[int]) -> int:
        """Note numbers; how many are new."""
        return sum([self.add(number) for number in numbers])

    def _place(self, kept: int) -> int:
        """Where a number is, or is to be."""
        places = self._places
        last = len(places) - 1
        place = kept & last
        while places[place] and places[place] != kept:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        old, self._places = self._places, array("Q", [0]) * (2 * len(self._places))
        for kept in old:
            if kept:
                self._places[self._place(kept)] = kept


def _kept(number: int) -> int:
    # That 0 and 1 are taken for one matters to no hash.
    return (number & 0xFFFF_FFFF_FFFF_FFFF) or 1
