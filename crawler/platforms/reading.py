"""Reads a page of any platform: an article page into an article, a list page into its items and the next request.

The platform is detected, its rules come after those of the site, and `parsing/` does the rest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from crawler.items import Article
from crawler.parsing.article import EmbeddedFields, PageRejection, extract, reject_page
from crawler.parsing.page import MAX_ATTRIBUTES, Page, PageRequest
from crawler.parsing.page_lines import build_lines
from crawler.parsing.parts import join_parts, next_part
from crawler.platforms.answers import build_next_request, is_json, read_answer, read_total
from crawler.platforms.base import Listing, ListItem, Platform
from crawler.platforms.detect import detect, get_platform
from crawler.platforms.links import hidden_items, list_links, selected_links
from crawler.platforms.pager import next_of, same_site, total_by_call
from crawler.sites.site import Site

__all__ = ["MAX_PAGE", "PageRejection", "join_parts", "next_part", "read_article"]

MAX_PAGE = 10_000_000
"""Characters of markup; a longer page is not an article that a person wrote."""


def read_article(page: Page, *, site: Site | None = None, now: datetime) -> Article | PageRejection:
    """The article of `page`, or the reason why it has none; never raises on a page's content.

    Rules are tried in this order: the site's own layout (`override`), the platform's (`platform:NAME`), the visible
    header by its labels (`label`), the national meta tags (`meta`), the generic ones (`generic`). A page without marks
    is taken for one of the platform its site is known for. `now` is an aware date-time: when the page was fetched.
    `canonical_url`, `site`, `section`, `run` and hashes are left to others.
    """
    if len(page.text) > MAX_PAGE:
        return PageRejection("too_large", f"the page has {len(page.text):,} characters, more than {MAX_PAGE:,}")
    if page.is_overloaded:
        return PageRejection("too_large", f"a tag of the page has more than {MAX_ATTRIBUTES:,} attributes")
    platform = detect(page)
    if platform.name == "generic" and site is not None and site.platform:
        platform = get_platform(site.platform)
    rule = f"platform:{platform.name}"
    layers = [(rule, platform.rules)]
    own = site.rules_for(page.url) if site else None
    if own is not None:
        layers.insert(0, ("override", own))
    result = extract(page, layers, now, EmbeddedFields(rule, platform.article_fields(page)))
    if isinstance(result, Article):
        result.platform = platform.name
    return result


MIN_PAGE_BYTES = 600
"""A shorter list page is a stub that the server keeps in its place."""
_GONE = frozenset({404, 410})
_NO_LIST = frozenset({"blocked", "not_found", "needs_browser", "parked", "closed", "default_page", "login"})
_RANK = re.compile(r"(\d{1,3})(?!\d)[\s.、．:：]*(\S.*)", re.S)
_MIN_RANKS = 3


def read_list(page: Page, *, platform: str | None = None, site: Site | None = None, now: datetime) -> Listing:
    """The items of a list page or of a list API's answer, and the request for the next page.

    `platform` is the platform of the list the page belongs to (`Listing.platform` of the page before), None to detect
    it by the page's own marks; if `site` selects the links of this list in a layout of its own, they are the items;
    `now` (aware) is when the page was fetched. Never raises on a page's content. The next
    request stays on the page's host (an API: on the same organisation's) and is never the request that was just sent.
    """
    is_answer = is_json(page) or "<datastore" in page.text[:500].lower()
    if page.status in _GONE:
        return Listing(platform=platform or "generic", reason="not_found")
    if len(page.text) < MIN_PAGE_BYTES and len(page.text.encode("utf-8", "replace")) < MIN_PAGE_BYTES and not is_answer:
        return Listing(platform=platform or "generic", reason=_explain_empty(page, "stub"))
    kind = get_platform(platform) if platform and is_answer else detect(page)
    if kind.name == "generic" and platform:
        kind = get_platform(platform)
    own = site.rules_for(page.url) if site else None
    items = selected_links(page.root, own.items, page.url, now) if own and own.items else kind.list_items(page, now)
    shell = kind.needs_api(page)
    following = None
    if not items and is_answer:
        items = read_answer(page, now)
        following = build_next_request(page, len(items))
    if items is None:
        items = [] if shell else _items(page, kind, now)
    following = _next_request(kind, page, bool(items) or shell, following)
    total = kind.total(page) or (read_total(page) if is_answer else total_by_call(page.text))
    reason = None
    if not items:
        reason = "empty" if is_answer else ("needs_api" if shell else _explain_empty(page, "empty"))
        reason = None if following is not None and shell else reason
    return Listing(tuple(_drop_repeats(items)), following, kind.name, total, reason)


def _items(page: Page, kind: Platform, now: datetime) -> list[ListItem]:
    shown = list_links(page.root, page.url, now, kind.article_url)
    return _without_ranks(shown or hidden_items(page.root, page.url, now, kind.article_url))


def _without_ranks(items: list[ListItem]) -> list[ListItem]:
    """`items` without the numbers in front of their titles, if these number the rows of the list."""
    found = [_RANK.match(item.title) for item in items]
    ranks = [int(one[1]) for one in found if one]
    if len(ranks) < max(_MIN_RANKS, len(items)) or ranks != list(range(ranks[0], ranks[0] + len(items))):
        return items
    return [replace(item, title=one[2]) for item, one in zip(items, found, strict=True) if one]


def _drop_repeats(items: list[ListItem]) -> list[ListItem]:
    return list({item.url: item for item in reversed(items)}.values())[::-1]


def _next_request(kind: Platform, page: Page, goes_on: bool, found: PageRequest | None) -> PageRequest | None:
    """The next request, if there is one worth sending: a page without items ends its list. `found` is the one that
    the answer of an unknown interface leads to."""
    if not goes_on:
        return None
    found = found or kind.next_page(page)
    if found is None and not kind.needs_api(page) and not is_json(page):
        found = next_of(page)
    if found is None or not found.url or found == page.sent or (found.method == "GET" and found.url == page.url):
        return None
    if page.url and not same_site(page.url, found.url) and urlsplit(page.url).netloc != urlsplit(found.url).netloc:
        return None
    return found


def _explain_empty(page: Page, otherwise: str) -> str:
    """Why a page has no items, if the page itself shows the reason; else `otherwise`."""
    rejected = reject_page(page, build_lines(page.root))
    return rejected.reason if rejected and rejected.reason in _NO_LIST else otherwise
