"""JSON answers of list interfaces: safe access to their values, and the articles that any of them lists."""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median
from typing import Any
from urllib.parse import parse_qsl, urlencode

from crawler.parsing.date_forms import CST
from crawler.parsing.page import Page, PageRequest
from crawler.platforms.base import ListItem
from crawler.platforms.links import absolute, date_texts, items_in

MAX_ANSWER = 8_000_000
"""Characters."""
_CALLBACK = re.compile(r"[\w.$]{1,80}\s*\(\s*(?=[{\[])")
_TAG = re.compile(r"<[^<>]{0,300}>")


def is_json(page: Page) -> bool:
    """Whether the page begins like a JSON answer, or like one inside a callback (JSONP)."""
    text = page.text.lstrip("\ufeff \t\r\n")
    return text.startswith(("{", "[")) or _CALLBACK.match(text[:200]) is not None


def parse_json(page: Page) -> Any:
    """The page as JSON; None if it is not JSON. The callback around a JSONP answer is removed."""
    text = page.text.lstrip("\ufeff \t\r\n")
    if len(text) > MAX_ANSWER:
        return None
    if not text.startswith(("{", "[")):
        callback = _CALLBACK.match(text[:200])
        if callback is None:
            return None
        text = text[callback.end() :].rstrip("; \t\r\n").removesuffix(")")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def get_path(value: Any, *path: str) -> Any:
    """`value[a][b]…`, None if a step is missing."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def iterate_objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects among the elements of a list."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))


def get_text(row: dict[str, Any], *names: str) -> str:
    """The first of the named values that is a text or a number, "" without one."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def parse_count(value: Any) -> int | None:
    """A count that may be given as text, None if it is not a count."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else None


def build_items(rows: Iterable[tuple[str, str, str]], base: str, now: datetime) -> list[ListItem]:
    """Items from `(address, title, date)` as an interface sends them: markup is removed from titles, rows without
    address or title are left out, a date of 10 or 13 digits is seconds or milliseconds since 1970."""
    found = []
    for href, title, moment in rows:
        url = absolute(base, href) if href else ""
        plain = " ".join(html.unescape(_TAG.sub("", title)).split())
        if url and plain:
            found.append((url, plain, _to_shown_date(moment)))
    return date_texts(found, now)


def _to_shown_date(moment: str) -> str:
    """A date as a page shows it: seconds or milliseconds since 1970 and times with a zone become China Standard
    Time."""
    if re.fullmatch(r"1\d{9}(?:\d{3})?", moment):
        return f"{datetime.fromtimestamp(int(moment[:10]), CST):%Y-%m-%d %H:%M:%S}"
    if _ISO.match(moment):
        try:
            read = datetime.fromisoformat(moment)
        except ValueError:
            return moment
        return f"{read.astimezone(CST) if read.tzinfo else read:%Y-%m-%d %H:%M:%S}"
    return moment


# The list of any interface: which rows it has, and which of their values are address, title and date.

MAX_DEPTH = 8
MAX_TITLE = 200
MIN_TITLE = 6
_ISO = re.compile(r"(?:19|20)\d\d-\d\d-\d\dT\d\d:\d\d")
_URL_NAME = re.compile(r"(?:url|link|href|uri)s?$|^lj$", re.I)
_NO_URL_NAME = re.compile(r"img|image|pic|cover|thumb|logo|icon|video|audio|pdf|attach|file_?url|fwd|share|site", re.I)
_ADDRESS = re.compile(
    r"(?:https?:)?//[\w.-]+\S*$|\.{0,2}/\S+$|[\w-][\w/.-]*\.(?:s?html?|jsp|aspx?|php)(?:\?\S*)?$", re.I
)
_NO_ARTICLE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|mp4|mp3)(?:\?|$)", re.I)
_TITLE_NAMES = (
    re.compile(r"^(?:title|doc_?title|bt|wjbt|xxbt|headline|biaoti)$", re.I),
    re.compile(r"title$|^(?:show_?name|topic|subject)$", re.I),
    re.compile(r"^(?:file_?name|name|mc)$", re.I),
)
_NO_TITLE_NAME = re.compile(r"sub_?title|short_?title|list_?title|site|channel|column|column_?title", re.I)
_DATE_NAMES = (
    re.compile(
        r"^(?:display_?)?(?:doc_?)?(?:pub|publish|publi[sc]ed|release|rel|issue|fb|fabu)\w{0,6}(?:date|time|rq|sj|day)",
        re.I,
    ),
    re.compile(r"(?:publish|pub|release|show|display)\w{0,8}(?:date|time)|^(?:date|time|rq|sj|day)$", re.I),
    re.compile(r"date|time|rq$|sj$", re.I),
)
_NO_DATE_NAME = re.compile(
    r"update|modif|edit|creat|crt|index|warehouse|insert|expire|abol|invalid|start|begin|end_?(?:date|time)|auto|tag_|write",
    re.I,
)
_WHOLE_DATE = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}|1\d{9}(?:\d{3})?$")
_HAN = re.compile(r"[\u4e00-\u9fff]")

_Row = dict[str, str]


def read_answer(page: Page, now: datetime) -> list[ListItem]:
    """The articles that a JSON answer lists, whatever interface sent it; [] if it lists none.

    A list is an array of objects that have an address and a title, or of pieces of HTML with links. Fields are found
    by their names, a title without a telling name by its values. Arrays of the same name beside each other (the
    categories of a search) are one list."""
    answer = parse_json(page)
    if answer is None:
        return []
    arrays: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for path, values in _arrays(answer):
        arrays[(*path[:-2], *path[-1:])] += values
    lists = [_read_array(values, page.url, now) for values in arrays.values()]
    return max(lists, key=len, default=[])


def _arrays(answer: Any) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Each array of an answer with the names that lead to it, outermost first; arrays inside rows are not lists."""
    level: list[tuple[tuple[str, ...], Any]] = [((), answer)]
    for _ in range(MAX_DEPTH):
        following: list[tuple[tuple[str, ...], Any]] = []
        for path, value in level:
            if isinstance(value, list) and value:
                yield path, value
                if _columns(list(_rows(value))) is None:
                    following += [(path, one) for one in value if isinstance(one, dict)]
            elif isinstance(value, dict):
                following += [((*path, name), one) for name, one in value.items() if isinstance(one, dict | list)]
        level = following


def _read_array(values: Sequence[Any], base: str, now: datetime) -> list[ListItem]:
    rows = list(_rows(values))
    if not rows:
        pieces = [value for value in values if isinstance(value, str) and "<a" in value]
        return items_in("\n".join(f"<div>{piece}</div>" for piece in pieces), base, now) if pieces else []
    columns = _columns(rows)
    if columns is None:
        return []
    url, title, moment = columns
    return build_items(((row.get(url, ""), row.get(title, ""), row.get(moment, "")) for row in rows), base, now)


def _rows(values: Sequence[Any]) -> Iterator[_Row]:
    """The texts and numbers of each object; of an object that only wraps another (`{"data": {…}}`), those of both."""
    for value in values:
        if isinstance(value, dict):
            inner = next(
                (one for name in ("data", "source", "_source") if isinstance(one := value.get(name), dict)), {}
            )
            both = {**value, **inner}
            yield {name: text for name in both if (text := get_text(both, name))}


def _columns(rows: Sequence[_Row]) -> tuple[str, str, str] | None:
    """The names of the fields for address, title and date ("" without one); None if the rows are not articles."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    urls = [
        name
        for name in names
        if _URL_NAME.search(name) and not _NO_URL_NAME.search(name) and _is_common(rows, name, _is_article_address)
    ]
    if not urls:
        return None
    url = min(urls, key=lambda name: (name.lower() != "url", names.index(name)))
    titles = [n for n in names if not _NO_TITLE_NAME.search(n) and _is_common(rows, n, _is_title)]
    title = _by_name(titles, _TITLE_NAMES) or _by_values(titles, rows)
    if not title:
        return None
    dates = [n for n in names if not _NO_DATE_NAME.search(n) and _is_common(rows, n, _is_date)]
    return url, title, _by_name(dates, _DATE_NAMES) or ""


def _is_common(rows: Sequence[_Row], name: str, test: Any) -> bool:
    """Whether the field of at least half of the rows passes a test."""
    return sum(test(row.get(name, "")) for row in rows) * 2 >= len(rows)


def _is_article_address(value: str) -> bool:
    return bool(_ADDRESS.match(value)) and not _NO_ARTICLE.search(value)


def _is_title(value: str) -> bool:
    plain = _TAG.sub("", value)
    return MIN_TITLE <= len(plain) <= MAX_TITLE and bool(_HAN.search(plain)) and "\n" not in value.strip()


def _is_date(value: str) -> bool:
    return _WHOLE_DATE.match(value) is not None


def _by_name(names: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> str | None:
    """The first of the names that the first matching pattern finds."""
    return next((name for pattern in patterns for name in names if pattern.search(name)), None)


def _by_values(names: Sequence[str], rows: Sequence[_Row]) -> str | None:
    """The field with the longest texts that differ from row to row: what a site's name or a category never does."""
    distinct = [n for n in names if 5 * len({row.get(n, "") for row in rows}) >= 4 * len(rows)]
    return max(distinct, key=lambda n: median(len(row.get(n, "")) for row in rows), default=None)


# The next page of such a list: the question that was sent with the next page number.

_PAGE_NAMES = ("pageno", "pagenum", "pagenumber", "pageindex", "currentpage", "curpage", "current", "page", "p")
_SIZE_NAMES = ("pagesize", "perpage", "rows", "size", "limit", "n")
_TOTAL_NAMES = ("total", "totalcount", "totalrecord", "totalrecords", "totalelements", "count")
_PAGES_NAMES = ("pagecount", "totalpage", "totalpages", "pages")


def read_total(page: Page) -> int | None:
    """How many articles the list of an answer holds on all its pages, if the answer says so."""
    return _find_count(parse_json(page), _TOTAL_NAMES)


def build_next_request(page: Page, loaded: int) -> PageRequest | None:
    """The request for the page after a JSON answer with `loaded` items: the one that was sent with its page number
    raised by one, in the address, in a form or in a JSON body; None if it had no number or was the last."""
    sent, answer = page.sent, parse_json(page)
    if sent is None or answer is None or not loaded:
        return None
    address, _, query = sent.url.partition("?")
    if not sent.body:
        turned = _turn_page(parse_qsl(query, keep_blank_values=True), answer, loaded)
        return replace(sent, url=f"{address}?{urlencode(turned)}") if turned else None
    try:
        question = json.loads(sent.body)
    except ValueError:
        turned = _turn_page(parse_qsl(sent.body.decode("ascii", "replace"), keep_blank_values=True), answer, loaded)
        return replace(sent, body=urlencode(turned).encode()) if turned else None
    if not isinstance(question, dict):
        return None
    turned = _turn_page(list(question.items()), answer, loaded)
    return replace(sent, body=json.dumps(dict(turned), ensure_ascii=False).encode()) if turned else None


def _turn_page(fields: list[tuple[str, Any]], answer: Any, loaded: int) -> list[tuple[str, Any]] | None:
    """The fields of a question with the next page number; None if there is no next page."""
    counts = {name: count for name, value in fields if (count := parse_count(value)) is not None}
    names = {name.lower(): name for name in counts}
    own = next((names[name] for name in _PAGE_NAMES if name in names), None)
    if own is None:
        return None
    number = counts[own]
    size = next((counts[names[name]] for name in _SIZE_NAMES if name in names), 0) or loaded
    pages, total = _find_count(answer, _PAGES_NAMES), _find_count(answer, _TOTAL_NAMES)
    first = min(number, 1)
    if pages is None and total is not None:
        pages = -(-total // size)
    if pages is not None and number - first + 1 >= pages:
        return None
    return [(n, type(v)(number + 1) if n == own else v) for n, v in fields]


def _find_count(answer: Any, names: Sequence[str]) -> int | None:
    """The first of the named counts, the outermost first; not inside arrays."""
    level = [answer]
    for _ in range(4):
        objects = [value for value in level if isinstance(value, dict)]
        for value in objects:
            for name, one in value.items():
                if name.lower() in names and (count := parse_count(one)) is not None:
                    return count
        level = [one for value in objects for one in value.values()]
    return None


def split_between(text: str, start: str, end: str) -> Iterator[str]:
    """The texts between each `start` and the next `end` after it, in order, case-sensitive. Takes linear time; a lazy
    pattern takes quadratic time on a truncated page."""
    place = text.find(start)
    while place >= 0:
        place += len(start)
        close = text.find(end, place)
        if close < 0:
            return
        yield text[place:close]
        place = text.find(start, close + len(end))
