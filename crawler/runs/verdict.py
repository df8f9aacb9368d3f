"""What a crawl of one site was worth: pure rules over its figures, the site's history and what the registry expects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.runs.figures import Figures

WORDS = ("ok", "degraded", "broken", "blocked")
"""From good to bad."""


@dataclass(frozen=True)
class Verdict:
    """`word` is one of WORDS; `reasons` say why, the weightiest first; `page` is the list page that shows it."""

    word: str
    reasons: tuple[str, ...] = ()
    page: str | None = None


@dataclass(frozen=True)
class Expectation:
    """What the registry says of a site, for its first run: whether a platform or selectors of its own are known."""

    known_platform: bool = False


def worst(words: Iterable[str]) -> str:
    """The worst of some verdicts; `ok` of none."""
    return max(words, key=WORDS.index, default="ok")


def judge(now: Figures, past: Sequence[tuple[str, Figures]], expected: Expectation, at: datetime) -> Verdict:
    """The verdict on a crawl that ended `at`; `past` holds verdict and figures of earlier ones, oldest first."""
    return Verdict("ok" if now.useful else "broken", () if now.useful else ("no article",))
