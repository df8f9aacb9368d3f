"""Answers of list interfaces: JSON read without surprises."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from crawler.parsing.date_forms import CST
from crawler.parsing.page import Page
from crawler.platforms.base import ListItem
from crawler.platforms.links import absolute, date_texts

_LARGEST = 8_000_000
_TAG = re.compile(r"<[^<>]{0,300}>")


def json_of(page: Page) -> Any:
    """The page as JSON, None where it is none."""
    text = page.text.lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")) or len(text) > _LARGEST:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def at(value: Any, *path: str) -> Any:
    """`value[a][b]…`, None where a step is missing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def tables_of(value: Any) -> Iterator[dict[str, Any]]:
    """The objects among the elements of a list."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))


def text_of(row: dict[str, Any], *names: str) -> str:
    """The first of the named values that is a text or a number, "" without one."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def count_of(value: Any) -> int | None:
    """A number of things that may come as text, None where it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else None


def items_of(rows: Iterable[tuple[str, str, str]], base: str, now: datetime) -> list[ListItem]:
    """Items from `(address, title, date)` as an interface gives them: titles without markup, rows without either
    address or title left out, a date of 10 or 13 digits read as seconds or milliseconds since 1970."""
    found = []
    for href, title, moment in rows:
        url = absolute(base, href) if href else ""
        plain = " ".join(html.unescape(_TAG.sub("", title)).split())
        if url and plain:
            found.append((url, plain, _readable(moment)))
    return date_texts(found, now)


def _readable(moment: str) -> str:
    if not re.fullmatch(r"1\d{9}(?:\d{3})?", moment):
        return moment
    return f"{datetime.fromtimestamp(int(moment[:10]), CST):%Y-%m-%d %H:%M:%S}"


# Pieces of a text between two marks, in linear time: a lazy pattern is quadratic on a page cut in the middle.


def between(text: str, start: str, end: str) -> Iterator[str]:
    """What stands between each `start` and the next `end` after it, in order; case counts."""
    place = text.find(start)
    while place >= 0:
        place += len(start)
        close = text.find(end, place)
        if close < 0:
            return
        yield text[place:close]
        place = text.find(start, close + len(end))
