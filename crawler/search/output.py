"""Answers of a search as text: for a terminal, and as JSON, JSON lines and CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from crawler.output import BEIJING, format_count, plain, print_rows, to_json
from crawler.search.filters import Filters
from crawler.search.language import Either, Every, Node, Query, QueryTerm
from crawler.search.search import Found, Hit, Passage, find_spans

_MARK, _DIM, _END = "\x1b[1;31m", "\x1b[2m", "\x1b[0m"
_MAX_NAMES = 3


def print_found(found: Found, filters: Filters, form: str, *, page: int = 1, colour: bool = False) -> None:
    """Print the answer in one of `output.FORMATS`; `colour` marks the terms of a table."""
    if form == "table":
        for line in table_lines(found, filters.text or Query(()), page=page, colour=colour):
            print(line)
    elif form == "json":
        answer = {"matched": found.matched, "stories": found.stories, "page": page, "note": found.note or None}
        print(to_json({**answer, "hits": [row_of(hit) for hit in found.hits]}, indent=1))
    else:
        print_rows(map(row_of, found.hits), form)


def synonym_note(filters: Filters) -> str:
    """Which synonyms the answer used; "" if none."""
    if not filters.synonyms:
        return ""
    groups = "; ".join(" = ".join(str(part) for part in each.parts) for each in filters.synonyms)
    return f"Synonyms: {groups} (--no-synonyms: only the words as typed)."


def table_lines(found: Found, query: Query, *, page: int, colour: bool) -> Iterator[str]:
    """The answer for people: each story with its passage, then how many there are."""
    mark: Callable[[Passage], str] = _coloured if colour else lambda piece: plain(piece.text)
    for hit in found.hits:
        article = hit.article
        spans = tuple(find_spans(article["title"], query, in_title=True))
        title = mark(Passage(article["title"], spans))
        yield f"{format_moment(article['published_at'])}  {_publisher(article)}  {title}"
        if hit.passage.text:
            yield f"    …{mark(hit.passage)}…"
        yield _dimmed(f"    {plain(article['url'])}", colour)
        if hit.reprints:
            names = list(dict.fromkeys(_publisher(each) for each in hit.reprints))
            more = "…" if len(names) > _MAX_NAMES else ""
            yield f"    + {len(hit.reprints)} of the same story: {'、'.join(names[:_MAX_NAMES])}{more}"
    shown = f"; page {page} shows {len(found.hits)}" if len(found.hits) < found.stories else ""
    yield f"{format_count(found.matched, 'article')}, {format_count(found.stories, 'story', 'stories')}{shown}."


def format_moment(time: datetime | None) -> str:
    """A time as people in China read it; as wide if there is none."""
    return f"{time.astimezone(BEIJING):%Y-%m-%d %H:%M}" if time else "no date shown   "


def explain(filters: Filters, counts: Iterator[tuple[str, int]] | list[tuple[str, int]]) -> Iterator[str]:
    """How a question is understood: each condition and how many articles fulfil it alone, then what finds about the
    same in mongosh."""
    yield "An article must fulfil every condition:"
    for said, number in counts:
        yield f"  {said}: {format_count(number, 'article')}"
    if note := synonym_note(filters):
        yield note
    yield "About the same in mongosh, which reads every article (one script, one width):"
    yield f"  db.articles.find({_shell(mongo_filter(filters))})"


def mongo_filter(filters: Filters) -> dict[str, Any]:
    """A MongoDB filter for about the same articles: words are literals of the stored text, whose script and width are
    not folded, and synonyms and all else are as asked."""
    parts = [_mongo(part) for part in filters.text.parts] if filters.text else []
    parts += [{"$nor": [_mongo(part)]} for part in (filters.text.excluded if filters.text else ())]
    bounds = {name: time for name, time in (("$gte", filters.since), ("$lte", filters.until)) if time}
    if bounds:
        parts.append({"published_at": bounds})
    for field, time in (("first_seen_at", filters.seen_since), ("changed_at", filters.changed_since)):
        if time:
            parts.append({field: {"$gte": time}})
    listed = (("site.code", filters.sites), ("place_codes", filters.places or None))
    parts += [{field: {"$in": list(values)}} for field, values in listed if values is not None]
    for field, words in (("source", filters.source), ("section", filters.section)):
        if words:
            parts.append({field: {"$regex": "|".join(map(re.escape, words))}})
    if filters.types:
        parts.append({"document_type.name": {"$in": list(filters.types)}})
    if filters.min_relevance is not None:
        parts.append({"relevance.score": {"$gte": filters.min_relevance}})
    if filters.originals:
        parts.append({"original": None})
    return parts[0] if len(parts) == 1 else {"$and": parts} if parts else {}


def _mongo(node: Node) -> dict[str, Any]:
    if isinstance(node, QueryTerm):
        literal = {"$regex": re.escape(node.folded), "$options": "i"}
        return {"title": literal} if node.in_title else {"$or": [{"title": literal}, {"body": literal}]}
    parts = [_mongo(part) for part in node.parts]
    if isinstance(node, Either):
        return {"$or": parts}
    assert isinstance(node, Every)
    return {"$and": [*parts, *({"$nor": [_mongo(part)]} for part in node.excluded)]}


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


def row_of(hit: Hit) -> dict[str, Any]:
    """A hit as a row of JSON or CSV; times are ISO 8601 in Beijing's zone."""
    article = hit.article
    times = {name: article.get(name) for name in ("published_at", "first_seen_at", "changed_at")}
    return {
        "_id": article["_id"],
        **{name: time.astimezone(BEIJING).isoformat() if time else None for name, time in times.items()},
        "site": (article["site"] or {}).get("name"),
        "section": article["section"],
        "type": (article.get("document_type") or {}).get("name"),
        "title": article["title"],
        "source": article["source"],
        "url": article["url"],
        "relevance": (article.get("relevance") or {}).get("score"),
        "score": hit.score,
        "passage": hit.passage.text,
        "reprints": [each["url"] for each in hit.reprints],
    }


def _shell(value: Any) -> str:
    if isinstance(value, datetime):
        return f'ISODate("{value:%Y-%m-%dT%H:%M:%S}{value:%z}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_shell(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shell, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
