"""The lexicon of relevance: which terms speak for food safety, and the automaton that finds them all in one walk."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ahocorasick_rs import AhoCorasick, MatchKind

ROLES = ("topic", "food", "act", "other")


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One term: its group and what it counts in each of ROLES; `damp` is a factor, 1 for none."""

    text: str
    group: str
    weights: tuple[float, ...]
    damp: float = 1.0
    roles: tuple[int, ...] = field(init=False)
    """The places in `weights` of what is not 0."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", tuple(role for role, weight in enumerate(self.weights) if weight))


class Lexicon:
    """The terms of `lexicon.toml` and the finder of their longest occurrences."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms = {term.text: term for term in terms}
        # The longest term wins where several begin: so a guard (粮食安全) hides what it holds (食安).
        self._finder = AhoCorasick(list(self._terms), matchkind=MatchKind.LeftmostLongest)

    def count(self, text: str) -> dict[Term, int]:
        """How often `text` holds each term, overlaps apart."""
        try:
            found = self._finder.find_matches_as_strings(text)
        except UnicodeEncodeError:
            # A lone surrogate is no text to the finder.
            found = self._finder.find_matches_as_strings(text.encode("utf-8", "replace").decode())
        return {self._terms[word]: count for word, count in Counter(found).items()}


@cache
def load() -> Lexicon:
    """The lexicon of this installation."""
    groups = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text("utf-8"))["groups"]
    return Lexicon(
        Term(text, name, tuple(group.get(role, 0.0) for role in ROLES), group.get("damp", 1.0))
        for name, group in groups.items()
        for text in group["terms"]
    )
