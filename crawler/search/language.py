"""The language of queries.

    米粉 不合格        both words, anywhere in title or body
    "食品安全 抽检"     a phrase
    -面条              without this word
    米粉|米线          one of them; binds closer than a space
    (米粉|米线) -检出   groups
    =合格              the word itself, not as a part of 不合格 (`text/longer_words.toml`)
    title:抽检         only in the title; also 标题:抽检 and title:(抽检|检查)

Everything else is literal: no character is an operator of MongoDB, of regular expressions or of the index. Script,
width and case make no difference. A Latin word or a number is whole (`12` isn't in `312`); Han text may stand anywhere.
White space counts only between two Han characters or two words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from crawler.errors import QueryError
from crawler.text.tokens import HAN, fold, longer_words, sequence

MAX_LENGTH, MAX_TERMS = 500, 30
_MAX_DEPTH = 10
_QUOTES = str.maketrans(dict.fromkeys("“”„‟＂「」『』«»", '"'))
# A number or word ends where Han text begins.
_LETTER = rf"[^\W_{HAN}]"
_PIECES = re.compile(rf"([{HAN}]+)|({_LETTER}+)|(\s+)|.")
_LEXER = re.compile(
    r'(?P<space>\s+)|"(?P<phrase>[^"]*)"|(?P<open>[(（])|(?P<close>[)）])|(?P<bar>[|｜])'
    r"|(?P<minus>[-－](?=[^\s|｜)）]))|(?P<title>(?i:title|标题)[:：](?=[^\s|｜)）]))|(?P<exact>[=＝](?=[^\s|｜)）]))"
    r'|(?P<word>[^\s"()（）|｜]+)'
)


@dataclass(frozen=True)
class QueryTerm:
    """One word or phrase: as `typed`, and `folded` as it is compared; `exact`: not as a part of a longer word;
    `in_title`: only there; `quoted`: typed as a phrase, so that nothing is taken for its synonym."""

    typed: str
    folded: str
    exact: bool = False
    in_title: bool = False
    quoted: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the term in a folded text."""
        pieces = list(_PIECES.finditer(self.folded.strip()))
        parts, before = [], ""
        for piece in pieces:
            kind = "han" if piece[1] else "word" if piece[2] else "space" if piece[3] else "sign"
            if kind == "space":
                continue
            if before:
                # White space parts what would be one word without it.
                parts.append(r"\s+" if before == kind and kind in ("han", "word") else r"\s*")
            parts.append(re.escape(piece[0]))
            before = kind
        first, last = (bool(piece[2]) for piece in (pieces[0], pieces[-1]))
        head = f"(?<!{_LETTER})" if first else self._not_after if self.exact else ""
        return re.compile(head + "".join(parts) + (f"(?!{_LETTER})" if last else ""))

    @property
    def _not_after(self) -> str:
        """A look-behind: no character that makes another word of the term."""
        negations, before = longer_words()
        barring = negations + "".join(first for word, first in before.items() if self.folded.startswith(word))
        return f"(?<![{barring}])"

    @property
    def tokens(self) -> list[str]:
        """The tokens of the term, without the last character of a run of several, which may go on in a text."""
        found = sequence(self.folded)
        run = re.search(rf"[{HAN}]+\Z", self.folded)
        return found[:-1] if run and len(run[0]) > 1 else found

    @property
    def is_open(self) -> bool:
        """Whether the last token is the beginning of one of the text: one Han character, with others behind it."""
        return re.search(rf"(?<![{HAN}])[{HAN}]\Z", self.folded) is not None

    def __str__(self) -> str:
        word = f'"{self.typed}"' if self.quoted or re.search(r"[\s()|（）｜]", self.typed) else self.typed
        return f"{'title:' * self.in_title}{'=' * self.exact}{word}"


@dataclass(frozen=True)
class Either:
    """One of several: terms, or groups. `synonyms`: they stand for one word that was typed."""

    parts: tuple[Node, ...]
    synonyms: bool = False

    def __str__(self) -> str:
        return f"({'|'.join(map(str, self.parts))})"


@dataclass(frozen=True)
class Every:
    """All of `parts`, and none of `excluded`."""

    parts: tuple[Node, ...]
    excluded: tuple[Node, ...] = ()

    def __str__(self) -> str:
        return f"({' '.join([*map(str, self.parts), *(f'-{part}' for part in self.excluded)])})"


Node = QueryTerm | Either | Every


@dataclass(frozen=True)
class Query:
    """What must be in title or body (`parts`, all of them), and what may not (`excluded`)."""

    parts: tuple[Node, ...]
    excluded: tuple[Node, ...] = ()

    @property
    def terms(self) -> tuple[QueryTerm, ...]:
        """Every term that an article may be found by, in order."""
        return tuple(dict.fromkeys(term for part in self.parts for term in terms_of(part)))

    def __str__(self) -> str:
        return " ".join([*map(str, self.parts), *(f"-{part}" for part in self.excluded)])


def terms_of(node: Node) -> Iterator[QueryTerm]:
    """The terms in a part of a query that an article may be found by."""
    if isinstance(node, QueryTerm):
        yield node
    else:
        for part in node.parts:
            yield from terms_of(part)


def read_query(text: str) -> Query:
    """The query that `text` means. Raises QueryError."""
    text = text.translate(_QUOTES).strip()
    _check(text)
    found = _Parser(text).read()
    if not found.parts:
        raise QueryError("The query is empty: add at least one word, e.g. 米粉 -面条.")
    return found


def _check(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise QueryError(f"The query has {len(text)} characters; at most {MAX_LENGTH} are allowed.")
    if text.count('"') % 2:
        raise QueryError('A quotation mark of the query is never closed: write "食品抽检", or leave it out.')
    if not text.isprintable() and any(not character.isspace() and not character.isprintable() for character in text):
        raise QueryError("The query contains a character that can't be printed: type it again.")


class _Parser:
    """Reads one query, from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = [(match.lastgroup or "", match) for match in _LEXER.finditer(text)]
        self._at = 0
        self._terms = 0

    def read(self) -> Query:
        parts, excluded = self._sequence(depth=0)
        if self._kind == "close":
            raise QueryError('A bracket of the query is never opened: write (米粉|米线), or put ")" into quotes.')
        return Query(parts, excluded)

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _skip(self, kind: str) -> bool:
        found = self._kind == kind
        self._at += found
        return found

    def _sequence(self, depth: int) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
        """All up to the end or a closing bracket: what must be there, and what may not."""
        parts: dict[Node, None] = {}
        excluded: dict[Node, None] = {}
        while self._skip("space") or self._kind not in ("", "close"):
            if self._kind in ("", "close"):
                break
            minus, node = self._alternatives(depth)
            if node is not None:
                (excluded if minus else parts)[node] = None
        return tuple(parts), tuple(excluded)

    def _alternatives(self, depth: int) -> tuple[bool, Node | None]:
        """What `|` joins; whether it is excluded."""
        if self._kind == "bar":
            raise QueryError('Nothing stands on the left of "|": write 米粉|米线, or put it into quotes.')
        minus, node = self._operand(depth)
        nodes = [node] if node is not None else []
        several = False
        while self._bar_follows():
            several = True
            if self._kind in ("", "close", "bar"):
                raise QueryError('Nothing stands on the right of "|": write 米粉|米线, or put it into quotes.')
            other_minus, other = self._operand(depth)
            if minus or other_minus:
                raise QueryError("An exclusion can't be one of several: write -(面条|米线) instead of -面条|米线.")
            nodes += [other] if other is not None else []
        if not several or len(nodes) < 2:
            return minus, nodes[0] if nodes else None
        return False, Either(tuple(dict.fromkeys(nodes)))

    def _bar_follows(self) -> bool:
        at = self._at
        self._skip("space")
        if not self._skip("bar"):
            self._at = at
            return False
        self._skip("space")
        return True

    def _operand(self, depth: int) -> tuple[bool, Node | None]:
        """A term or group with what stands before it; None for one that holds nothing to look for."""
        before = set()
        while self._kind in ("minus", "title", "exact") and self._kind not in before:
            before.add(self._kind)
            self._at += 1
        if self._kind == "open":
            node: Node | None = self._group(depth)
        else:
            node = self._term()
        if node is not None:
            node = _mark(node, in_title="title" in before, exact="exact" in before)
        return "minus" in before, node

    def _group(self, depth: int) -> Node:
        if depth >= _MAX_DEPTH:
            raise QueryError(f"The query has groups in groups; at most {_MAX_DEPTH} deep.")
        self._at += 1
        parts, excluded = self._sequence(depth + 1)
        if not self._skip("close"):
            raise QueryError('A bracket of the query is never closed: write (米粉|米线), or put "(" into quotes.')
        if not parts:
            raise QueryError("A group of the query has no word to look for: write (米粉 -面条), or leave it out.")
        return parts[0] if len(parts) == 1 and not excluded else Every(parts, excluded)

    def _term(self) -> QueryTerm | None:
        if self._at >= len(self._tokens):
            return None
        kind, match = self._tokens[self._at]
        self._at += 1
        # A sign that nothing follows is a word like any other.
        typed = " ".join((match["phrase"] if kind == "phrase" else match[0]).split())
        folded = fold(typed)
        if not folded or not sequence(folded):
            return None
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryError(f"The query has more than {MAX_TERMS} terms: leave some of them out.")
        return QueryTerm(typed, folded, quoted=kind == "phrase")


def _mark(node: Node, *, in_title: bool, exact: bool) -> Node:
    """`node` with these conditions on each of its terms, besides what they have."""

    def mark(part: Node) -> Node:
        return _mark(part, in_title=in_title, exact=exact)

    if isinstance(node, QueryTerm):
        return replace(node, in_title=node.in_title or in_title, exact=node.exact or exact)
    if isinstance(node, Either):
        return Either(tuple(map(mark, node.parts)))
    return Every(tuple(map(mark, node.parts)), tuple(map(mark, node.excluded)))


# --- Synonyms of the trade (`synonyms.toml`): 农残 finds 农药残留 too ---


@cache
def load_synonyms() -> Mapping[str, tuple[str, ...]]:
    """The other words for a folded word, as the file writes them."""
    groups = tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text("utf-8"))["groups"]
    found: dict[str, dict[str, None]] = {}
    for group in groups:
        for word in group:
            found.setdefault(fold(word), {}).update(dict.fromkeys(other for other in group if other != word))
    return {word: tuple(others) for word, others in found.items()}


def add_synonyms(query: Query) -> tuple[Query, tuple[Either, ...]]:
    """The query with each word replaced by itself and its synonyms, and those replacements. Phrases in quotes and exact
    words have none."""
    used: dict[Either, None] = {}

    def widen(node: Node) -> Node:
        if isinstance(node, Either):
            return Either(tuple(map(widen, node.parts)), node.synonyms)
        if isinstance(node, Every):
            return Every(tuple(map(widen, node.parts)), tuple(map(widen, node.excluded)))
        others = load_synonyms().get(node.folded, ()) if not (node.exact or node.quoted) else ()
        if not others:
            return node
        either = Either(
            (node, *(QueryTerm(word, fold(word), in_title=node.in_title) for word in others)), synonyms=True
        )
        used[either] = None
        return either

    return Query(tuple(map(widen, query.parts)), tuple(map(widen, query.excluded))), tuple(used)
