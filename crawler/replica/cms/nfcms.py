"""NFCMS (Guangdong): `/xwzx/ywdt/content/post_4471203.html` as whole addresses, pages `index_2.html`."""

from __future__ import annotations

from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, beside
from crawler.replica.cms.site import Entry, SiteColumn, text


class NfcmsPages(PagedCms):
    """NFCMS."""

    name = "nfcms"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """`index_2.html` is the second page."""
        path = str(column.table["path"])
        return path if number == 1 else beside(path, f"index_{number}.html")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """The address is whole, with the scheme the site had before."""
        origin = str(column.table.get("origin", ""))
        href = entry.path if "://" in entry.path else f"{origin}{entry.path}"
        return (
            f'<li><span class="til"><a href="{text(href)}">{text(entry.title)}</a></span>'
            f'<span class="time">{entry.published_at:%Y-%m-%d}</span></li>'
        )

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """Links to the pages beside this one."""
        if shown.is_last:
            return f'<span class="current">{shown.number}</span>'
        following = text(self.page_path(column, shown.number + 1))
        return f'<span class="current">{shown.number}</span><a class="next" href="{following}">下一页</a>'
