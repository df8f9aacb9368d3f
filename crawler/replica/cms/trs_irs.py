"""TRS with its search interface: the list page is a shell whose script asks `/irs/front/search` by POST."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any, ClassVar

from crawler.replica.cms.paged import ListPage, PagedCms
from crawler.replica.cms.site import Entry, Pages, SiteColumn, newest_first, text
from crawler.replica.content import SiteChannel
from crawler.replica.exchange import Reply, Request

API = "/irs/front/search"
CODE = "18a0d1b7"


class TrsIrsPages(PagedCms):
    """TRS IRS (海云)."""

    name = "trs_irs"
    per_page: ClassVar[int] = 3

    def page_path(self, column: SiteColumn, number: int) -> str:
        """There is one page only; a script fills it."""
        return str(column.table["path"])

    def row(self, column: SiteColumn, entry: Entry) -> str:
        """None: the shell is empty."""
        return ""

    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """The question of the script."""
        channel = f'{{ "property": "channel_id", "operator": "eq", "value": "{column.id}", "weight": 100 }}'
        return (
            f'var params = {{ code: "{CODE}", searchWord: "", orderBy: "time", dataTypeId: "501", searchBy: "all", '
            f'pageNo: 1, pageSize: {self.page_size}, granularity: "ALL", isSearchForced: 0, '
            f'customFilter: {{ "operator": "and", "properties": [{channel}] }} }};\n'
            f'$.ajax({{ url: "{API}", type: "post", data: JSON.stringify(params), success: show }});'
        )

    def build(self, channel: SiteChannel, day: int) -> Pages:
        """The shells, the interface and the articles."""
        columns = [SiteColumn(table, newest_first(channel, [key], day)) for key, table in channel.sections.items()]
        return super().build(channel, day) | {API: partial(self._answer, channel, columns)}

    def lists(self, channel: SiteChannel, column: SiteColumn) -> Pages:
        """The shell of a column."""
        return super().lists(channel, SiteColumn(column.table, []))

    def _answer(self, channel: SiteChannel, columns: Sequence[SiteColumn], request: Request) -> Reply:
        """One page of a column; `orderBy` and `searchBy` must be there, as they must at the real one."""
        try:
            asked: dict[str, Any] = json.loads(request.body)
            wanted = asked["customFilter"]["properties"][0]["value"]
            number, size = int(asked["pageNo"]), int(asked["pageSize"])
            complete = asked["code"] == CODE and asked["orderBy"] and asked["searchBy"]
        except (ValueError, KeyError, TypeError, IndexError):
            return Reply(b'{"success":false}', status=400, content_type="application/json")
        column = next((column for column in columns if column.id == wanted), None)
        if request.method != "POST" or column is None or not complete:
            return Reply(b'{"success":false,"data":null}', content_type="application/json")
        origin = f"{channel.scheme}://{channel.host}"
        rows = [
            {"data": {"title": text(e.title), "url": origin + e.path, "time": f"{e.published_at:%Y-%m-%d %H:%M:%S}"}}
            for e in column.entries[(number - 1) * size : number * size]
        ]
        pager = {"pageNo": number, "pageCount": ceil(len(column.entries) / size), "total": len(column.entries)}
        answer = {"success": True, "data": {"middle": {"listAndBox": rows}, "pager": pager}}
        return Reply(json.dumps(answer).encode(), content_type="application/json;charset=utf-8")
