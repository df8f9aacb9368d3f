"""DedeCMS (织梦): `/a/xinwen/20261118/2592.html`, pages `list_22_2.html`, the column's name as a link in each row."""

from __future__ import annotations

from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, beside
from crawler.replica.cms.site import Entry, SiteColumn, text


class DedecmsPages(PagedCms):
    """DedeCMS."""

    name = "dedecms"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """`list_22_2.html` is the second page of column 22."""
        path = str(column.table["path"])
        return path if number == 1 else beside(path, f"list_{column.id}_{number}.html")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """The column in brackets, the title, the date behind its label."""
        return (
            f'<li><b>[<a href="{text(self.page_path(column, 1))}">{text(column.name)}</a>]</b> '
            f'<a href="{text(entry.path)}" class="title">{text(entry.title)}</a><span class="info">'
            f"<small>日期：</small>{entry.published_at:%Y-%m-%d} <small>点击：</small>91</span></li>"
        )

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """Links relative to the list."""
        here = f"list_{column.id}_{{}}.html"
        numbers = "".join(
            f'<li class="thisclass">{n}</li>' if n == shown.number else f"<li><a href='{here.format(n)}'>{n}</a></li>"
            for n in range(1, shown.count + 1)
        )
        following = "" if shown.is_last else f"<li><a href='{here.format(shown.number + 1)}'>下一页</a></li>"
        count = f'<span class="pageinfo">共 <strong>{shown.count}</strong>页<strong>{shown.total}</strong>条</span>'
        return f"{numbers}{following}<li>{count}</li>"
