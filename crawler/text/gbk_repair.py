"""Choose, place by place from left to right, the reading of damaged bytes that makes the best Chinese."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise

from crawler.text.characters import CharacterTable, characters, fold, simplified, simplified_only
from crawler.text.glosses import GLOSS, GLOSS_TAIL, is_reading

# Undo a byte-level replace over GBK text. A content farm converted articles to traditional
# characters, encoded them as GBK and replaced byte pairs, one table entry after the other: a
# character → itself and "(pinyin)", a full-width mark → a separator and itself. An entry
# matches at any byte, so its two bytes may be the end of one character and the start of the
# next; what it inserts then parts that character, and a decoder shows its lost lead byte,
# together with the byte that followed, as `?`: shown 真?zhèn)鬟_(dá) bytes D5E6 82 "(zhèn)" F7DF
# 5F "(dá)" was D5E6 82F7 DF5F: 真傳達 shown 會議??h委 bytes [A1] sep A3BF 68 was A1A3 BF68: 。縣 From
# such a `?` on, every two bytes shown belong to two characters, until a single byte (an ASCII
# letter, another `?`) puts them in step again. So each `?` is read backwards: the bytes shown
# are known, the lost one is enumerated, and every reading must be one that the same replace
# turns into what is shown. Character statistics choose between those left.

MARKS = dict(zip(",;!?:()", "，；！？：（）", strict=True))
_MARK_BYTES = {mark: full.encode("gbk") for half, full in MARKS.items() for mark in (half, full)} | {
    "。": "。".encode("gbk")
}
LOST = ("?", "\ufffd")
LEADS = bytes(range(0x81, 0xFF))
TRAILS = bytes(range(0x81, 0xFF)) + b"\x80"
GAP = "□"
_SIGNS = frozenset("。，、；：？！“”‘’（）《》〈〉【】〔〕「」『』—…·～％－０１２３４５６７８９")
MAX_CHAIN_LENGTH = 120
MAX_LEADS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the damage: up to where, the possible characters place by place, and what was guessed."""

    end: int
    slots: tuple[str, ...]
    tail: str = ""
    swallowed: bool = False
    glossed: bool = False
    orphan: bool = False


@cache
def decoded(lead: int, trail: int) -> str:
    """The GBK character of two bytes, or nothing where there is none."""
    try:
        return bytes((lead, trail)).decode("gbk")
    except UnicodeDecodeError:
        return ""


def two_bytes(character: str) -> bytes:
    """The two GBK bytes of a character, private use included; nothing for one that has no two."""
    try:
        raw = character.encode("gb18030")
    except UnicodeEncodeError:
        return b""
    return raw if len(raw) == 2 else b""


def readings_at(text: str, at: int, before: str) -> Iterator[Reading]:
    """Every reading of the `?` at this place; `before` is the character before it, repaired, glosses aside."""
    gloss = GLOSS_TAIL.match(text, at + 1)
    if gloss:
        last = two_bytes(before)
        if last and last[1] >= 0x81:
            leads = bytes(lead for lead in LEADS if is_reading(decoded(last[1], lead), gloss[1]))
            for reading in _chain(text, gloss.end(), leads, ()):
                yield replace(reading, orphan=True)
        return
    mark = _MARK_BYTES.get(text[at + 1 : at + 2])
    if mark:
        yield from _chain(text, at + 2, mark[1:], (_characters(LEADS, mark[0]),))
    if text.startswith(LOST, at + 1) and text[at + 2 : at + 3] in _MARK_BYTES:
        # Two entries matched inside one character and the mark after it: its trail byte with the mark's first.
        trail = 0xA3 if text[at + 2] == "。" else 0xA1
        yield Reading(at + 2, (_characters(LEADS, trail),))


@cache
def _characters(leads: bytes, trail: int) -> str:
    """The characters that end in a byte: any where the lead byte is known, else those a text is likely to have."""
    likely = _possible if len(leads) == 1 else _plausible
    return "".join(filter(likely, (decoded(lead, trail) for lead in leads)))


def _possible(character: str) -> bool:
    return character != "" and not "\ue000" <= character <= "\uf8ff"


def _plausible(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fa5" or character in _SIGNS


def _chain(text: str, at: int, leads: bytes, slots: tuple[str, ...], again: int = 1) -> Iterator[Reading]:
    """Read on from a lost lead byte: shown bytes pair up across the characters shown until they are in step again.

    No character shown begins with 80, so a trail byte 80 shows as one more `?` that hides the lead byte after it.
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
        raw = _wide(character) if character.isascii() else two_bytes(character)
        if not raw:
            return
        slots = (*slots, _characters(leads, raw[0]))
        if raw[1] < 0x80:
            if slots[-1] and raw[1] >= 0x40:
                yield Reading(at + 1, slots, tail=chr(raw[1]))
            return
        leads = raw[1:]
        at += 1


def _letter_trail(text: str, at: int, leads: bytes, slots: tuple[str, ...]) -> Iterator[Reading]:
    """An ASCII letter ends the chain: it is a trail byte shown on its own."""
    last = _characters(leads, ord(text[at]))
    if last:
        yield Reading(at + 1, (*slots, last), glossed=bool(GLOSS.match(text, at + 1)))


def _wide(sign: str) -> bytes:
    """The bytes of the full-width form of an ASCII sign or digit; nothing for white space."""
    return bytes((0xA3, ord(sign) + 0x80)) if sign > " " else b""


def _lost_trail(text: str, at: int, leads: bytes, slots: tuple[str, ...]) -> Iterator[Reading]:
    """The `?` ends the chain: it hides a trail byte and what followed, a gloss's bracket, a separator, or a sign."""
    if len(leads) > MAX_LEADS:
        return
    gloss = GLOSS_TAIL.match(text, at + 1)
    every = "".join(_characters(leads, trail) for trail in TRAILS)
    if gloss:
        read = "".join(character for character in every if is_reading(character, gloss[1]))
        yield Reading(gloss.end(), (*slots, read), glossed=True)
    elif at + 1 >= len(text) or text[at + 1] in _MARK_BYTES:
        yield Reading(at + 1, (*slots, every))
    else:
        yield from (Reading(at + 1, (*slots, every), tail=tail, swallowed=True) for tail in ("\n", GAP, "，"))


CLEARLY_BETTER = 25
ORPHAN_GLOSS = 500
UNLIKELY_MARK = 90
UNLIKELY_MARKS = {"!": 60, "?": 50, ")": 40, "！": 60, "？": 50, "）": 40}
DOUBTFUL = 20
SURE = 40
GUESSES = 8
SOFTNESS = 10
WHOLE = 1000
UNGLOSSED = 45
SIMPLIFIED = 30
FULL_STOP = 10
LOST_COMMA = 30.0
RAREST = 135
MANY = 40
PER_READING = 30
MAX_WORK = 120_000
MAX_READINGS = 12
MAX_SOUND = 50_000
BEAM = 30
LEAST = -3.0
"""No character costs less, whatever the document shows."""
_MARK_SIGNS = frozenset("。，、；：？！")
_SPOT = re.compile("[?\ufffd]")
_DAMAGED = re.compile("[?？\ufffd][，；：！？（）。]*[^\\sA-Za-z0-9，；：！。]*")
_RUNS = re.compile(r"0[0.%]*|A+")
_FULL = str.maketrans(MARKS)
_Path = tuple[float, str, str]
"""A spelling so far: what it costs, its last two characters as they count, and all of it as it is written."""


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
    """Costs of characters in context, the shipped ones sharpened by what the document itself shows.

    A word lost in one place is often lost in others too, so what other places may have been counts as well: `guesses`
    are the possible texts of each damaged place with their likelihoods.
    """

    def __init__(self, sound: str, guesses: dict[int, Counter[str]] | None = None) -> None:
        self._model = characters()
        sound = _DAMAGED.sub("\n", sound)
        self._grams = Counter(sound)
        self._grams.update(map("".join, pairwise(sound)))
        self._grams.update(map("".join, zip(sound, sound[1:], sound[2:], strict=False)))
        self._length = len(sound) + 60
        self._guesses = guesses or {}
        self._guessed: Counter[str] = Counter()
        # The readings of a place ask for the same characters in the same company again and again.
        self._costs: dict[str, float] = {}
        self._presence: dict[str, float] = {}
        for place in self._guesses.values():
            self._guessed.update(place)

    def leave_out(self, position: int) -> None:
        """Drop what was guessed for one place: a guess supports other places, never its own."""
        self._guessed.subtract(self._guesses.pop(position, Counter()))
        self._costs.clear()
        self._presence.clear()

    def cost(self, first: str, second: str, third: str) -> float:
        """What `third` costs after `first` and `second`."""
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
        """What to ask for the cost of `third`: of what the document shows nowhere, the shipped costs alone know."""
        return self._model.cost if self._here(third) <= 0 else self.cost

    def _here(self, character: str) -> float:
        known = self._presence.get(character)
        if known is None:
            known = self._presence[character] = self._seen(character) if character not in _MARK_SIGNS else 0
        return known

    def _seen(self, gram: str) -> float:
        return self._grams.get(gram, 0) + self._guessed.get(gram, 0) / WHOLE

    def total(self, text: str) -> float:
        """What a text costs after its first two characters."""
        return sum(map(self.cost, text, text[1:], text[2:]))


def _counted(character: str) -> str:
    return "".join(map(fold, simplified(character).translate(_FULL)))


_COUNTED = CharacterTable(_counted)


def plain(text: str) -> str:
    """Text as the statistics count it: glosses out, simplified character by character, marks wide, numbers one 0."""
    return _RUNS.sub(lambda run: run[0][0], GLOSS.sub("", text).translate(_COUNTED))


def repair(text: str, glossed: frozenset[str]) -> tuple[str, list[Repair]]:
    """Put back the bytes lost in a garbled text; `glossed` are the characters it glosses wherever it shows them."""
    if not any(sign in text for sign in LOST):
        return text, []
    first = _Chooser(text, glossed, Statistics(plain(text[:MAX_SOUND])))
    repairs = _pass(text, first)
    if not repairs:
        return text, []
    # What the first pass is sure of sharpens the statistics for the second: a word is often damaged more than once.
    sure = [made for made in repairs if made.margin >= SURE and not made.doubtful]
    statistics = Statistics(plain(_applied(text, sure)[:MAX_SOUND]), first.guesses)
    repairs = _pass(text, _Chooser(text, glossed, statistics))
    return _applied(text, repairs), repairs


def _applied(text: str, repairs: list[Repair]) -> str:
    parts: list[str] = []
    done = 0
    for made in repairs:
        parts += (text[done : made.position], made.after)
        done = made.position + len(made.before)
    return "".join((*parts, text[done:]))


def _pass(text: str, chooser: "_Chooser") -> list[Repair]:
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
def _likely(slot: str) -> tuple[tuple[str, str], ...]:
    """The characters of a slot, of many those alone that texts have, each with what it counts as."""
    rarity = characters().rarity
    kept = [c for c in slot if rarity(simplified(c)) < RAREST] if len(slot) > MANY else slot
    return tuple((character, fold(simplified(character))) for character in kept)


def _cheapest(paths: list[_Path], simple: str, cost: Callable[[str, str, str], float]) -> _Path:
    """Of paths, the cheapest first, the one that `simple` follows best, with what both cost."""
    best, least = paths[0], math.inf
    for path in paths:
        # Nothing that follows can be cheaper: most of the paths are never weighed.
        if path[0] + LEAST > least:
            break
        spent = path[0] + cost(path[1][0], path[1][1], simple)
        if spent < least or (spent == least and (path[1][1], path[2]) < (best[1][1], best[2])):
            best, least = path, spent
    return least, best[1], best[2]


class _Chooser:
    """Chooses among the readings of each place of one garbled text."""

    def __init__(self, text: str, glossed: frozenset[str], statistics: Statistics) -> None:
        # Weighings allowed, so that noise made of `?` costs linear time; an article needs a few thousand.
        self.budget = MAX_WORK + len(text) // 10
        self._text = text
        self._glossed = glossed
        self._foreign = simplified_only() - frozenset(text)
        self._statistics = statistics
        self.guesses: dict[int, Counter[str]] = {}
        # The readings of a place begin alike: what they share is weighed once.
        self._grown: dict[tuple[tuple[str, ...], bool, bool, bool], list[_Path]] = {}

    def choose(self, at: int, before: str) -> tuple[Repair, int] | None:
        """The best reading and where it ends, if it is clearly better Chinese than the text as shown."""
        readings = list(islice(readings_at(self._text, at, before[-1:]), MAX_READINGS))
        if not readings:
            return None
        self.budget -= sum(PER_READING + 2 * len(reading.slots) for reading in readings)
        self._statistics.leave_out(at)
        self._grown.clear()
        furthest = max(reading.end for reading in readings)
        start = ("\n\n" + plain(before))[-2:]
        ranked: list[tuple[float, str, Reading]] = []
        for reading in readings:
            after = self._following(reading.end, furthest)
            ranked += ((cost, made, reading) for cost, made in self._spell(start, reading, after))
        if not ranked:
            return None
        ranked.sort(key=lambda entry: entry[0])
        cost, made, reading = ranked[0]
        self.guesses[at] = self._likely(start, ranked[:GUESSES])
        shown = self._text[at : reading.end]
        as_shown = self._statistics.total(start + plain(shown) + self._following(reading.end, furthest))
        as_shown += ORPHAN_GLOSS if reading.orphan else UNLIKELY_MARKS.get(self._text[at + 1], UNLIKELY_MARK)
        if cost + CLEARLY_BETTER > as_shown:
            return None
        runner = next((entry for entry in ranked[1:] if entry[1] != made), None)
        margin = round((runner[0] if runner else as_shown) - cost)
        doubtful = margin < DOUBTFUL or reading.swallowed
        return Repair(at, shown, made, runner[1] if runner else "", margin, doubtful), reading.end

    def _likely(self, start: str, ranked: list[tuple[float, str, Reading]]) -> Counter[str]:
        """What the damage may have been: characters and pairs, each with its likelihood."""
        weights = [math.exp((ranked[0][0] - cost) / SOFTNESS) for cost, _, _ in ranked]
        grams: Counter[str] = Counter()
        for weight, (_, made, reading) in zip(weights, ranked, strict=True):
            text = start[-1] + plain(made + self._text[reading.end : reading.end + 1])
            for gram in {*text, *map("".join, pairwise(text))}:
                grams[gram] += round(WHOLE * weight / sum(weights))
        return grams

    def _following(self, end: int, furthest: int) -> str:
        """What follows a reading, as far as the longest one reaches and two characters more."""
        return plain(self._text[end:furthest]) + plain(self._text[furthest : furthest + 30])[:2]

    def _spell(self, start: str, reading: Reading, after: str) -> list[tuple[float, str]]:
        """The cheapest spellings of a reading between its neighbours, with their costs."""
        paths: list[_Path] = [(0.0, start, "")]
        last = len(reading.slots) - 1
        if reading.tail == "，":
            paths = [(LOST_COMMA, start, "")]
        for place, slot in enumerate(reading.slots):
            explained = (place == last and reading.glossed) or (place == 0 and reading.orphan)
            self.budget -= len(paths) * min(len(slot), MANY)
            begun = (reading.slots[: place + 1], reading.orphan, explained, reading.tail == "，")
            if begun not in self._grown:
                self._grown[begun] = self._grow(paths, slot, explained)
            paths = self._grown[begun]
        ending = reading.tail.replace(GAP, "0") + after
        ending = _RUNS.sub(lambda run: run[0][0], ending)
        return [(spent + self._statistics.total(tip + ending), made + reading.tail) for spent, tip, made in paths]

    def _grow(self, paths: list[_Path], slot: str, explained: bool) -> list[_Path]:
        """The cheapest of the paths, each longer by one of the characters of a slot."""
        grown: list[_Path] = []
        for character, simple in _likely(slot):
            cost = self._statistics.costs_of(simple)
            extra = UNGLOSSED if character in self._glossed and not explained else 0
            extra += FULL_STOP if character == "。" else 0
            extra += SIMPLIFIED if character in self._foreign else 0
            if len(slot) < 4:
                grown += (
                    (spent + cost(tip[0], tip[1], simple) + extra, tip[1] + simple, made + character)
                    for spent, tip, made in paths
                )
            else:
                spent, tip, made = _cheapest(paths, simple, cost)
                grown.append((spent + extra, tip[1] + simple, made + character))
        return sorted(grown)[:BEAM]
