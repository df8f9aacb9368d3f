"""Jiangxi's Hanweb: the list page holds a template and `params`, its script asks `/queryList` by POST."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms
from crawler.replica.cms.site import Entry, Pages, SiteColumn, minute, newest_first
from crawler.replica.content import SiteChannel
from crawler.replica.exchange import Reply, Request

API = "/queryList"


class JiangxiPages(PagedCms):
    """JCMS as Jiangxi runs it."""

    name = "jiangxi"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """There is one page only; a script fills it."""
        return str(column.table["path"])

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """None: the shell is empty."""
        return ""

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """The question of the script."""
        fields = (
            f"unitid: '{column.id}',\n webSiteCode: ['yzqrmzf'],\n channelCode: ['col{column.id}'],\n dataBefore: ''"
        )
        return (
            f"var params = {{\n current: 1,\n {fields},\n perPage: '{self.page_size}',\n showMode: 'normal',\n}};\n"
            f"loadPageData(params, '{column.id}');"
        )

    def build(self, channel: SiteChannel, day: int) -> Pages:
        """The shells, the interface and the articles."""
        columns = [SiteColumn(table, newest_first(channel, [key], day)) for key, table in channel.sections.items()]
        return super().build(channel, day) | {API: partial(self._answer, columns)}

    def lists(self, channel: SiteChannel, column: SiteColumn) -> Pages:
        """The shell of a column."""
        return super().lists(channel, SiteColumn(column.table, []))

    def _answer(self, columns: Sequence[SiteColumn], request: Request) -> Reply:
        """One page of a column; the addresses are JSON in a text, one for each kind of device."""
        try:
            fields = request.form
            number, size = int(fields["current"]), int(fields["perPage"])
            wanted = fields["channelCode[]"].removeprefix("col")
        except (KeyError, ValueError):
            return Reply(b'{"code":500,"data":null}', content_type="application/json")
        column = next((column for column in columns if column.id == wanted), None)
        if request.method != "POST" or column is None:
            return Reply(b'{"code":200,"data":{"total":0,"results":[]}}', content_type="application/json")
        rows = [
            {
                "source": {
                    "title": entry.title,
                    "pubDate": f"{minute(entry.published_at)}:00",
                    "urls": json.dumps({"common": entry.path, "pc": entry.path}),
                }
            }
            for entry in column.entries[(number - 1) * size : number * size]
        ]
        answer = {"code": 200, "data": {"total": len(column.entries), "results": rows}}
        return Reply(json.dumps(answer, ensure_ascii=False).encode(), content_type="application/json;charset=utf-8")
