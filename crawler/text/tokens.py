"""What Chinese search looks up: the pairs of neighbouring Han characters of a text, and its Latin words and numbers.

MongoDB's `$text` splits no Chinese, and a dictionary of words misses what it doesn't know (names of places, firms and
products). Every pair of a term is in a text that holds the term, so pairs lose nothing; what they find too much, a look
at the text itself sorts out. Both are compared folded: width, case and script of a character make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from crawler.text.characters import CharacterTable, simplify_character

TITLE = "^"
"""Goes before a token of the title: headlines can be asked for alone."""
MAX_WORD_LENGTH = 40
"""Of a word of Latin letters or digits: what is longer (a hash, an address) is cut, here as in a query."""
MAX_BODY_LENGTH = 50_000
"""Characters of a body that can be searched: what a reader would read, and a bound for the index."""

HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_PAIRS = re.compile(rf"[{HAN}]+")
_WORDS = re.compile(rf"[^\W_{HAN}]+")
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


def tokens(title: str | None, body: str | None) -> list[str]:
    """The tokens of an article, each once: those of the title behind `TITLE`, then those of title and body. Their order
    is that of the text, which costs less than to sort them."""
    headline = tokens_of(fold(title or ""))
    marked = [TITLE + token for token in headline]
    return list(dict.fromkeys([*marked, *headline, *_occurrences(fold((body or "")[:MAX_BODY_LENGTH]))]))


def tokens_of(folded: str) -> dict[str, None]:
    """The tokens of a folded text, as the keys of a dictionary: words, then pairs, as they come. A single Han character
    between other things gives none: it is in no pair."""
    return dict.fromkeys(_occurrences(folded))


def _occurrences(folded: str) -> list[str]:
    words = [word[:MAX_WORD_LENGTH] for word in _WORDS.findall(folded)]
    return words + [run[at : at + 2] for run in _PAIRS.findall(folded) for at in range(len(run) - 1)]


def is_word(character: str) -> bool:
    """Whether a folded character is part of a word or number: a letter or digit that isn't Han."""
    return bool(_WORDS.match(character))
