"""Invented Chinese news: sentences of real words in random order, so that no two articles share a paragraph."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

WORDS = {
    name: words.split()
    for name, words in tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8")).items()
}
NOUNS, VERBS, QUALITIES, PLACES, UNITS, NAMES = WORDS.values()


def sentence(chance: random.Random) -> str:
    """One sentence of two to four clauses, 20 to 60 characters."""
    clauses = []
    for _ in range(chance.randint(2, 4)):
        words = [chance.choice(NOUNS), chance.choice(VERBS), chance.choice(QUALITIES), chance.choice(NOUNS)]
        if chance.random() < 0.3:
            words.insert(1, "对")
        if chance.random() < 0.15:
            words.append(f"{chance.randint(2, 960)}家")
        clauses.append("".join(words))
    return "，".join(clauses) + chance.choice("。。。。；！")


def paragraphs(chance: random.Random) -> list[str]:
    """An article's text: 3 to 20 paragraphs of 1 to 5 sentences, the last ended by a full stop."""
    count = min(20, max(3, round(chance.lognormvariate(1.9, 0.5))))
    lines = ["".join(sentence(chance) for _ in range(chance.randint(1, 5))) for _ in range(count)]
    lines[0] = f"{chance.choice(PLACES)}县{lines[0]}"
    return [f"{line[:-1]}。" for line in lines]


def headline(chance: random.Random) -> str:
    """A headline of 12 to 24 characters."""
    title = f"{chance.choice(PLACES)}{chance.choice(VERBS)}{chance.choice(QUALITIES)}{chance.choice(NOUNS)}"
    return title + "".join(chance.choice(words) for words in (VERBS, QUALITIES, NOUNS))
