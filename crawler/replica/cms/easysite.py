"""EasySite (Beijing): `/web/ywdt84/dtxx94/2188837/index.html`; rows without dates, meta tags with `content` first."""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms, beside, national_tags
from crawler.replica.cms.site import Entry, SiteColumn, text
from crawler.replica.content import ReplicaArticle, SiteChannel


class EasysitePages(PagedCms):
    """EasySite."""

    name = "easysite"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """Further pages are named by a key and their number."""
        path = str(column.table["path"])
        return path if number == 1 else beside(path, f"1f0a{column.id}-{number}.html")

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """The title alone, its link without a scheme."""
        title, href = text(entry.title), text(entry.path)
        href = href if "://" in href else f"//{column.table['host']}{href}"
        return f'<li><a href="{href}" title="{title}">{title}</a></li>'

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """Links before and after; on the last page the one after leads nowhere."""
        following = "javascript:void(0)" if shown.is_last else text(self.page_path(column, shown.number + 1))
        before = text(self.page_path(column, max(shown.number - 1, 1)))
        return f'<a href="{before}">上一页</a><a href="{following}">下一页</a>'

    def head(self, channel: SiteChannel, article: ReplicaArticle) -> str:
        """The tags back to front, `Author` a unit."""
        tags = national_tags(channel, article).replace(f'name="Author" content="{text(article.editor)}"', "")
        unit = f'<meta name="Author" content="{text(article.source)}编辑员">'
        return re.sub(r'<meta (name="\w+") (content="[^"]*")>', r"<meta \2 \1>", f"{tags}\n{unit}")
