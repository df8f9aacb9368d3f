"""Hanweb's newer lists (jpaas): the column page is a shell, its script asks an API for the HTML of each unit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from crawler.replica.cms.site import SiteColumn, render, text
from crawler.replica.content import SiteChannel
from crawler.replica.exchange import Reply, Request

UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
WEB_ID = "8d82a1f04c"
NAVIGATION_TAG, LIST_TAG = "栏目导航", "当前栏目信息列表"
ROWS = 5


def shell(channel: SiteChannel, column: SiteColumn) -> str:
    """The column page: two units to build, neither with any content yet."""
    units = "\n".join(
        render("jpaas_unit.html", element=element, unit=UNIT, web=WEB_ID, page=column.id, tag=tag)
        for element, tag in (("d0a41c6e", NAVIGATION_TAG), ("d0a41c6f", LIST_TAG))
    )
    return render("jpaas_column.html", site=text(channel.name), column=text(column.name), units=units)


def unit(columns: Sequence[SiteColumn], request: Request) -> Reply:
    """One unit's HTML. Only `paramJson` turns the page; a tag that is not in UTF-8 finds nothing."""
    nothing = _json({"success": False, "code": "200", "data": {}})
    try:
        fields = request.query
        options = json.loads(fields.get("paramJson") or "{}")
        number, size = int(options.get("pageNo", 1)), int(options.get("pageSize", ROWS))
    except (UnicodeDecodeError, ValueError, TypeError, AttributeError):
        return nothing
    column = next((column for column in columns if column.id == fields.get("pageId")), None)
    if column is None or fields.get("webId") != WEB_ID or number < 1 or size < 1:
        return nothing
    builders = {NAVIGATION_TAG: _navigation(columns), LIST_TAG: _rows(column, number, size)}
    markup = builders.get(fields.get("tagId", ""))
    return _json({"success": True, "code": "200", "data": {"html": markup}}) if markup else nothing


def _navigation(columns: Sequence[SiteColumn]) -> str:
    links = [f'<a href="/col/col{column.id}/index.html">{text(column.name)}</a>' for column in columns]
    return f'<ul class="nav">{"".join(f"<li>{link}</li>" for link in links)}</ul>'


def _rows(column: SiteColumn, number: int, size: int) -> str:
    rows = "".join(
        f'<li class="cf"><a class="fl" href="{text(entry.path)}" title="{text(entry.title)}">{text(entry.title)}</a>'
        f'<span class="fr">{entry.published_at:%Y-%m-%d}</span></li>'
        for entry in column.entries[(number - 1) * size : number * size]
    )
    return (
        f'<div class="page-content"><ul>{rows}</ul></div>'
        f'<div class="pagination" rows="{size}" count="{len(column.entries)}" pageNo="{number}"></div>'
    )


def _json(value: dict[str, Any]) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), content_type="application/json;charset=UTF-8")
