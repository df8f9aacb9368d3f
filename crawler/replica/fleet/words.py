"""Texts of the generated articles: made of words so many, and so short, that no two articles share a sentence."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from random import Random


def sentence(random: Random) -> str:
    """One sentence nobody has read before."""

    def pick(part: str) -> str:
        return random.choice(_words()[part])

    opening = f"{pick('sayings')}，" if random.random() < 0.6 else ""
    subject = f"{pick('offices')[1:]}{pick('doings')}{pick('places')}{random.randint(2, 98)}家{pick('venues')}"
    finding = f"{pick('links')}{pick('foods')}{pick('findings')}{random.randint(1, 30)}处"
    return f"{opening}{subject}的{pick('foods')}{finding}{pick('joins')}{pick('endings')}。"


def paragraphs(random: Random, count: int) -> tuple[str, ...]:
    """`count` paragraphs of two or three sentences."""
    return tuple("".join(sentence(random) for _ in range(random.randint(2, 3))) for _ in range(count))


def title(random: Random, number: int) -> str:
    """A headline; `number` makes it the only one of its site."""

    def pick(part: str) -> str:
        return random.choice(_words()[part])

    forms = (
        f"{pick('places')}{pick('doings')}{pick('venues')}食品安全",
        f"{pick('foods')}食品抽检：{pick('findings')}{pick('endings')}",
        f"{pick('offices')}{pick('doings')}{pick('foods')}食品安全",
    )
    return f"{random.choice(forms)}（第{number + 1}号）"


def office(random: Random) -> str:
    """Who publishes: 县市场监管局."""
    return random.choice(_words()["offices"])


def person(random: Random) -> str:
    """A name of three characters."""
    return random.choice(_words()["surnames"]) + random.choice(_words()["given"])


@cache
def _words() -> dict[str, list[str]]:
    table = tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))
    return {part: str(listed).split() for part, listed in table.items()}
