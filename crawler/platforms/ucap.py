"""Kaipuyun UCAP (开普云): `/tjgb/202305/<32 hex>.shtml`, `/2020/9/15/<32 hex>.shtml`, `/c110634/202511/17424.shtml`.

Fingerprint: `<UCAPCONTENT>` or `#UCAP-CONTENT`, `<meta name="others" content="页面生成时间 …">`,
`template,templategroup,version`, the pager's `page_div`, the address (also the c-code channels).
Article: `ucapcontent`, `#UCAP-CONTENT`, `.article-content`. `PubDate` is the time of the last edit.
List: the rows may stand inside an HTML comment that a script opens.
Paging: `createPageHTML('page_div', pages, current from 1, 'zwgklist', 'shtml', records)` → `zwgklist_2.shtml`.
A site may set: title and header of its own template.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from crawler.parsing.page import Page
from crawler.parsing.rules import Rules
from crawler.platforms.base import ListItem, Platform
from crawler.platforms.links import hidden_items, list_links


class Ucap(Platform):
    """UCAP."""

    name = "ucap"
    rules = Rules(
        title=("ucaptitle", ".article-title", ".con_title"),
        header=(".article-info", ".con_info"),
        body=("ucapcontent", "#UCAP-CONTENT", ".article-content#zoomcon", "#zoomcon", ".article-content"),
    )
    article_url = re.compile(
        r"/(?:\d{6}|\d{4}/\d{1,2}/\d{1,2})/[0-9a-f]{32}\.s?html?$|/c\d{4,}/\d{6}/(?:[\w-]{6,}|content(?:_\d+)?)\.s?html?$"
        r"|/c\d{4,}/c?\d{6,}/(?:content|\w+)\.s?html?$"
    )
    list_url = re.compile(
        r"/(?:zwgklist|common_list|listDisplaySelf)(?:_\d+)?\.s?html?$|/c\d{5,7}/(?:[a-z]\w*\.s?html?)?$"
    )
    link_form = re.compile(r"/(?:\d{6}|\d{4}/\d{1,2}/\d{1,2})/[0-9a-f]{32}\.shtml|/c\d{5,}/\d{6}/\d{6,}\.shtml")
    link_sign = ".shtml"
    marks: ClassVar[tuple[str, ...]] = (
        "<UCAPCONTENT",
        "<ucapcontent",
        "UCAP-CONTENT",
        "UCAPTITLE",
        "ucaptitle",
        "common/ucap",
    )
    traces: ClassVar[tuple[str, ...]] = ("页面生成时间", "'page_div'", '"page_div"')

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The rows in comments, if the page has some and shows no others; None leaves it to the generic reading."""
        hidden = hidden_items(page.root, page.url, now, self.article_url)
        if not hidden:
            return None
        shown = list_links(page.root, page.url, now, self.article_url)
        return hidden if _dated(hidden) > _dated(shown) else shown


def _dated(items: list[ListItem]) -> int:
    return sum(item.published_at is not None for item in items)
