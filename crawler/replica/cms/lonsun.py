"""Lonsun (龙讯): `/content/detail/58edc2d1a0f8aa11.html`, cut titles, pages by `pageIndex=2`."""

from __future__ import annotations

from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, cut
from crawler.replica.cms.site import Entry, SiteColumn, text


class LonsunPages(PagedCms):
    """Lonsun."""

    name = "lonsun"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """The pages after the first stand under the column's number."""
        return str(column.table["path"]) if number == 1 else f"/content/column/{column.id}?pageIndex={number}"

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """A title cut short; the whole one is its `title`."""
        return (
            f'<li><a href="{text(entry.path)}" target="_blank" title="{text(entry.title)}" class="left">'
            f'{text(cut(entry.title, 14))}</a><span class="right date">{entry.published_at:%Y-%m-%d}</span></li>'
        )

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """A link to the next page."""
        if shown.is_last:
            return '<span class="disabled">下一页</span>'
        return f'<a href="{text(self.page_path(column, shown.number + 1))}">下一页</a>'
