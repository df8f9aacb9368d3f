"""UCAP (开普云): rows inside a comment that a script opens, `createPageHTML('page_div', count, current from 1, …)`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, beside, national_tags
from crawler.replica.cms.site import Entry, SiteColumn, text
from crawler.replica.content import ReplicaArticle, SiteChannel


class UcapPages(PagedCms):
    """UCAP."""

    name = "ucap"
    per_page: ClassVar[int] = 3
    date_form: ClassVar[str] = "%Y年%m月%d日 %H时%M分"

    def page_path(self, column: SiteColumn, number: int) -> str:
        """`list_2.shtml` is the second page."""
        path = str(column.table["path"])
        return path if number == 1 else beside(path, f"{self._stem(path)}_{number}.shtml")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """A row with its text on a line of its own."""
        href, title = text(entry.path), text(entry.title)
        link = f'<a target="_blank" href="{href}" title="{title}">\n {title}\n</a>'
        return f"<li>\n{link}\n<b>{entry.published_at:%Y-%m-%d}</b></li>"

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """The call that draws the pager."""
        stem = self._stem(str(column.table["path"]))
        return f"createPageHTML('page_div',{shown.count}, {shown.number},'{stem}','shtml',{shown.total});"

    def head(self, channel: SiteChannel, article: ReplicaArticle) -> str:
        """Its PubDate is the time of the last edit."""
        return national_tags(channel, article, article.published_at + timedelta(days=30, hours=2))

    @staticmethod
    def _stem(path: str) -> str:
        file = path.partition("?")[0].rpartition("/")[2]
        return file.partition(".")[0] or "list"
