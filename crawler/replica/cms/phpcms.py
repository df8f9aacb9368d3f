"""PHPCMS V9: `/index.php?m=content&c=index&a=show&catid=22&id=41528`, pages by `page=2`, the date before the link."""

from __future__ import annotations

from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, with_field
from crawler.replica.cms.site import Entry, SiteColumn, text


class PhpcmsPages(PagedCms):
    """PHPCMS V9 with dynamic addresses."""

    name = "phpcms"
    per_page: ClassVar[int] = 3
    date_form: ClassVar[str] = "%Y-%m-%d %H:%M:%S"

    def page_path(self, column: SiteColumn, number: int) -> str:
        """`page=2` is the second page."""
        path = str(column.table["path"])
        return path if number == 1 else with_field(path, f"page={number}")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """The date stands before the link."""
        return (
            f'<li><span class="rt">{entry.published_at:%Y-%m-%d %H:%M:%S}</span>·'
            f'<a href="{text(entry.path)}" target="_blank">{text(entry.title)}</a></li>'
        )

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """On the last page 下一页 leads to the page itself."""
        last = min(shown.number + 1, shown.count)
        numbers = " ".join(
            f"<span>{n}</span>" if n == shown.number else f'<a href="{text(self.page_path(column, n))}">{n}</a>'
            for n in range(1, shown.count + 1)
        )
        following = f'<a href="{text(self.page_path(column, last))}" class="a1">下一页</a>'
        return f'<a class="a1">{shown.total}条</a> {numbers} {following}'
