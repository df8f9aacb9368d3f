"""Pagers that many products share: `createPageHTML` in its two forms, links labelled 下一页, and page numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.parsing.page import Page, PageRequest

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
