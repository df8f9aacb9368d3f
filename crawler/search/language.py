"""The language of search: words separated by spaces, all of which must be there, "phrases", and -exclusions.

Everything else is a literal: no character is an operator of MongoDB or of regular expressions. Script, width and case
make no difference. A Latin word or a number is whole (`12` isn't in `312`); Han text may stand anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.errors import QueryError
from crawler.text.tokens import HAN, fold, is_word, tokens_of

LONGEST, MAX_TERMS = 500, 30
_QUOTES = str.maketrans(dict.fromkeys("“”„‟＂「」『』«»", '"'))
# A number or word ends where Han text begins.
_LETTER = rf"[^\W_{HAN}]"
_PART = re.compile(r'([-－]?)"([^"]*)"|([-－]?)([^\s"]+)')


@dataclass(frozen=True)
class Term:
    """One word or phrase: as `typed`, and `folded` as it is compared."""

    typed: str
    folded: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the term in a folded text."""
        before = f"(?<!{_LETTER})" if is_word(self.folded[0]) else ""
        after = f"(?!{_LETTER})" if is_word(self.folded[-1]) else ""
        return re.compile(before + re.escape(self.folded) + after)

    @property
    def tokens(self) -> set[str]:
        """What an article that holds the term has among its tokens; empty for one Han character and for signs."""
        return set(tokens_of(self.folded))


@dataclass(frozen=True)
class Query:
    """What must be in title or body, and what may not."""

    terms: tuple[Term, ...]
    excluded: tuple[Term, ...] = ()


def read_query(text: str) -> Query:
    """The query that `text` means. Raises QueryError."""
    text = text.translate(_QUOTES).strip()
    _check(text)
    terms: dict[str, Term] = {}
    excluded: dict[str, Term] = {}
    for minus, phrase, minus_word, word in _PART.findall(text):
        typed = " ".join((phrase or word).split())
        if not (folded := fold(typed)):
            continue
        (excluded if minus or minus_word else terms)[folded] = Term(typed, folded)
    if not terms:
        raise QueryError("The query says nothing to look for: give a word, as in 米粉 -面条.")
    if len(terms) + len(excluded) > MAX_TERMS:
        raise QueryError(f"The query has {len(terms) + len(excluded)} terms; at most {MAX_TERMS} can be asked for.")
    return Query(tuple(terms.values()), tuple(excluded.values()))


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise QueryError(f"The query has {len(text)} characters; at most {LONGEST} can be asked for.")
    if text.count('"') % 2:
        raise QueryError('A quotation mark of the query is never closed: write "食品抽检", or leave it out.')
    if not text.isprintable() and any(not character.isspace() and not character.isprintable() for character in text):
        raise QueryError("The query holds a character that can't be printed: type it again.")
