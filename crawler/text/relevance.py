"""How much an article is about food safety, and what says so: a weighted lexicon, the title counting most.

Terms of the subject (食品安全, 地沟油) give points by themselves. Everyday terms count in pairs: a food (猪肉) as far
as something is done about its safety (抽检), and an act of supervision as far as food is its object; so neither a
festival of oranges nor an inspection of lifts is news of food safety. One point is a score of 0.5.
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

# The lexicon of relevance: which terms speak for food safety, and the automaton that finds them all in one walk.

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


MAX_TERMS = 12
"""What an article keeps as its reasons."""

TITLE, SECTION, SOURCE, BODY = "title", "section", "source", "body"
# What a term counts in each; a body counts by density, below.
_ZONES = {TITLE: 1.0, SECTION: 0.6, SOURCE: 0.5}
# The lead of a text says what it is about; a list of duties further down names everything.
_LEAD = 200
_BEHIND_LEAD = 0.5
_DENSITY = 500
# The most that a body gives (topic, food, act, other), however often it repeats itself, and how fast it gets there.
_BODY_MOST = (1.6, 1.5, 1.2, 1.5)
_BODY_SCALE = 2.0
# All that a portal of food safety publishes is under supervision already.
_PORTAL_ACT = 0.5
_EVEN = (1.0,) * len(ROLES)


class Reason(NamedTuple):
    """What one term of one `zone` (title, section, source, body) gives: points, or for `damp` groups a factor."""

    term: str
    zone: str
    group: str
    weight: float


@dataclass(frozen=True, slots=True)
class Relevance:
    """`score` from 0 to 1; `reasons`, the weightiest first."""

    score: float
    reasons: tuple[Reason, ...]

    @property
    def terms(self) -> list[str]:
        """The terms the score rests on, weightiest first, each once; what speaks against it has a minus before it."""
        named = {("-" if reason.weight < 0 else "") + reason.term: None for reason in self.reasons}
        return list(named)[:MAX_TERMS]

    def as_dict(self) -> dict[str, Any]:
        """The field `relevance` of an article."""
        return {"score": self.score, "terms": self.terms}


def relevance(
    title: str | None,
    body: str | None = None,
    *,
    section: str | None = None,
    source: str | None = None,
    kind: str | None = None,
) -> Relevance:
    """How far a clean article is about food safety. `section` is its 栏目, `source` its 来源, `kind` its site's."""
    texts = {TITLE: title or "", SECTION: section or "", SOURCE: source or "", BODY: body or ""}
    found = _found(texts)
    scale = _body_scale(found, len(texts[BODY]))
    topics, foods, acts, others = 0.0, 0.0, _PORTAL_ACT if kind == "portal" else 0.0, 0.0
    damp, reasons = 1.0, []
    for (zone, term), count in found.items():
        weights, factors = term.weights, scale if zone == BODY else _EVEN
        times = count if zone == BODY else _ZONES[zone]
        # Spelt out: fifty terms an article, and a loop over the roles takes three times as long.
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
    """Points of an article: the subject's own, and those of food and supervision as far as they meet."""
    if not food or not act:
        return topic
    # Supervision that has other objects too is shared with them; the harmonic mean is small where either is.
    act *= food / (food + other)
    return topic + 2 * food * act / (food + act)


def _found(texts: dict[str, str]) -> dict[tuple[str, Term], float]:
    """How often each zone holds each term; in the body, what stands behind the lead counts half."""
    count, body = load().count, texts[BODY]
    found = {(zone, term): 1.0 for zone in _ZONES if texts[zone] for term in count(texts[zone])}
    found |= {(BODY, term): float(times) for term, times in count(body[:_LEAD]).items()}
    for term, times in count(body[_LEAD:]).items():
        found[BODY, term] = found.get((BODY, term), 0.0) + times * _BEHIND_LEAD
    return found


def _body_scale(found: dict[tuple[str, Term], float], length: int) -> list[float]:
    """What one weighted occurrence in a body of `length` characters is worth, by role: with density, ever less."""
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
