"""What Chinese search looks up: pairs of neighbouring Han characters, Latin words and numbers, and signs.

A dictionary of words misses names of places, firms and products; pairs of characters lose nothing. The text becomes a
sequence of tokens, one for each Han character, word and sign:

    米粉抽检，12批次  →  米粉 粉抽 抽检 检 ， 12 批次 次

A Han character starts the pair with its right neighbour; the last one of a run stands alone. So a term is in a text if
and only if the tokens of the term follow each other in the text, and a phrase query needs no look at the text itself.
A token after a character that makes another word of it (不合格, 玉米粉: `longer_words.toml`) carries a mark, so that
合格 alone can be asked for. Texts and terms are compared folded: width, case and script make no difference.
"""

from __future__ import annotations

import re
import sys
import tomllib
import unicodedata
from array import array
from functools import cache
from pathlib import Path

from crawler.text.characters import CharacterTable, simplify_character

HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_PAIRS = re.compile(rf"[{HAN}]+")
_WORDS = re.compile(rf"[^\W_{HAN}]+")
MARK = "¬"
"""Before a token that follows a character of `longer_words.toml`."""
MAX_WORD = 200
"""Characters of a Latin word or number; the rest of a longer one (base64, a hash) is cut off, here as in a query."""
_NOT_SECOND = re.compile(rf"[^{HAN}]|(?<![{HAN}]).", re.S)
"""What can't be the second character of a pair: no Han character, or the first one of a run."""
_ODD_SPACE = re.compile(r"[\0\x0b\x1c-\x1f\x85\u1680\u2028\u2029\u3000\xa0\u2000-\u200a\u202f\u205f]")
"""White space that the index doesn't know, and what stands for a word below."""
_WORD, _SPACE = "\0", 32
_CODEC = f"utf-32-{sys.byteorder[0]}e"
_SIMPLIFIED_FURTHER = "乾夥後徵捱摺於菸著袷麴麽"
"""The characters of GB 2312, the simplified set, that simplifying changes."""


def _folded_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).lower()
    return simplify_character(folded) if _PAIRS.match(folded) else folded


_FOLDING = CharacterTable(_folded_character)


def fold(text: str) -> str:
    """`text` as it is compared: half-width, lower-case, simplified, each character by itself. Of the same length,
    except for characters that stand for several (㎏ → kg)."""
    return _folded().sub(lambda character: _FOLDING[ord(character[0])], text)


@cache
def _folded() -> re.Pattern[str]:
    """What may fold to something else; the rest of a text is passed over, which is quicker than to look it all up. That
    most Han characters stay is known of GB 2312: a search in simplified text needs no OpenCC, which takes 60 ms."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    same = b"".join(rows).decode("gb2312", "ignore").translate(dict.fromkeys(map(ord, _SIMPLIFIED_FURTHER)))
    return re.compile(f"[^\\x00-@\\[-\\x7f。、“”{same}]")


def token_text(folded: str) -> str:
    """The tokens of a folded text in their order, one for each Han character, word and sign, with white space between.

    A comprehension over the characters takes twice as long, and building the index spends a third of its time here."""
    folded = _ODD_SPACE.sub(" ", folded)
    words = _WORDS.findall(folded)
    # Four characters for each token: a space, a mark or space, the character, its right neighbour or a space.
    single = _WORDS.sub(_WORD, folded)
    places = array("I", [_SPACE]) * (4 * len(single))
    places[2::4] = _codes(single)
    places[3:-1:4] = _codes(_NOT_SECOND.sub(" ", single)[1:])
    for found in _marking().finditer(single):
        places[4 * found.end() + 1] = ord(MARK)
    joined = places.tobytes().decode(_CODEC, "surrogatepass")
    if not words:
        return joined
    parts = joined.split(_WORD)
    return "".join(
        part for pair in zip(parts, [*(word[:MAX_WORD] for word in words), ""], strict=True) for part in pair
    )


def sequence(folded: str) -> list[str]:
    """The tokens of a folded text in their order, one for each Han character, word and sign."""
    return token_text(folded).split()


@cache
def longer_words() -> tuple[str, dict[str, str]]:
    """The characters that make another word of any that follows, and those that make one of a certain word."""
    data = tomllib.loads(Path(__file__).with_name("longer_words.toml").read_text("utf-8"))
    return data["negations"], data["before"]


@cache
def _marking() -> re.Pattern[str]:
    """Matches each character that makes another word of what follows it."""
    negations, before = longer_words()
    special = [f"[{first}](?={word})" for word, first in before.items()]
    return re.compile("|".join([f"[{negations}](?=[{HAN}])", *special]))


def _codes(text: str) -> array[int]:
    return array("I", text.encode(_CODEC, "surrogatepass"))
