"""The passage of a text that shows why it was found, and where the terms stand in it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from crawler.search.language import Query
from crawler.text.tokens import fold

WIDTH = 80
"""Characters of a passage."""
_BEFORE = 20
_MAX_SPANS = 400


@dataclass(frozen=True)
class Passage:
    """A piece of a text, one line, and where the terms stand in it (begin, end), in order and apart."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


def find_passage(text: str, query: Query) -> Passage:
    """The piece of `text` that holds the most of the terms; its beginning if it holds none."""
    found = find_spans(text, query)
    best, most = 0, 0
    for begin, _ in found:
        held = len({fold(text[at:to]) for at, to in found if begin <= at and to <= begin + WIDTH - _BEFORE})
        if held > most:
            best, most = begin, held
    start = max(0, min(best - _BEFORE, len(text) - WIDTH))
    end = min(len(text), start + WIDTH)
    inside = tuple((a - start, b - start) for a, b in found if start <= a and b <= end)
    return Passage(text[start:end].replace("\n", " "), inside)


def find_spans(text: str, query: Query, *, in_title: bool = False) -> list[tuple[int, int]]:
    """Where the terms of `query` stand in `text`, in order, overlaps joined; `in_title`: it is a title."""
    folded = fold(text)
    terms = [term for term in query.terms if in_title or not term.in_title]
    places = [match.span() for term in terms for match in term.pattern.finditer(folded)]
    if len(folded) != len(text):
        ends = list(accumulate(len(fold(character)) for character in text))
        places = [(bisect_left(ends, begin + 1), bisect_left(ends, end) + 1) for begin, end in places]
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(places)[:_MAX_SPANS]:
        if joined and begin < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
