"""The page's words in Chinese and English: `words.toml`, and the choice between them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

LANGUAGES = ("zh", "en")


@cache
def load_words() -> Mapping[str, Mapping[str, str]]:
    """`{key: {"zh": …, "en": …}}`."""
    return tomllib.loads((files("crawler.web") / "words.toml").read_text("utf-8"))


def translate(key: str, language: str, **values: object) -> str:
    """The words for `key` with `values` filled in. Raises KeyError for an unknown key: a test renders every page."""
    text = load_words()[key][language]
    return text.format(**values) if values else text


def choose_language(asked: str | None, accept_language: str) -> str:
    """The language of the switch (`?lang=`), else the one that `Accept-Language` prefers (RFC 9110 §12.5.4), else
    Chinese."""
    if asked in LANGUAGES:
        return asked
    best, best_weight = "zh", 0.0
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            weight = float(parameters.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best
