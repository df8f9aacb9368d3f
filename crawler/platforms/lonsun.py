"""Lonsun (龙讯, Anhui): `/content/detail/<id>.html`, `/public/<organ>/<id>.html`, `/openness/detail/content/….html`.

Fingerprint: `.j-fontContent`, `.newscontnet` (so spelt), `lonsun`, the address.
Article: `#zoom`, `.j-fontContent`, `.newscontnet`, header `.newsinfo`/`.wzxxinfo`; public pages have an index table.
List: links of the detail form. Paging: 下一页, else `pageIndex=N` up to the number of pages that the page names.
A site may set: title and header of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform
from crawler.platforms.pager import next_by_link, pager_links

_PAGES = re.compile(r"""\b(?:pageCount|totalPage|pages)["']?\s*[:=]\s*["']?(\d{1,6})""")
_CURRENT = re.compile(r"""\b(?:pageIndex|currentPage|curr)["']?\s*[:=]\s*["']?(\d{1,6})""")


class Lonsun(Platform):
    """Lonsun."""

    name = "lonsun"
    rules = Rules(
        title=("h1.newstitle", ".newstitle", ".wztit", "h1"),
        header=(".newsinfo", ".wzxxinfo", ".newsxx", ".wzbjxx"),
        body=("#zoom.j-fontContent", ".j-fontContent", ".newscontnet", "#zoom"),
    )
    article_url = re.compile(
        r"/content/detail/\w+\.html|/public/\d+/\d+\.html|/openness/detail/content/[0-9a-f]+\.html"
    )
    list_url: ClassVar[re.Pattern[str]] = re.compile(r"/content/column/\d+|/public/column/\d+")
    marks: ClassVar[tuple[str, ...]] = (
        "j-fontContent",
        "newscontnet",
        "/content/column/",
        "/content/detail/",
        "lonsun",
    )
    traces: ClassVar[tuple[str, ...]] = ("/public/column/", "j-fontBig")

    def next_page(self, page: Page) -> PageRequest | None:
        """The pager's link, else the next `pageIndex` while the page names more."""
        if not page.url:
            return None
        url = next_by_link(pager_links(page.root), page.url) or _numbered(page)
        return PageRequest(url) if url else None


def _numbered(page: Page) -> str | None:
    pages = _PAGES.search(page.text)
    if not pages or not Lonsun.list_url.search(page.url):
        return None
    parts = urlsplit(page.url)
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    shown = _CURRENT.search(page.text)
    named = fields.get("pageIndex") or (shown[1] if shown else "1")
    current = max(int(named), 1) if named.isdecimal() else 1
    if current >= int(pages[1]):
        return None
    fields["pageIndex"] = str(current + 1)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(fields), ""))
