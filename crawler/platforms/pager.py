"""Pagers that many products share: `createPageHTML` in its two forms, links labelled 下一页, and page numbers."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.parsing.page import Page, PageRequest
from crawler.platforms.base import ListItem

_CALL = re.compile(r"(?<!function )\b[cC]reatePage(?:HTML|Html)?\d?\s*\(([^(){}]{3,200})\)")
_ARGUMENT = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,'"]*))\s*(?:,|$)""")
_NEXT = re.compile(r"^[\s\[【(（]*(?:下一?页|后一?页|下页|Next(?:\s?Page)?|>|›|»|＞|>>|››)[\s>›»＞\]】)）]*$", re.I)
_NEXT_HINT = re.compile(r"下一?页|后一页", re.I)
_LAST = re.compile(r"^[\s\[【(（]*(?:尾页|末页|最后一?页)[\s\]】)）]*$")
_NUMBER = re.compile(r"(?:[?&](?:page|pageno|pageindex|currentpage|pagenum|p)=|_)(\d{1,5})(?=&|$|\.s?html?$)", re.I)
_PAGED = re.compile(r"(.*?[_-])(\d{1,5})\.s?html?$")
_DEAD = re.compile(r"^\s*(?:#|javascript:|$)", re.I)
MAX_LABEL = 12
_BLANKS = " \xa0\u3000\t\r\n"
_OFF = re.compile(r"(?:^|\s)(?:disabled?|off|no-?drop|forbid)(?:$|\s)", re.I)


PagerLinks = Sequence[tuple[HtmlElement, str]]


def next_of(page: Page) -> PageRequest | None:
    """The page after this one by a common pager, or None: `createPageHTML`, then links to the next page."""
    if not page.url:
        return None
    url = next_by_call(page.text, page.url)
    if url is None:
        labels = pager_links(page.root)
        url = (
            next_by_link(labels, page.url)
            or next_by_number(labels, page.url)
            or next_by_last(labels, page.url)
            or next_by_count(labels, page.url)
        )
    return PageRequest(url) if url else None


def pager_links(root: HtmlElement) -> list[tuple[HtmlElement, str]]:
    """The links of a page that are as short as those of a pager, with their texts."""
    found = []
    for element in root.iter("a", "link"):
        if element.get("href") is None:
            continue
        text = "".join(element.itertext()) if len(element) else (element.text or "")
        text = text.strip(_BLANKS)
        if len(text) <= MAX_LABEL and (text or element.tag == "link" or element.get("title") or element.get("rel")):
            found.append((element, text))
    return found


def find_calls(text: str) -> list[list[str]]:
    """The arguments of every `createPageHTML(…)` call of a page, quotes removed."""
    found: list[list[str]] = []
    if "reatePage" not in text:
        return found
    for call in _CALL.finditer(text):
        arguments = [(a or b or c).strip() for a, b, c in _ARGUMENT.findall(call[1])]
        while arguments and not arguments[-1]:
            arguments.pop()
        found.append(arguments)
    return found


def next_by_call(text: str, url: str) -> str | None:
    """The next address by `createPageHTML`: `(pages, current from 0, name, ext[, records])` goes to `name_i.ext`, `i` =
    current + 1; `(element, pages, current from 1, name, ext[, records])` to `name_i.ext`, `i` = current + 1, too."""
    for arguments in find_calls(text):
        numbers = [int(a) if a.isdecimal() and len(a) < 8 else None for a in arguments]
        if len(arguments) >= 5 and numbers[0] is None and numbers[1] is not None and numbers[2] is not None:
            pages, current, name, ext, last = numbers[1], numbers[2], arguments[3], arguments[4], numbers[1]
        elif len(arguments) >= 4 and numbers[0] is not None and numbers[1] is not None:
            pages, current, name, ext, last = numbers[0], numbers[1], arguments[2], arguments[3], numbers[0] - 1
        else:
            continue
        if pages and current < last and name and re.fullmatch(r"\.?[a-z]{3,5}", ext, re.I):
            return same_host(url, f"{name}_{current + 1}.{ext.lstrip('.')}")
        return None
    return None


def total_by_call(text: str) -> int | None:
    """The number of records if `createPageHTML` has it as its last argument."""
    for arguments in find_calls(text):
        named_div = bool(arguments) and not arguments[0].isdecimal()
        if len(arguments) > (5 if named_div else 4) and arguments[-1].isdecimal() and len(arguments[-1]) < 9:
            return int(arguments[-1])
    return None


def next_by_link(links: PagerLinks, url: str) -> str | None:
    """The address of a link labelled 下一页 (or marked `next`), on the same host and not this page; else None."""
    arrow = None
    for element, text in links:
        href = element.get("href")
        if _DEAD.match(href) or _OFF.search(element.get("class") or ""):
            continue
        label = f"{element.get('title') or ''} {element.get('aria-label') or ''}"
        says = bool(_NEXT.match(text)) or (len(text) < 3 and bool(_NEXT_HINT.search(label)))
        if not says and "next" not in (element.get("rel") or "").lower().split():
            continue
        target = same_host(url, href)
        if target is None or target == url.split("#", 1)[0]:
            continue
        if _NEXT_HINT.search(text) or element.tag == "link":
            return target
        arrow = arrow or target
    return arrow


def next_by_number(links: PagerLinks, url: str) -> str | None:
    """The address of the link that is this page's number plus one, if a pager has only numbers: a link `2` whose
    address is this page's but for one query parameter that counts pages (cfsn.cn: 首页 1 2 … 尾页); else None."""
    own = urlsplit(url)
    fields = dict(parse_qsl(own.query))
    for element, label in links:
        text = label.strip("[ ]")
        if not text.isdecimal() or not 1 < (number := int(text[:6])) < 100_000:
            continue
        target = same_host(url, element.get("href") or "")
        if target is None or (parts := urlsplit(target)).path != own.path:
            continue
        theirs = dict(parse_qsl(parts.query))
        changed = [key for key, value in theirs.items() if fields.get(key) != value]
        if len(changed) == 1 and theirs[changed[0]] == text and fields.get(changed[0], "1") == str(number - 1):
            return target
    return None


def next_by_last(links: PagerLinks, url: str) -> str | None:
    """The address after this one if the pager has only numbers and a link to the last page (尾页): the number in the
    address of the last page is the count of pages."""
    for element, text in links:
        if not _LAST.match(text):
            continue
        last = same_host(url, element.get("href") or "#")
        found = _NUMBER.search(last or "")
        if last is None or found is None:
            continue
        before = last[: found.start(1)]
        here = _NUMBER.search(url)
        current = int(here[1]) if here and url[: here.start(1)] == before else 1
        if current < int(found[1]):
            return f"{before}{current + 1}{last[found.end(1) :]}"
    return None


def next_by_count(links: PagerLinks, url: str) -> str | None:
    """The address of the link that is this page's number plus one, if the pager has only numbers and they are
    part of the names of the pages (`1 2 3`: list_2.html, list_3.html, or index_1.html for 2); else None."""
    pages: dict[int, str] = {}
    stems: set[str] = set()
    shift = 0
    for element, label in links:
        text = label.strip("[ ]")
        target = same_host(url, element.get("href") or "") if text.isdecimal() and len(text) < 6 else None
        found = _PAGED.match(urlsplit(target).path) if target else None
        if target and found and int(text) - int(found[2]) in {0, 1}:
            pages[int(text)] = target
            stems.add(found[1])
            shift = int(text) - int(found[2])
    own = _PAGED.match(urlsplit(url).path)
    current = int(own[2]) + shift if own and own[1] in stems else 1
    if len(stems) != 1 or pages.get(current, url) != url:
        return None
    return pages.get(current + 1)


def same_host(url: str, href: str) -> str | None:
    """`href` made absolute, or None if it leaves the host of `url` (`www.` and the scheme may differ)."""
    try:
        target = urljoin(url, re.sub(r"[\t\r\n]", "", href).strip()).split("#", 1)[0]
        parts, own = urlsplit(target), urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or _without_www(parts.hostname) != _without_www(own.hostname):
        return None
    return target


def same_site(url: str, target: str) -> bool:
    """Whether two addresses are of one organisation: their registered domain, or the government domain of a place
    (`jl.gov.cn`), is the same. An interface may live on a sibling host; a list page may not."""
    try:
        one, other = _registered_domain(urlsplit(url).hostname), _registered_domain(urlsplit(target).hostname)
    except ValueError:
        return False
    return bool(one) and one == other


def _without_www(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


_SECOND_LEVEL = frozenset({"gov", "com", "net", "org", "edu", "ac", "mil"})


def _registered_domain(host: str | None) -> str:
    labels = (host or "").lower().rstrip(".").split(".")
    if len(labels) < 2 or all(label.isdigit() for label in labels):
        return ".".join(labels)
    return ".".join(
        labels[-3:] if len(labels) > 2 and labels[-1] == "cn" and labels[-2] in _SECOND_LEVEL else labels[-2:]
    )


# --- Pagers and calendars without an end. Pure decisions over what the pages showed. ---

ENDLESS = frozenset({"max_pages", "same_items", "calendar", "growing_address"})
"""Reasons why the paging of a section was stopped."""
MAX_ADDRESS_LENGTH = 2000
"""Characters. Addresses of list APIs reach about 600."""
MAX_REPEATS = 3
MIN_ITEMS = 5
MAX_SAME_PAGES = 2
MIN_YEAR = 1990
MAX_AHEAD = timedelta(days=62)
_MONTH = re.compile(r"(?<!\d)(\d{4})(?:[-/_.]?)(0[1-9]|1[0-2]|(?<=[-/_.])[1-9])(?!\d)")
_CALENDAR = re.compile(r"calendar|date|month|year|day|rili|riqi|nian|yue", re.I)
_FIRST_SIZE = 64


class HashSet:
    """A set of 64-bit numbers, such as hashes, that only grows. It takes 12 to 24 bytes a number, Python's set 70 to
    140: a crawl that runs for days keeps one number for every article. Among a million hashes two are equal once in 37
    million such crawls."""

    def __init__(self) -> None:
        # Open addressing; 0 is a free place.
        self._places = array("Q", [0]) * _FIRST_SIZE
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        return self._places[self._place(_kept(number))] != 0

    def add(self, number: int) -> bool:
        """Add a number; returns whether it is new."""
        kept = _kept(number)
        place = self._place(kept)
        if self._places[place]:
            return False
        self._places[place] = kept
        self._count += 1
        if 3 * self._count > 2 * len(self._places):
            self._grow()
        return True

    def update(self, numbers: Iterable[int]) -> int:
        """Add numbers; returns how many are new."""
        return sum([self.add(number) for number in numbers])

    def _place(self, kept: int) -> int:
        """The index of a number, or of the free place for it."""
        places = self._places
        last = len(places) - 1
        place = kept & last
        while places[place] and places[place] != kept:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        old, self._places = self._places, array("Q", [0]) * (2 * len(self._places))
        for kept in old:
            if kept:
                self._places[self._place(kept)] = kept


def _kept(number: int) -> int:
    # 0 marks a free place, so 0 is stored as 1; for hashes that makes no difference.
    return (number & 0xFFFF_FFFF_FFFF_FFFF) or 1


@dataclass
class PagerWatch:
    """The pages of one section so far. Call `trap` once a page."""

    _shown: HashSet = field(default_factory=HashSet)
    _same: int = 0

    def trap(self, items: Iterable[ListItem], following: str, now: datetime) -> str | None:
        """Why the pager has no end, or None: `same_items` if several pages in a row show only items of earlier pages,
        `calendar` if the next page is of a year before any publication or of the future, `growing_address` if its
        address repeats itself or is too long. `now` is aware."""
        rows = [hash((item.title, item.published_at)) for item in items]
        again = not self._shown.update(rows) and len(rows) >= MIN_ITEMS
        self._same = self._same + 1 if again else 0
        if self._same >= MAX_SAME_PAGES:
            return "same_items"
        if _grows(following):
            return "growing_address"
        return "calendar" if _is_beyond(following, now) else None


def _grows(url: str) -> bool:
    if len(url) > MAX_ADDRESS_LENGTH:
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    # A parameter given twice is common (appid=1&appid=1); one more with every page is a trap.
    names = Counter(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    if any(count > MAX_REPEATS for count in names.values()):
        return True
    segments = [segment for segment in parts.path.split("/") if segment]
    return any(len(set(segments[i : i + MAX_REPEATS])) == 1 for i in range(len(segments) - MAX_REPEATS + 1))


def _is_beyond(url: str, now: datetime) -> bool:
    parts = urlsplit(url)
    place = f"{parts.path}?{parts.query}"
    if not _CALENDAR.search(place):
        return False
    latest = now + MAX_AHEAD
    for year, month in _MONTH.findall(place):
        if int(year) < MIN_YEAR or (int(year), int(month)) > (latest.year, latest.month):
            return True
    return False
