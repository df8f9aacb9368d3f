"""eportal (Hebei): static first pages under `/columns/<uuid>/`, the next ones by a script's `currentPage`."""

from __future__ import annotations

from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms
from crawler.replica.cms.site import Entry, SiteColumn, text


class EportalPages(PagedCms):
    """eportal."""

    name = "eportal"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """The module's own address from the second page on."""
        return str(column.table["path"]) if number == 1 else self._turned(column, number)

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """A plain row."""
        title = text(entry.title)
        return f'<li><a href="{text(entry.path)}" title="{title}">{title}</a><span>{entry.published_at:%F}</span></li>'

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """How many pages there are, and the function that turns to one; no link."""
        turn = f'location.href="{self._turned(column, 1)}".replace("currentPage=1","currentPage="+n)'
        return f'<div class="total">共{shown.count}页</div><script>function turn(n){{{turn}}}</script>'

    @staticmethod
    def _turned(column: SiteColumn, number: int) -> str:
        fields = f"pageId=4401&currentPage={number}&moduleId={column.id}&staticRequest=yes"
        return f"/eportal/ui?{fields}"
