"""Answers of a search as text: for a terminal, and as JSON lines, JSON and CSV."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from crawler.output import BEIJING, harmless, plain
from crawler.search.filters import Filters, Plan
from crawler.search.language import Query
from crawler.search.search import SAMPLE, Found, Hit, Passage, spans

FORMATS = ("table", "json", "jsonl", "csv")
_MARK, _DIM, _END = "\x1b[1;31m", "\x1b[2m", "\x1b[0m"
_MAX_NAMES = 3


def printed(found: Found, filters: Filters, form: str, *, colour: bool) -> Iterator[str]:
    """The lines of the answer in one of FORMATS; `colour` marks the terms of a table."""
    if form == "table":
        yield from _table(found, filters.text or Query(()), colour=colour)
        return
    rows = [_row(hit) for hit in found.hits]
    if form == "json":
        answer = {"matched": found.matched, "stories": found.stories, "back_to": _moment(found.back_to), "hits": rows}
        yield json.dumps(answer, ensure_ascii=False, indent=1)
    elif form == "jsonl":
        yield from (json.dumps(row, ensure_ascii=False) for row in rows)
    else:
        yield from _csv(rows)


def explained(filters: Filters, plan: Plan) -> Iterator[str]:
    """The filter in the language of MongoDB's shell, and the index it starts from."""
    yield f"db.articles.find({_shell(plan.filter)})"
    if plan.index in (None, "by_published"):
        yield "reads the articles newest first, through index by_published, and looks at each"
    elif plan.tokens:
        yield f"starts from the {plan.index} of {'、'.join(plan.tokens)}; the words are looked for article by article"
        yield "where those are very many: newest first, through index by_published"
    else:
        yield f"starts from index {plan.index} with {_shell(plan.leading)}; the rest is looked at article by article"
        yield f"where it gives many of the newest {SAMPLE}: newest first, through index by_published"


def beijing(moment: datetime | None) -> str:
    """A moment as people in China read it."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}" if moment else "no date shown   "


def _table(found: Found, query: Query, *, colour: bool) -> Iterator[str]:
    mark: Callable[[Passage], str] = _coloured if colour else lambda piece: plain(piece.text)
    for hit in found.hits:
        article = hit.article
        title = mark(Passage(article["title"], tuple(spans(article["title"], query))))
        yield f"{beijing(article['published_at'])}  {_publisher(article)}  {title}"
        if hit.passage.text:
            yield f"    …{mark(hit.passage)}…"
        yield _dimmed(f"    {plain(article['url'])}", colour)
        if hit.reprints:
            names = list(dict.fromkeys(_publisher(each) for each in hit.reprints))
            more = "…" if len(names) > _MAX_NAMES else ""
            yield f"    + {len(hit.reprints)} of the same story: {'、'.join(names[:_MAX_NAMES])}{more}"
    shown = f", the best {len(found.hits)} shown" if len(found.hits) < found.stories else ""
    yield f"{found.matched} articles matched, {found.stories} stories{shown}."
    yield from bounded(found)


def bounded(found: Found) -> Iterator[str]:
    """The sentence that says how far an answer goes, where it doesn't go all the way."""
    if found.back_to:
        yield f"Older ones than {beijing(found.back_to)} were not looked at; --all counts and ranks them too."


def _coloured(piece: Passage) -> str:
    parts, at = [], 0
    for begin, end in piece.spans:
        parts += [plain_piece(piece.text[at:begin]), _MARK, plain_piece(piece.text[begin:end]), _END]
        at = end
    return "".join([*parts, plain_piece(piece.text[at:])])


def plain_piece(text: str) -> str:
    """A piece of a line, its outer spaces kept."""
    inner = plain(text)
    return f"{' ' * text[:1].isspace()}{inner}{' ' * (bool(inner) and text[-1:].isspace())}"


def _dimmed(text: str, colour: bool) -> str:
    return f"{_DIM}{text}{_END}" if colour else text


def _publisher(article: dict[str, Any]) -> str:
    return plain((article["site"] or {}).get("name")) or "?"


def _row(hit: Hit) -> dict[str, Any]:
    article = hit.article
    return {
        "_id": article["_id"],
        "published_at": _moment(article["published_at"]),
        "site": (article["site"] or {}).get("name"),
        "section": article["section"],
        "title": article["title"],
        "source": article["source"],
        "url": article["url"],
        "relevance": (article.get("relevance") or {}).get("score"),
        "score": hit.score,
        "passage": hit.passage.text,
        "reprints": [each["url"] for each in hit.reprints],
    }


def _moment(time: datetime | None) -> str | None:
    return time.astimezone(BEIJING).isoformat() if time else None


def _csv(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        if not buffer.tell():
            writer.writerow(row)
        cells = [" ".join(value) if isinstance(value, list) else value for value in row.values()]
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    if text := buffer.getvalue():
        yield text.removesuffix("\n")


def _shell(value: Any) -> str:
    if isinstance(value, datetime):
        return f'ISODate("{value:%Y-%m-%dT%H:%M:%S}{value:%z}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_shell(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shell, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


# The filters as options of a command: the same for search, export and stats.

NAMES = ("since", "until", "region", "site", "place", "source", "section", "min_relevance", "originals")


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `filters_of` reads."""
    group = parser.add_argument_group("which articles")
    group.add_argument("--since", metavar="TIME", help="from this moment on: 2026-11-01, 7d, 昨天 (Beijing time)")
    group.add_argument("--until", metavar="TIME", help="up to this moment (a day: its end)")
    group.add_argument("--region", default=(), metavar="NAMES", help="published in this province, city or county")
    group.add_argument("--site", default=(), metavar="NAMES", help="published by these sites: 青田县, qingtian, cfsn")
    group.add_argument("--place", default=(), metavar="NAMES", help="the text names this province, city or county")
    group.add_argument("--source", default=(), metavar="WORDS", help="来源 contains one of these words")
    group.add_argument("--section", default=(), metavar="WORDS", help="栏目 contains one of these words")
    group.add_argument("--min-relevance", metavar="NUMBER", help="about food safety at least so much, 0 to 1")
    group.add_argument("--originals", action="store_true", help="no reprints")


def filters_of(opts: argparse.Namespace, text: str | None) -> Filters:
    """The filters that the options say, and the query `text`. Raises QueryError."""
    return Filters.read(text, **{name: getattr(opts, name) for name in NAMES})
