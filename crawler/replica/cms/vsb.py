"""VSB (博达): `info/1021/3456.htm`, pages by links with `PAGENUM`, `li#line_u…`."""

from __future__ import annotations

from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, with_field
from crawler.replica.cms.site import Entry, SiteColumn, text


class VsbPages(PagedCms):
    """VSB with dynamic lists."""

    name = "vsb"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """`PAGENUM=2` is the second page."""
        path = str(column.table["path"])
        return path if number == 1 else with_field(path, f"PAGENUM={number}")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """A numbered row."""
        title = text(entry.title)
        return (
            f'<li id="line_u9_{entry.published_at:%d%H}"><a href="{text(entry.path)}" target="_blank" title="{title}">'
            f"{title}</a><span>{entry.published_at:%Y-%m-%d}</span></li>"
        )

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """共 N 条, and the link to the next page."""
        following = text(self.page_path(column, shown.number + 1))
        link = "" if shown.is_last else f'<span class="p_next p_fun"><a href="{following}">下页</a></span>'
        return f'<span class="p_t">共{shown.total}条</span><span class="p_no_d">{shown.number}</span>{link}'
