"""WebPlus (苏迪): `/2022/0930/c123a456/page.htm`, lists `/xxx/list.htm`, `list2.htm`.

Fingerprint: `.wp_articlecontent`, `.wp_paging`, `wp_news_w`, `.arti_title`, `.arti_metas`, `portletmode`, the address.
Article: `.arti_title`, `.arti_metas` (发布者 is the publisher, no author), `.wp_articlecontent`.
List: `.news_list` rows. Paging: `.wp_paging a.next`; `.all_count` counts the records.
A site may set: title and header of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform
from crawler.platforms.pager import same_host

_TOTAL = re.compile(r"""class=["'][^"']*\ball_count\b[^>]*>\s*(\d{1,7})""")


class Webplus(Platform):
    """WebPlus."""

    name = "webplus"
    rules = Rules(
        title=(".arti_title", "h1.arti-title"),
        header=(".arti_metas", ".arti-metas"),
        body=(".wp_articlecontent", ".entry .read"),
    )
    article_url = re.compile(r"/\d{4}/\d{4}/c\d+a\d+/page\.(?:htm|psp)")
    list_url = re.compile(r"/list\d*\.(?:htm|psp)$")
    link_form = re.compile(r"/c\d+a\d+/page\.(?:htm|psp)")
    link_sign = "/page."
    marks: ClassVar[tuple[str, ...]] = (
        "wp_articlecontent",
        "wp_paging",
        "wp_news_w",
        "arti_metas",
        "arti_title",
        "_visitcount?",
    )
    traces: ClassVar[tuple[str, ...]] = ("portletmode", "wp_nav", "/_css/", "/_js/", "frag=")

    def next_page(self, page: Page) -> PageRequest | None:
        """`.wp_paging a.next`."""
        if not page.url:
            return None
        for link in page.root.cssselect(".wp_paging a.next[href]"):
            url = same_host(page.url, link.get("href") or "") if "javascript" not in (link.get("href") or "") else None
            if url and url != page.url:
                return PageRequest(url)
        return None

    def total(self, page: Page) -> int | None:
        """`.all_count`."""
        found = _TOTAL.search(page.text)
        return int(found[1]) if found else None
