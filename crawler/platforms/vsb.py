"""VSB (博达): `/info/1021/3456.htm`.

Fingerprint: `.v_news_content`, `#vsb_content`, `/_vsl/`, `/system/resource/`, `li#line_u…`, `.p_pages`, the address.
Article: `.v_news_content` in `#vsb_content` (also `#vsb_content_2`, …), form `_newscontent_fromname`.
List: `li[id^=line_u]` and links of the info form. Paging: `.p_next a`; older pages count down (page 2 of 11 is
`xxx/10.htm`), so only the link shows it; dynamic lists count `PAGENUM`.
A site may set: title and header of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform
from crawler.platforms.pager import next_by_link, pager_links, same_host

_TOTAL = re.compile(r"共\s*(\d{1,7})\s*条")


class Vsb(Platform):
    """VSB."""

    name = "vsb"
    rules = Rules(
        title=(
            "form[name=_newscontent_fromname] h1",
            "form[name=_newscontent_fromname] h2",
            "form[name=_newscontent_fromname] .title",
        ),
        body=(".v_news_content", "#vsb_content", "[id^=vsb_content_]"),
    )
    article_url = re.compile(r"/info/\d+/\d+\.htm|[?&]wbnewsid=\d+")
    list_url = re.compile(r"[?&]wbtreeid=\d+(?!.*wbnewsid)")
    link_form = re.compile(r"info/\d+/\d+\.htm[\"']")
    link_sign = "info/"
    marks: ClassVar[tuple[str, ...]] = (
        "v_news_content", "vsb_content", "/_vsl/", "_newscontent_fromname", 'id="line_u', "wbtreeid", "_showDynClicks",
    )  # fmt: skip
    traces: ClassVar[tuple[str, ...]] = (
        "/system/resource/js/",
        "p_pages",
        "p_next",
        "treeid",
        "Announced by Visual SiteBuilder",
    )

    def next_page(self, page: Page) -> PageRequest | None:
        """The pager's link, else the next `PAGENUM` of a dynamic list."""
        if not page.url:
            return None
        for link in page.root.cssselect(".p_next a[href], a.Next[href], .pb_sys_style1 .p_next a[href]"):
            url = same_host(page.url, link.get("href") or "")
            if url and url != page.url:
                return PageRequest(url)
        url = next_by_link(pager_links(page.root), page.url) or _numbered(page)
        return PageRequest(url) if url else None

    def total(self, page: Page) -> int | None:
        """共52条."""
        found = _TOTAL.search(page.text)
        return int(found[1]) if found else None


def _numbered(page: Page) -> str | None:
    parts = urlsplit(page.url)
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    pages, current = fields.get("totalpage", ""), fields.get("PAGENUM", "")
    if not pages.isdecimal() or not current.isdecimal() or int(current) >= int(pages):
        return None
    fields["PAGENUM"] = str(int(current) + 1)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(fields), ""))
