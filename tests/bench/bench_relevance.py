"""Precision, recall and F1 of the relevance on the titles of `tests/text/relevance_titles.tsv`, by half and kind.

    python tests/bench/bench_relevance.py [--errors]

`--errors` shows the wrong decisions of the tuned half. Those of the held-out half are never shown: whoever has seen
them can't measure with it any more.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from crawler.settings import RELEVANCE_THRESHOLD
from crawler.text.relevance import relevance

TITLES = Path(__file__).resolve().parents[1] / "text/relevance_titles.tsv"


@dataclass(frozen=True)
class Title:
    """A labelled title."""

    relevant: bool
    kind: str
    section: str
    source: str
    text: str

    @property
    def half(self) -> str:
        """`tuned` or `held out`, for ever the same."""
        return "held out" if sha256(self.text.encode()).digest()[0] % 2 else "tuned"


def titles() -> list[Title]:
    """All labelled titles."""
    rows = [line.split("\t") for line in TITLES.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [Title(label == "y", *others) for label, *others in rows]


def kept(title: Title) -> bool:
    """Whether a crawl with the default threshold keeps an article of this title and no text."""
    kind = "portal" if title.kind == "portal" else "county"
    rating = relevance(title.text, section=title.section, source=title.source, kind=kind)
    return rating.score >= RELEVANCE_THRESHOLD


def measures(decisions: list[tuple[bool, bool]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of pairs of (truth, decision)."""
    hits = sum(truth and decision for truth, decision in decisions)
    precision = hits / (sum(decision for _, decision in decisions) or 1)
    recall = hits / (sum(truth for truth, _ in decisions) or 1)
    return precision, recall, 2 * precision * recall / (precision + recall or 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", action="store_true", help="show the wrong decisions of the tuned half")
    options = parser.parse_args()
    rows = titles()
    groups: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for title in rows:
        decision = (title.relevant, kept(title))
        groups[f"all, {title.half}"].append(decision)
        groups[title.kind].append(decision)
        if options.errors and title.half == "tuned" and decision[0] != decision[1]:
            rating = relevance(title.text, section=title.section, source=title.source)
            told = "missed" if title.relevant else "kept  "
            print(f"{told} {rating.score:.3f} {title.section} {title.source} | {title.text} | {' '.join(rating.terms)}")
    print(f"{'':15} {'titles':>6} {'relevant':>8} {'kept':>5} {'P':>5} {'R':>5} {'F1':>5}")
    for name in sorted(groups, key=lambda name: (not name.startswith("all"), name)):
        decisions = groups[name]
        figures = " ".join(f"{figure:5.3f}" for figure in measures(decisions))
        relevant, chosen = (sum(pair[i] for pair in decisions) for i in (0, 1))
        print(f"{name:15} {len(decisions):6} {relevant:8} {chosen:5} {figures}")
    started = time.perf_counter()
    for title in rows:
        kept(title)
    print(f"{(time.perf_counter() - started) / len(rows) * 1e6:.0f} µs a title")


if __name__ == "__main__":
    main()
