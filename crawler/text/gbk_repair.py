"""Choose, place by place from left to right, the reading of damaged bytes that makes the best Chinese."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from crawler.text.characters import characters
from crawler.text.gbk_damage import LOST, MARKS, Reading, readings_at
from crawler.text.glosses import GLOSS
from crawler.text.script import simplified

CLEARLY_BETTER = 25
DOUBTFUL = 20
UNGLOSSED = 45
MOST_PLACES = 1500
BEAM = 24
_SPOT = re.compile("[?\ufffd]")
_DAMAGED = re.compile("[?？\ufffd][^\\sA-Za-z0-9，；：。]*")
_FULL = str.maketrans(MARKS)


@dataclass(frozen=True, slots=True)
class Repair:
    """One place repaired: where in the garbled text, what was shown, what it was, the runner-up and how far behind."""

    position: int
    before: str
    after: str
    runner_up: str
    margin: int
    doubtful: bool


class Statistics:
    """Costs of character pairs, the shipped ones sharpened by the pairs the document itself shows."""

    def __init__(self, sound: str) -> None:
        self._model = characters()
        sound = _DAMAGED.sub("\n", sound)
        self._pairs = Counter(zip(sound, sound[1:], strict=False))
        self._singles = Counter(sound)

    def cost(self, before: str, after: str) -> float:
        shipped = self._model.cost(before, after)
        here = self._pairs.get((before, after), 0)
        if not here:
            return shipped
        share = here / (self._singles[before] + 3)
        return -10 * math.log(0.8 * math.exp(-shipped / 10) + 0.2 * share)

    def total(self, text: str) -> float:
        return sum(self.cost(a, b) for a, b in zip(text, text[1:], strict=False))


def plain(text: str) -> str:
    """Text as the statistics count it: glosses out, simplified character by character, marks in full width."""
    return "".join(map(simplified, GLOSS.sub("", text))).translate(_FULL)


def repair(text: str, glossed: frozenset[str]) -> tuple[str, list[Repair]]:
    """Put back the bytes lost in a garbled text; `glossed` are the characters it glosses wherever it shows them."""
    if not any(sign in text for sign in LOST):
        return text, []
    statistics = Statistics(plain(text))
    parts: list[str] = []
    repairs: list[Repair] = []
    done = places = 0
    for spot in _SPOT.finditer(text):
        at = spot.start()
        if at < done or places >= MOST_PLACES:
            continue
        before = _context("".join(part[-60:] for part in (*parts[-2:], text[done:at])))
        readings = list(readings_at(text, at, before[-1:]))
        if not readings:
            continue
        places += 1
        found = _best(text, at, before, readings, statistics, glossed)
        if found:
            made, end = found
            parts += (text[done:at], made.after)
            done = end
            repairs.append(made)
    parts.append(text[done:])
    return "".join(parts), repairs


def _context(text: str) -> str:
    return GLOSS.sub("", text)[-3:]


def _best(
    text: str, at: int, before: str, readings: list[Reading], statistics: Statistics, glossed: frozenset[str]
) -> tuple[Repair, int] | None:
    """The best reading, if it is clearly better Chinese than the text as shown."""
    furthest = max(reading.end for reading in readings)
    start = plain(before) or "\n"
    ranked: list[tuple[float, str, Reading]] = []
    for reading in readings:
        after = plain(text[reading.end : furthest + 40])[: furthest - reading.end + 2]
        ranked += ((cost, made, reading) for cost, made in _spell(start, reading, after, statistics, glossed))
    if not ranked:
        return None
    ranked.sort(key=lambda entry: entry[0])
    cost, made, reading = ranked[0]
    runner = next((entry for entry in ranked[1:] if entry[1] != made), None)
    shown = (
        start
        + plain(text[at : reading.end])
        + plain(text[reading.end : reading.end + 40])[: furthest - reading.end + 2]
    )
    as_shown = statistics.total(shown)
    if cost + CLEARLY_BETTER > as_shown:
        return None
    margin = round((runner[0] if runner else as_shown) - cost)
    doubtful = margin < DOUBTFUL or reading.swallowed
    return Repair(at, text[at : reading.end], made, runner[1] if runner else "", margin, doubtful), reading.end


def _spell(
    start: str, reading: Reading, after: str, statistics: Statistics, glossed: frozenset[str]
) -> Iterable[tuple[float, str]]:
    """The cheapest spellings of a reading between its neighbours, with their costs."""
    paths: list[tuple[float, str, str]] = [(statistics.total(start), start[-1], "")]
    last = len(reading.slots) - 1
    for place, slot in enumerate(reading.slots):
        explained = place == last and reading.glossed
        grown: list[tuple[float, str, str]] = []
        for character in slot:
            simple = simplified(character)
            extra = UNGLOSSED if character in glossed and not explained else 0
            ways = (
                (cost + statistics.cost(tip, simple) + extra, simple, made + character) for cost, tip, made in paths
            )
            grown += ways if len(slot) == 1 else (min(ways),)
        paths = sorted(grown)[:BEAM]
    tail = reading.tail.replace("\0", "")
    for cost, simple, made in paths:
        rest = simple + tail + after
        yield cost + statistics.total(rest), made + tail
