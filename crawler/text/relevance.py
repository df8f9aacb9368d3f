"""The relevance of an article to food safety, and its reasons: a weighted lexicon in which the title counts most.

Terms of the subject (食品安全, 地沟油) score by themselves. Everyday terms score in pairs, a food (猪肉) together with
an act of supervision (抽检), so neither a festival of oranges nor an inspection of lifts is food-safety news. One point
is a score of 0.5.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from math import exp
from pathlib import Path
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

# --- The lexicon, and the automaton that finds all its terms in one pass ---

ROLES = ("topic", "food", "act", "other")


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One term: its group and its weight in each of ROLES. `damp` multiplies the score; 1 has no effect."""

    text: str
    group: str
    weights: tuple[float, ...]
    damp: float = 1.0
    roles: tuple[int, ...] = field(init=False)
    """The indexes of `weights` that are not 0."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", tuple(role for role, weight in enumerate(self.weights) if weight))


class Lexicon:
    """The terms of `lexicon.toml` and the finder of their longest occurrences."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms = {term.text: term for term in terms}
        # The longest of several terms wins, so that a longer term (粮食安全) hides a shorter one in it (食安).
        self._finder = AhoCorasick(list(self._terms), matchkind=MatchKind.LeftmostLongest)

    def count(self, text: str) -> dict[Term, int]:
        """Return how often each term occurs in `text`, without overlaps."""
        try:
            found = self._finder.find_matches_as_strings(text)
        except UnicodeEncodeError:
            # The finder does not accept lone surrogates.
            found = self._finder.find_matches_as_strings(text.encode("utf-8", "replace").decode())
        return {self._terms[word]: count for word, count in Counter(found).items()}


@cache
def load() -> Lexicon:
    """Return the shipped lexicon, which is read once."""
    groups = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text("utf-8"))["groups"]
    return Lexicon(
        Term(text, name, tuple(group.get(role, 0.0) for role in ROLES), group.get("damp", 1.0))
        for name, group in groups.items()
        for text in group["terms"]
    )


MAX_TERMS = 12
"""How many terms an article keeps as reasons."""

TITLE, SECTION, SOURCE, BODY = "title", "section", "source", "body"
# The weight of a term in each zone. In a body density counts, see below.
_ZONES = {TITLE: 1.0, SECTION: 0.6, SOURCE: 0.5}
# The first characters say what a text is about; a list of duties further down names everything.
_LEAD = 200
_BEHIND_LEAD = 0.5
_DENSITY = 500
# The maximum score of a body (topic, food, act, other), and how quickly it is reached.
_BODY_MOST = (1.6, 1.5, 1.2, 1.5)
_BODY_SCALE = 2.0
# Everything on a food-safety portal is about supervision already.
_PORTAL_ACT = 0.5
_EVEN = (1.0,) * len(ROLES)


class Reason(NamedTuple):
    """One term in one `zone` (title, section, source, body) with its points, -1 for a term that damps the score."""

    term: str
    zone: str
    group: str
    weight: float


@dataclass(frozen=True, slots=True)
class Relevance:
    """`score` from 0 to 1; `reasons`, highest weight first."""

    score: float
    reasons: tuple[Reason, ...]

    @property
    def terms(self) -> list[str]:
        """The terms that produced the score, highest weight first, each once; a minus marks terms against it."""
        named = {("-" if reason.weight < 0 else "") + reason.term: None for reason in self.reasons}
        return list(named)[:MAX_TERMS]

    def as_dict(self) -> dict[str, Any]:
        """Return the article field `relevance`."""
        return {"score": self.score, "terms": self.terms}


def relevance(
    title: str | None,
    body: str | None = None,
    *,
    section: str | None = None,
    source: str | None = None,
    kind: str | None = None,
) -> Relevance:
    """Score a clean article. `section` is its 栏目, `source` its 来源, `kind` the kind of its site (`portal`, …)."""
    texts = {TITLE: title or "", SECTION: section or "", SOURCE: source or "", BODY: body or ""}
    found = _found(texts)
    scale = _body_scale(found, len(texts[BODY]))
    topics, foods, acts, others = 0.0, 0.0, _PORTAL_ACT if kind == "portal" else 0.0, 0.0
    damp, reasons = 1.0, []
    for (zone, term), count in found.items():
        weights, factors = term.weights, scale if zone == BODY else _EVEN
        times = count if zone == BODY else _ZONES[zone]
        # Written out, because a loop over the roles takes three times as long.
        topic, food = weights[0] * times * factors[0], weights[1] * times * factors[1]
        act, other = weights[2] * times * factors[2], weights[3] * times * factors[3]
        topics, foods, acts, others = topics + topic, foods + food, acts + act, others + other
        if zone in {TITLE, SECTION} and term.damp < 1:
            damp = min(damp, term.damp)
            reasons.append(Reason(term.text, zone, term.group, -1.0))
        elif weight := topic + food + act - other:
            reasons.append(Reason(term.text, zone, term.group, round(weight, 2)))
    score = round(1 - 0.5 ** (damp * _points(topics, foods, acts, others)), 3)
    return Relevance(score, tuple(sorted(reasons, key=lambda reason: -abs(reason.weight))))


def _points(topic: float, food: float, act: float, other: float) -> float:
    """Return the points of an article: those of the subject, and those of food and supervision together."""
    if not food or not act:
        return topic
    # Supervision is shared with its other objects. The harmonic mean is small if either is small.
    act *= food / (food + other)
    return topic + 2 * food * act / (food + act)


def _found(texts: dict[str, str]) -> dict[tuple[str, Term], float]:
    """Return how often each zone has each term. In the body, terms after the first characters count half."""
    count, body = load().count, texts[BODY]
    found = {(zone, term): 1.0 for zone in _ZONES if texts[zone] for term in count(texts[zone])}
    found |= {(BODY, term): float(times) for term, times in count(body[:_LEAD]).items()}
    for term, times in count(body[_LEAD:]).items():
        found[BODY, term] = found.get((BODY, term), 0.0) + times * _BEHIND_LEAD
    return found


def _body_scale(found: dict[tuple[str, Term], float], length: int) -> list[float]:
    """Return the worth of one weighted occurrence in a body of `length` characters, by role; it falls with density."""
    totals = [0.0] * len(ROLES)
    for (zone, term), count in found.items():
        if zone == BODY:
            for role in term.roles:
                totals[role] += count * term.weights[role]
    density = _DENSITY / max(length, _DENSITY)
    return [
        most * (1 - exp(-total * density / _BODY_SCALE)) / total if total else 0.0
        for most, total in zip(_BODY_MOST, totals, strict=True)
    ]
