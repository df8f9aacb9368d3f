"""The lexicon of `lexicon.toml`: what a column head says, and the words of headings, classes of food and analytes."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

MAX_HEAD = 60
"""A cell of more characters, white space apart, is not a column head."""
_BESIDE_NAME = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[(\[,].*$|(?:gb|ny|sn|db|农业部).*$|^[α-ω]-")
_NOISE = re.compile(r"\s+|[*★☆#]|[(](?:必填|选填|隐藏栏|填写)[)]|\.\d{1,2}$|[:。]+$")


@dataclass(frozen=True, slots=True)
class Head:
    """What a column head says: the `field` it names, and what its cells must show.

    If `cells` (a kind of cell) is set and the cells show another kind, the column is `otherwise`; if `then` is set and
    the cells do show that kind, it is `then`. `failing` marks columns that list only items that failed.
    """

    field: str
    cells: str | None = None
    otherwise: str | None = None
    then: str | None = None
    failing: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    head: Head
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class HeadLexicon:
    """Compiled word patterns; `rules` in the order in which they are tried."""

    rules: tuple[_Rule, ...]
    item: re.Pattern[str]
    result: re.Pattern[str]
    limit: re.Pattern[str]
    fail: re.Pattern[str]
    passed: re.Pattern[str]
    both: re.Pattern[str]
    decoy: re.Pattern[str]
    categories: frozenset[str]
    analyte: re.Pattern[str]


@cache
def load() -> HeadLexicon:
    """The lexicon, compiled once a process."""
    data = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text("utf-8"))
    words: dict[str, str] = data["words"]
    return HeadLexicon(
        rules=tuple(_compile(row, words) for row in data["rule"]),
        item=re.compile(words["item"]),
        result=re.compile(words["result"]),
        limit=re.compile(words["limit"]),
        fail=re.compile(data["verdicts"]["fail"]),
        passed=re.compile(data["verdicts"]["pass"]),
        both=re.compile(data["verdicts"]["both"]),
        decoy=re.compile(data["decoys"]["title"]),
        categories=frozenset(data["categories"]["names"]),
        analyte=re.compile(f"(?:{data['analytes']['ends']})$|^(?:{data['analytes']['begins']})"),
    )


def _compile(row: dict[str, Any], words: dict[str, str]) -> _Rule:
    head = Head(row["field"], row.get("cells"), row.get("otherwise"), row.get("then"), row.get("failing", False))
    unless = _insert(row["not"], words) if "not" in row else None
    pattern = "|".join(f"(?:{_insert(each, words)})" for each in row["match"])
    return _Rule(head, re.compile(pattern), re.compile(unless) if unless else None)


def _insert(pattern: str, words: dict[str, str]) -> str:
    """`pattern` with each `{name}` of a word list put in; other braces are repeat counts."""
    return re.sub(r"\{([a-z_]+)\}", lambda match: words[match[1]], pattern)


def fold_head(text: str) -> str:
    """A head as the rules compare it: half-width, lower case, without white space and marks; pack signs stay."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).lower())


@lru_cache(maxsize=4096)
def read_head(text: str) -> Head | None:
    """What the head `text` says; None if no rule knows it."""
    folded = fold_head(text)
    if not folded or len(folded) > MAX_HEAD:
        return None
    for rule in load().rules:
        if rule.pattern.search(folded) and not (rule.unless and rule.unless.search(folded)):
            return rule.head
    return None


def pack_order(text: str) -> tuple[str, ...]:
    """The parts a packed head announces, in order: `("item", "result", "limit")` or fewer."""
    folded = re.sub(r"不符合[^项]*(?=项)", "", fold_head(text))
    lexicon = load()
    places = [
        (match.start(), name)
        for name, pattern in (("item", lexicon.item), ("result", lexicon.result), ("limit", lexicon.limit))
        if (match := pattern.search(folded))
    ]
    return tuple(name for _, name in sorted(places))


def is_analyte(text: str) -> bool:
    """Whether `text` is named as laboratories name what they measure; a unit, a standard or a note may follow it."""
    name = _BESIDE_NAME.sub("", fold_head(text))
    return 0 < len(name) <= 24 and load().analyte.search(name) is not None
