"""Soft 404s: pages that answer 200 and say that there is nothing, or show the home page in place of what was asked for.

What a site answers to a path that certainly does not exist tells how it says so; an answer like that one, or like the
home page, is none. So is a guessed address (`/yw/`) that no page of the site links to.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from crawler.parsing.blocked import refuse
from crawler.parsing.outline import outline_of
from crawler.parsing.page import Page
from crawler.parsing.urls import canonical_url
from crawler.platforms.links import absolute

_NOWHERE = "/no-such-page-4c1e7f20d9/index.html"
_ALIKE = 0.9
_FEWEST = 5


def missing_url(homepage: str) -> str:
    """An address on the home page's host that no site has."""
    return urljoin(homepage, _NOWHERE)


def is_gone(page: Page, home: Page | None, missing: Page | None) -> str | None:
    """Why `page`, asked for as a section of the site with that home page, is none: a clause for people; None where it
    is a page of its own. `missing` is the site's answer to `missing_url`."""
    if page.status >= 400:
        return f"answers {page.status}"
    refused = refuse(page, outline_of(page.root))
    if refused and refused[0] in {"not_found", "blocked", "parked", "closed", "default_page", "login"}:
        return refused[1]
    if home is not None and canonical_url(page.url) == canonical_url(home.url):
        return "leads back to the home page"
    if home is not None and same_page(page, home):
        return "shows the home page under another address"
    if missing is not None and missing.status < 400:
        if canonical_url(page.url) == canonical_url(missing.url):
            return "leads where paths lead that do not exist"
        if same_page(page, missing):
            return "shows what the site answers to paths that do not exist"
    return None


def same_page(one: Page, other: Page) -> bool:
    """Whether two answers are the same page but for times and addresses: by links, and where there are few by text."""
    links, others = _links(one), _links(other)
    if min(len(links), len(others)) >= _FEWEST:
        return len(links & others) >= _ALIKE * len(links | others)
    return len(links ^ others) <= 1 and _words(one) == _words(other)


def _links(page: Page) -> frozenset[str]:
    return frozenset(absolute(page.url, href) for link in page.root.iter("a") if (href := link.get("href")))


def _words(page: Page) -> str:
    """The text of a page without digits and addresses, which error pages fill in."""
    text = "".join(map(str, page.root.itertext()))
    return re.sub(r"[A-Za-z0-9_/.:?=&-]*/[A-Za-z0-9_/.:?=&-]*|[\d\s]+", "", text)
