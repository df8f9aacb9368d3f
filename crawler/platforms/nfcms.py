"""Guangdong NFCMS: `/…/content/post_9360641.html`.

Fingerprint: `window.NFCMS_SITE_ID`, `NFCMS_PUB_TYPE`, `NFCMS_CAT_ID`, `statistics.gd.gov.cn`, the address.
Article: the body's class differs: `.zw`, `.article-content`, `#zoomcon`, `.content_article`, `.xl-nr`.
List: links of the post form. Paging: links of the pager; if a script draws it, `index_2.html` follows `index.html`.
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform
from crawler.platforms.pager import next_by_call, next_by_link, pager_links

_PAGE = re.compile(r"/(?:index(?:_(\d{1,5}))?\.html?)?$")
_BOX = re.compile(r"(?:^|[\s_-])pag(?:es|er|ing|ination)\b", re.I)
_FULL = 10
"""Fewer links of the post form than this are the last page."""


class Nfcms(Platform):
    """NFCMS."""

    name = "nfcms"
    rules = Rules(
        title=(".article-title", ".content_title", ".zw-title", ".xl-tit", "h1.title"),
        header=(".article-info", ".content_info", ".zw-info", ".xl-ly"),
        body=(".zw", "#zoomcon", ".article-content", ".content_article", ".xl-nr", ".zw-content", ".TRS_Editor"),
    )
    article_url = re.compile(r"/content/(?:mpost|post)_\d+\.html?")
    marks: ClassVar[tuple[str, ...]] = ("NFCMS_SITE_ID", "NFCMS_PUB_TYPE", "NFCMS_POST_ID", "NFCMS_CAT_ID")
    traces: ClassVar[tuple[str, ...]] = ("statistics.gd.gov.cn", "/content/post_")

    def next_page(self, page: Page) -> PageRequest | None:
        """The pager's link, else the next number of a full category page whose pager a script draws."""
        if not page.url:
            return None
        url = next_by_call(page.text, page.url) or next_by_link(pager_links(page.root), page.url)
        if url is None and "NFCMS_CAT_ID" in page.text and not _has_pager(page):
            url = _numbered(page)
        return PageRequest(url) if url else None


def _numbered(page: Page) -> str | None:
    parts = urlsplit(page.url)
    found = _PAGE.search(parts.path)
    if not found or page.text.count("/content/post_") < _FULL:
        return None
    path = f"{parts.path[: found.start()]}/index_{int(found[1] or 1) + 1}.html"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _has_pager(page: Page) -> bool:
    """Whether the page prints its own pager: then no link to the next page means that there is none. A box that is
    empty, or has a script in it, is for the script to fill."""
    if "上一页" in page.text or "下一页" in page.text:
        return True
    boxes = [
        box for box in page.root.iter("div", "ul", "p", "span", "nav", "td") if _BOX.search(box.get("class") or "")
    ]
    return any(box.text_content().strip() and next(box.iter("script"), None) is None for box in boxes)
