"""Hebei's eportal: `/eportal/ui?pageId=…&articleKey=…`, static `/columns/<uuid>/202306/08/<uuid>.html`.

Fingerprint: `/eportal/` in links and scripts, `.simple_pgContent`, `moduleId`, the address.
Article: `#conN`, `.simple_pgContent`. List: rows with dates.
Paging: links of the pager; `currentPage=N` of the list's own address (`moduleId`, `staticRequest=yes`) if a script
names the pages.
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform
from crawler.platforms.links import absolute
from crawler.platforms.pager import next_by_link, pager_links, same_host

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TURN = re.compile(r"""["'](/eportal/ui\?[^"']*\bmoduleId=[^"']*)["']""")
_PAGES = re.compile(r"""(?:共\s*|\btotalPage["']?\s*[:=]\s*["']?|\bpageCount["']?\s*[:=]\s*["']?)(\d{1,6})(?:\s*页)?""")


class Eportal(Platform):
    """eportal."""

    name = "eportal"
    rules = Rules(
        title=(".simple_pgTitle", ".article_title", "#title"),
        header=(".simple_pgInfo", ".article_info"),
        body=(".simple_pgContent", "#conN", "#con"),
    )
    article_url = re.compile(rf"/eportal/ui\?.*\barticleKey=|/columns/{_UUID}/\d{{6}}/\d\d/{_UUID}\.html")
    list_url = re.compile(rf"/eportal/ui\?(?!.*articleKey=).*\bpageId=|/columns/{_UUID}/(?:index(?:_\d+)?\.html)?$")
    link_form = re.compile(rf"/columns/{_UUID}/")
    link_sign = "/columns/"
    marks: ClassVar[tuple[str, ...]] = (
        "/eportal/ui?",
        "/eportal/",
        "simple_pgContent",
        "eprotalCurrentPageId",
        "eportal.component",
    )
    traces: ClassVar[tuple[str, ...]] = ("moduleId",)

    def next_page(self, page: Page) -> PageRequest | None:
        """The pager's link, else the list's own address with the next `currentPage`."""
        if not page.url:
            return None
        url = next_by_link(pager_links(page.root), page.url) or _turned(page)
        return PageRequest(url) if url else None


def _turned(page: Page) -> str | None:
    own = page.url if "currentPage=" in page.url else None
    named = _TURN.search(page.text)
    start = own or (absolute(page.url, named[1].replace("&amp;", "&")) if named else None)
    pages = _PAGES.search(page.text)
    if not start or pages is None:
        return None
    parts = urlsplit(start)
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    shown = dict(parse_qsl(urlsplit(page.url).query)).get("currentPage", "1")
    current = int(shown) if shown.isdecimal() else 1
    if current >= int(pages[1]):
        return None
    fields["currentPage"] = str(current + 1)
    return same_host(page.url, urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(fields), "")))
