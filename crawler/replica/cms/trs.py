"""TRS WCM (拓尔思): `./202611/t20261118_3310021.shtml`, pages named by `createPageHTML(count, current from 0, …)`."""

from __future__ import annotations

import os.path
from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, beside, encoded
from crawler.replica.cms.site import Entry, Pages, SiteColumn, text
from crawler.replica.content import SiteChannel

STUB = "<html><head><title></title></head><body></body></html>"


class TrsPages(PagedCms):
    """WCM."""

    name = "trs"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """`index_1.html` is the second page."""
        path = str(column.table["path"])
        return path if number == 1 else beside(path, f"index_{number - 1}.html")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """A table row; the address is relative to the list."""
        folder, href = beside(str(column.table["path"]), ""), entry.path
        if "://" not in href:
            within = href.startswith(folder)
            href = f"./{href.removeprefix(folder)}" if within else os.path.relpath(href, folder)
        date = f"{entry.published_at:%Y-%m-%d}" if column.table.get("dates", True) else ""
        return f'<TR><TD height=25><A href="{text(href)}">{text(entry.title)}</A></TD><TD width="80">{date}</TD></TR>'

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """The call that draws the pager; `claims` more pages than there are where the column has that many."""
        count = max(shown.count, int(column.table.get("claims", 0)))
        return f'<script>createPageHTML({count}, {shown.number - 1}, "index", "html");</script>'

    def lists(self, channel: SiteChannel, column: SiteColumn) -> Pages:
        """The list pages; in place of the one after the last, where the pager claims one, a stub."""
        pages = super().lists(channel, column)
        if column.table.get("claims"):
            pages[self.page_path(column, len(pages) + 1)] = encoded(channel, STUB)
        return pages
