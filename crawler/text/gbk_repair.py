"""Undo a byte-level replace over GBK text.

A content farm converted articles to traditional characters, encoded them as GBK and replaced byte pairs, one table
entry after the other: a character → itself and "(pinyin)", a full-width mark → a separator and itself. An entry matches
at any byte, so its two bytes may be the end of one character and the start of the next. What it inserts then splits
that character, and a decoder shows its lost lead byte, together with the byte that followed, as `?`:

    shown 真?zhèn)鬟_(dá)   bytes D5E6 82 "(zhèn)" F7DF 5F "(dá)"   was D5E6 82F7 DF5F: 真傳達
    shown 會議??h委         bytes [A1] sep A3BF 68                  was A1A3 BF68: 。縣

After such a `?` every two bytes shown belong to two characters, until a single byte (an ASCII letter, another `?`)
brings them back in step. The repair has two steps, for one `?` after the other from left to right:

1. `readings_at` lists what the damaged bytes may have been: the bytes shown are known, the lost one is enumerated, and
   every reading must be one that the same replace turns into what is shown.
2. `repair` chooses the reading that makes the most likely Chinese, by the character statistics of `characters.py`
   sharpened by the rest of the document. A reading is used only if it is clearly more likely than the text shown.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise

from crawler.text.characters import CharacterTable, characters, fold, simplified_only, simplify_character
from crawler.text.glosses import GLOSS, GLOSS_TAIL, is_reading

MARKS = dict(zip(",;!?:()", "，；！？：（）", strict=True))
_MARK_BYTES = {mark: full.encode("gbk") for half, full in MARKS.items() for mark in (half, full)} | {
    "。": "。".encode("gbk")
}
LOST = ("?", "\ufffd")
LEADS = bytes(range(0x81, 0xFF))
TRAILS = bytes(range(0x81, 0xFF)) + b"\x80"
GAP = "□"
"""Stands for a separator in `ByteReading.tail`."""
_SIGNS = frozenset("。，、；：？！“”‘’（）《》〈〉【】〔〕「」『』—…·～％－０１２３４５６７８９")
MAX_CHAIN_LENGTH = 120
MAX_LEADS = 8


@dataclass(frozen=True, slots=True)
class ByteReading:
    """One way to read the damaged bytes."""

    end: int
    """The position after the damaged part of the text."""
    slots: tuple[str, ...]
    """The possible characters, place by place."""
    tail: str = ""
    """The text after the last slot."""
    swallowed: bool = False
    """The last `?` hides a sign, which `tail` guesses."""
    glossed: bool = False
    """A gloss follows the last slot."""
    orphan: bool = False
    """The damaged part begins with the end of a gloss."""


@cache
def decode_pair(lead: int, trail: int) -> str:
    """Return the GBK character of two bytes; "" if there is none."""
    try:
        return bytes((lead, trail)).decode("gbk")
    except UnicodeDecodeError:
        return ""


def encode_pair(character: str) -> bytes:
    """Return the two GBK bytes of a character, private use included; b"" if it has not exactly two."""
    try:
        raw = character.encode("gb18030")
    except UnicodeEncodeError:
        return b""
    return raw if len(raw) == 2 else b""


def readings_at(text: str, at: int, before: str) -> Iterator[ByteReading]:
    """Yield every reading of the `?` at `at`. `before` is the repaired character before it, without its gloss."""
    gloss = GLOSS_TAIL.match(text, at + 1)
    if gloss:
        last = encode_pair(before)
        if last and last[1] >= 0x81:
            leads = bytes(lead for lead in LEADS if is_reading(decode_pair(last[1], lead), gloss[1]))
            for reading in _chain(text, gloss.end(), leads, ()):
                yield replace(reading, orphan=True)
        return
    mark = _MARK_BYTES.get(text[at + 1 : at + 2])
    if mark:
        yield from _chain(text, at + 2, mark[1:], (_characters(LEADS, mark[0]),))
    if text.startswith(LOST, at + 1) and text[at + 2 : at + 3] in _MARK_BYTES:
        # Two entries matched inside one character and the mark after it: its trail byte with the mark's first.
        trail = 0xA3 if text[at + 2] == "。" else 0xA1
        yield ByteReading(at + 2, (_characters(LEADS, trail),))


@cache
def _characters(leads: bytes, trail: int) -> str:
    """Return the characters that end in a byte: any if the lead byte is known, else those likely in a text."""
    likely = _possible if len(leads) == 1 else _plausible
    return "".join(filter(likely, (decode_pair(lead, trail) for lead in leads)))


def _possible(character: str) -> bool:
    return character != "" and not "\ue000" <= character <= "\uf8ff"


def _plausible(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fa5" or character in _SIGNS


def _chain(text: str, at: int, leads: bytes, slots: tuple[str, ...], again: int = 1) -> Iterator[ByteReading]:
    """Yield readings from a lost lead byte on: bytes pair up across the characters shown until they are in step again.

    No character begins with byte 80, so a trail byte 80 shows as one more `?` that hides the lead byte after it.
    """
    start = at
    for _ in range(MAX_CHAIN_LENGTH):
        if not leads or (slots and not slots[-1]) or at >= len(text):
            return
        character = text[at]
        gloss = GLOSS.match(text, at) if character in "(（" and at > start else None
        if gloss and is_reading(text[at - 1], gloss[1]):
            at = gloss.end()
            continue
        if character in LOST:
            yield from _lost_trail(text, at, leads, slots)
            ended = _characters(leads, 0x80)
            if ended and again:
                yield from _chain(text, at + 1, LEADS, (*slots, ended), again - 1)
        if character.isascii() and "@" <= character <= "~":
            yield from _letter_trail(text, at, leads, slots)
            return
        raw = _widen_mark(character) if character.isascii() else encode_pair(character)
        if not raw:
            return
        slots = (*slots, _characters(leads, raw[0]))
        if raw[1] < 0x80:
            if slots[-1] and raw[1] >= 0x40:
                yield ByteReading(at + 1, slots, tail=chr(raw[1]))
            return
        leads = raw[1:]
        at += 1


def _letter_trail(text: str, at: int, leads: bytes, slots: tuple[str, ...]) -> Iterator[ByteReading]:
    """Yield the reading in which an ASCII letter, a trail byte shown alone, ends the chain."""
    last = _characters(leads, ord(text[at]))
    if last:
        yield ByteReading(at + 1, (*slots, last), glossed=bool(GLOSS.match(text, at + 1)))


def _widen_mark(sign: str) -> bytes:
    """Return the bytes of the full-width form of an ASCII sign or digit; b"" for white space."""
    return bytes((0xA3, ord(sign) + 0x80)) if sign > " " else b""


def _lost_trail(text: str, at: int, leads: bytes, slots: tuple[str, ...]) -> Iterator[ByteReading]:
    """Yield the readings in which `?` ends the chain: it hides a trail byte and a bracket, a separator or a sign."""
    if len(leads) > MAX_LEADS:
        return
    gloss = GLOSS_TAIL.match(text, at + 1)
    every = "".join(_characters(leads, trail) for trail in TRAILS)
    if gloss:
        read = "".join(character for character in every if is_reading(character, gloss[1]))
        yield ByteReading(gloss.end(), (*slots, read), glossed=True)
    elif at + 1 >= len(text) or text[at + 1] in _MARK_BYTES:
        yield ByteReading(at + 1, (*slots, every))
    else:
        yield from (ByteReading(at + 1, (*slots, every), tail=tail, swallowed=True) for tail in ("\n", GAP, "，"))


# Costs and margins in tenths of a nat, as in `characters.py`.
MIN_ADVANTAGE = 25
"""How much cheaper than the text shown a reading must be."""
ORPHAN_GLOSS_COST = 500
MARK_COST = 90
MARK_COSTS = {"!": 60, "?": 50, ")": 40, "！": 60, "？": 50, "）": 40}
MIN_MARGIN = 20
"""A repair with a second-best reading nearer than this is doubtful."""
MIN_SURE_MARGIN = 40
"""A repair with at least this margin sharpens the statistics."""
MAX_GUESSES = 8
SOFTNESS = 10
WHOLE = 1000
UNGLOSSED_COST = 45
SIMPLIFIED_COST = 30
FULL_STOP_COST = 10
LOST_COMMA_COST = 30.0
MAX_RARITY = 135
"""Characters that cost more than this are left out of slots with many candidates."""
MAX_SLOT_CANDIDATES = 40
PER_READING = 30
MAX_WORK = 120_000
MAX_READINGS = 12
MAX_STATISTICS_LENGTH = 50_000
BEAM = 30
MIN_COST = -3.0
"""No character costs less than this, whatever the document shows."""
_MARK_SIGNS = frozenset("。，、；：？！")
_SPOT = re.compile("[?\ufffd]")
_DAMAGED = re.compile("[?？\ufffd][，；：！？（）。]*[^\\sA-Za-z0-9，；：！。]*")
_RUNS = re.compile(r"0[0.%]*|A+")
_FULL = str.maketrans(MARKS)
_Path = tuple[float, str, str]
"""A partial spelling: its cost, its last two characters as the statistics count them, and its text."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One repaired place: its position in the garbled text, the old and new text, and the second-best reading.

    `margin` is how much more the second-best costs, in tenths of a nat; `doubtful` if that is too little.
    """

    position: int
    before: str
    after: str
    runner_up: str
    margin: int
    doubtful: bool


class CharacterStatistics:
    """Costs of characters in context: the shipped statistics, sharpened by the document itself.

    A word damaged in one place is often damaged in others too, so the candidates of other places count as well:
    `guesses` holds the possible texts of each damaged place with their likelihoods.
    """

    def __init__(self, undamaged: str, guesses: dict[int, Counter[str]] | None = None) -> None:
        self._model = characters()
        undamaged = _DAMAGED.sub("\n", undamaged)
        self._grams = Counter(undamaged)
        self._grams.update(map("".join, pairwise(undamaged)))
        self._grams.update(map("".join, zip(undamaged, undamaged[1:], undamaged[2:], strict=False)))
        self._length = len(undamaged) + 60
        self._guesses = guesses or {}
        self._guessed: Counter[str] = Counter()
        # The readings of a place ask for the same characters in the same company again and again.
        self._costs: dict[str, float] = {}
        self._presence: dict[str, float] = {}
        for place in self._guesses.values():
            self._guessed.update(place)

    def leave_out(self, position: int) -> None:
        """Forget the guesses of one place: a guess supports other places, never its own."""
        self._guessed.subtract(self._guesses.pop(position, Counter()))
        self._costs.clear()
        self._presence.clear()

    def cost(self, first: str, second: str, third: str) -> float:
        """Return the cost of `third` after `first` and `second`, in tenths of a nat."""
        key = first + second + third
        known = self._costs.get(key)
        if known is None:
            known = self._costs[key] = self._weighed(first, second, third)
        return known

    def _weighed(self, first: str, second: str, third: str) -> float:
        shipped = self._model.cost(first, second, third)
        here = self._here(third)
        if here <= 0:
            return shipped
        share = 0.08 * here / self._length
        pair = self._seen(second + third)
        if pair and second not in _MARK_SIGNS:
            share += 0.15 * pair / (self._seen(second) + 4)
            triple = self._grams.get(first + second + third, 0)
            if triple:
                share += 0.3 * triple / (self._seen(first + second) + 2)
        return -10 * math.log(0.75 * math.exp(-shipped / 10) + share)

    def costs_of(self, third: str) -> Callable[[str, str, str], float]:
        """Return the cost function for `third`: the shipped one alone if the document does not show the character."""
        return self._model.cost if self._here(third) <= 0 else self.cost

    def _here(self, character: str) -> float:
        known = self._presence.get(character)
        if known is None:
            known = self._presence[character] = self._seen(character) if character not in _MARK_SIGNS else 0
        return known

    def _seen(self, gram: str) -> float:
        return self._grams.get(gram, 0) + self._guessed.get(gram, 0) / WHOLE

    def total(self, text: str) -> float:
        """Return the cost of a text after its first two characters."""
        return sum(map(self.cost, text, text[1:], text[2:]))


def _normalise_character(character: str) -> str:
    return "".join(map(fold, simplify_character(character).translate(_FULL)))


_NORMALISED = CharacterTable(_normalise_character)


def normalise_for_statistics(text: str) -> str:
    """Return text as the statistics count it: no glosses, simplified character by character, full-width marks,
    each number as one 0."""
    return _RUNS.sub(lambda run: run[0][0], GLOSS.sub("", text).translate(_NORMALISED))


def repair(text: str, annotated: frozenset[str]) -> tuple[str, list[Repair]]:
    """Return the text with lost bytes put back, and the repairs in order of place.

    `annotated`: the characters that the document glosses wherever it shows them.
    """
    if not any(sign in text for sign in LOST):
        return text, []
    first = _ReadingChooser(
        text, annotated, CharacterStatistics(normalise_for_statistics(text[:MAX_STATISTICS_LENGTH]))
    )
    repairs = _repair_all(text, first)
    if not repairs:
        return text, []
    # The sure repairs of the first pass sharpen the statistics for the second: a word is often damaged repeatedly.
    sure = [made for made in repairs if made.margin >= MIN_SURE_MARGIN and not made.doubtful]
    statistics = CharacterStatistics(
        normalise_for_statistics(_apply(text, sure)[:MAX_STATISTICS_LENGTH]), first.guesses
    )
    repairs = _repair_all(text, _ReadingChooser(text, annotated, statistics))
    return _apply(text, repairs), repairs


def _apply(text: str, repairs: list[Repair]) -> str:
    parts: list[str] = []
    done = 0
    for made in repairs:
        parts += (text[done : made.position], made.after)
        done = made.position + len(made.before)
    return "".join((*parts, text[done:]))


def _repair_all(text: str, chooser: "_ReadingChooser") -> list[Repair]:
    parts: list[str] = []
    repairs: list[Repair] = []
    done = 0
    for spot in _SPOT.finditer(text):
        at = spot.start()
        if at < done:
            continue
        if chooser.budget < 0:
            break
        before = "".join(part[-60:] for part in (*parts[-2:], text[max(done, at - 60) : at]))
        found = chooser.choose(at, GLOSS.sub("", before))
        if found:
            made, end = found
            parts += (text[done:at], made.after)
            done = end
            repairs.append(made)
    return repairs


@cache
def _guess(slot: str) -> tuple[tuple[str, str], ...]:
    """Return the characters of a slot (only the common ones if there are many), each with its folded form."""
    rarity = characters().rarity
    kept = [c for c in slot if rarity(simplify_character(c)) < MAX_RARITY] if len(slot) > MAX_SLOT_CANDIDATES else slot
    return tuple((character, fold(simplify_character(character))) for character in kept)


def _cheapest(paths: list[_Path], simple: str, cost: Callable[[str, str, str], float]) -> _Path:
    """Return the path that `simple` continues most cheaply, with the total cost. `paths` are sorted by cost."""
    best, least = paths[0], math.inf
    for path in paths:
        # No later path can be cheaper, so most paths are never weighed.
        if path[0] + MIN_COST > least:
            break
        spent = path[0] + cost(path[1][0], path[1][1], simple)
        if spent < least or (spent == least and (path[1][1], path[2]) < (best[1][1], best[2])):
            best, least = path, spent
    return least, best[1], best[2]


class _ReadingChooser:
    """Chooses among the readings of each damaged place of one text."""

    def __init__(self, text: str, annotated: frozenset[str], statistics: CharacterStatistics) -> None:
        # A limit on the work, so that noise made of `?` costs linear time; an article needs a few thousand steps.
        self.budget = MAX_WORK + len(text) // 10
        self._text = text
        self._annotated = annotated
        self._foreign = simplified_only() - frozenset(text)
        self._statistics = statistics
        self.guesses: dict[int, Counter[str]] = {}
        # The readings of a place share their beginnings, which are weighed once.
        self._grown: dict[tuple[tuple[str, ...], bool, bool, bool], list[_Path]] = {}

    def choose(self, at: int, before: str) -> tuple[Repair, int] | None:
        """Return the best reading and where it ends, or None unless it is clearly more likely than the text shown."""
        list_readings = list(islice(readings_at(self._text, at, before[-1:]), MAX_READINGS))
        if not list_readings:
            return None
        self.budget -= sum(PER_READING + 2 * len(reading.slots) for reading in list_readings)
        self._statistics.leave_out(at)
        self._grown.clear()
        furthest = max(reading.end for reading in list_readings)
        start = ("\n\n" + normalise_for_statistics(before))[-2:]
        ranked: list[tuple[float, str, ByteReading]] = []
        for reading in list_readings:
            after = self._following(reading.end, furthest)
            ranked += ((cost, made, reading) for cost, made in self._spell(start, reading, after))
        if not ranked:
            return None
        ranked.sort(key=lambda entry: entry[0])
        cost, made, reading = ranked[0]
        self.guesses[at] = self._guess(start, ranked[:MAX_GUESSES])
        shown = self._text[at : reading.end]
        as_shown = self._statistics.total(
            start + normalise_for_statistics(shown) + self._following(reading.end, furthest)
        )
        as_shown += ORPHAN_GLOSS_COST if reading.orphan else MARK_COSTS.get(self._text[at + 1], MARK_COST)
        if cost + MIN_ADVANTAGE > as_shown:
            return None
        runner = next((entry for entry in ranked[1:] if entry[1] != made), None)
        margin = round((runner[0] if runner else as_shown) - cost)
        doubtful = margin < MIN_MARGIN or reading.swallowed
        return Repair(at, shown, made, runner[1] if runner else "", margin, doubtful), reading.end

    def _guess(self, start: str, ranked: list[tuple[float, str, ByteReading]]) -> Counter[str]:
        """Return the likelihoods of the characters and pairs that the damaged place may have held."""
        weights = [math.exp((ranked[0][0] - cost) / SOFTNESS) for cost, _, _ in ranked]
        grams: Counter[str] = Counter()
        for weight, (_, made, reading) in zip(weights, ranked, strict=True):
            text = start[-1] + normalise_for_statistics(made + self._text[reading.end : reading.end + 1])
            for gram in {*text, *map("".join, pairwise(text))}:
                grams[gram] += round(WHOLE * weight / sum(weights))
        return grams

    def _following(self, end: int, furthest: int) -> str:
        """Return what follows a reading, up to the end of the longest one and two characters more."""
        return (
            normalise_for_statistics(self._text[end:furthest])
            + normalise_for_statistics(self._text[furthest : furthest + 30])[:2]
        )

    def _spell(self, start: str, reading: ByteReading, after: str) -> list[tuple[float, str]]:
        """Return the cheapest spellings of a reading between its neighbours, with their costs."""
        paths: list[_Path] = [(0.0, start, "")]
        last = len(reading.slots) - 1
        if reading.tail == "，":
            paths = [(LOST_COMMA_COST, start, "")]
        for place, slot in enumerate(reading.slots):
            explained = (place == last and reading.glossed) or (place == 0 and reading.orphan)
            self.budget -= len(paths) * min(len(slot), MAX_SLOT_CANDIDATES)
            begun = (reading.slots[: place + 1], reading.orphan, explained, reading.tail == "，")
            if begun not in self._grown:
                self._grown[begun] = self._grow(paths, slot, explained)
            paths = self._grown[begun]
        ending = reading.tail.replace(GAP, "0") + after
        ending = _RUNS.sub(lambda run: run[0][0], ending)
        return [(spent + self._statistics.total(tip + ending), made + reading.tail) for spent, tip, made in paths]

    def _grow(self, paths: list[_Path], slot: str, explained: bool) -> list[_Path]:
        """Return the cheapest paths after adding one character of a slot to each."""
        grown: list[_Path] = []
        for character, simple in _guess(slot):
            cost = self._statistics.costs_of(simple)
            extra = UNGLOSSED_COST if character in self._annotated and not explained else 0
            extra += FULL_STOP_COST if character == "。" else 0
            extra += SIMPLIFIED_COST if character in self._foreign else 0
            if len(slot) < 4:
                grown += (
                    (spent + cost(tip[0], tip[1], simple) + extra, tip[1] + simple, made + character)
                    for spent, tip, made in paths
                )
            else:
                spent, tip, made = _cheapest(paths, simple, cost)
                grown.append((spent + extra, tip[1] + simple, made + character))
        return sorted(grown)[:BEAM]
