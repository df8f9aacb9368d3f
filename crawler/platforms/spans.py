"""Pieces of a text between two marks, in linear time: a lazy pattern is quadratic on a page cut in the middle."""

from __future__ import annotations

from collections.abc import Iterator


def between(text: str, start: str, end: str) -> Iterator[str]:
    """What stands between each `start` and the next `end` after it, in order; case counts."""
    place = text.find(start)
    while place >= 0:
        place += len(start)
        close = text.find(end, place)
        if close < 0:
            return
        yield text[place:close]
        place = text.find(start, close + len(end))
