"""Hanweb (大汉) JCMS: a county government's site with both list mechanisms.

Old columns carry their list in a `<datastore>` island and fetch more from `dataproxy.jsp`; new ones are empty shells
that fetch everything from the jpaas unit API.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any
from urllib.parse import quote

from crawler.replica.cms.site import (
    Entry,
    Pages,
    article_page,
    minute,
    newest_first,
    page,
    paragraphs,
    picture_pages,
    render,
    stray_pages,
    text,
)
from crawler.replica.content import Article, Channel
from crawler.replica.exchange import Reply, Request, page_key

PER_PAGE = 3
GROUP = 3 * PER_PAGE  # the page's script loads three pages at a time
ROWS = 5
PROXY = "/module/web/jpage/dataproxy.jsp"
UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
SITE_CODE = "3311210001"
LIST_TAG = "当前栏目信息列表"


def build(channel: Channel, day: int) -> Pages:
    """Home page, column pages, list interfaces and articles as they stand on `day`."""
    pages = picture_pages(channel) | stray_pages(channel)
    lists = {key: newest_first(channel, key, day) for key in channel.sections}
    pages["/"] = pages["/index.html"] = page(_home(channel, lists), validated=True, day=day)
    for key, column in channel.sections.items():
        shell = _shell(channel, column) if column["mechanism"] == "jpaas" else _island_page(channel, key, lists[key])
        pages[f"/col/col{column['id']}/index.html"] = page(shell, validated=True, day=day)
    pages[PROXY] = partial(_dataproxy, channel, lists)
    pages[UNIT] = partial(_unit, channel, lists)
    for article in channel.on(day):
        pages[page_key(article.path)] = article_page(article, _article(channel, article))
    return pages


def _home(channel: Channel, lists: dict[str, list[Entry]]) -> str:
    columns = "".join(
        f'<li><a href="/col/col{column["id"]}/index.html">{text(column["name"])}</a></li>'
        for column in channel.sections.values()
    )
    news = "".join(_row(entry) for entries in lists.values() for entry in entries[:4])
    places = {"site": text(channel.name), "host": channel.host, "site_code": SITE_CODE}
    return render("hanweb_home.html", columns=columns, news=news, **places)


def _row(entry: Entry) -> str:
    cut = entry.title if len(entry.title) <= 20 else entry.title[:20] + "..."
    return (
        f'<li class="clearfix"><a target="_blank" href="{text(entry.path)}" title="{text(entry.title)}">{text(cut)}</a>'
        f"<b>{entry.published_at:%Y-%m-%d}</b></li>"
    )


def _records(entries: Sequence[Entry]) -> str:
    return "\n".join(f"<record><![CDATA[{_row(entry)}]]></record>" for entry in entries)


def _next_group(channel: Channel, column: dict[str, Any], group: int, total: int) -> str:
    """The address of the group of records after this one; none after the last. The site's name is encoded twice."""
    if group * GROUP >= total:
        return "<nextgroup><![CDATA[]]></nextgroup>"
    name = quote(quote(channel.name))
    href = (
        f"{PROXY}?page={group}&appid=1&appid=1&webid={column['webid']}&path=/&columnid={column['id']}"
        f"&unitid={column['unitid']}&webname={name}&permissiontype=0"
    )
    return f'<nextgroup><![CDATA[<a href="{href}"></a>]]></nextgroup>'


def _island_page(channel: Channel, key: str, entries: Sequence[Entry]) -> str:
    column = channel.sections[key]
    return render(
        "hanweb_column.html",
        site=text(channel.name),
        column=text(column["name"]),
        column_id=column["id"],
        webid=column["webid"],
        unit_id=column["unitid"],
        webname=quote(channel.name),
        next_group=_next_group(channel, column, 1, len(entries)),
        records=_records(entries[:GROUP]),
        total=str(len(entries)),
        per_page=str(PER_PAGE),
        proxy=PROXY,
    )


def _dataproxy(channel: Channel, lists: dict[str, list[Entry]], request: Request) -> Reply:
    """Records S to E, both counted from 1 and included, of the unit a POST names; or the group a GET asks for."""
    fields = request.query | request.form
    found = [
        (column, lists[key])
        for key, column in channel.sections.items()
        if column["mechanism"] == "datastore"
        and (column["id"], column["unitid"]) == (fields.get("columnid"), fields.get("unitid"))
    ]
    if not found:
        return Reply(b"<datastore><recordset></recordset></datastore>", content_type="text/xml; charset=utf-8")
    column, entries = found[0]
    next_group = ""
    try:
        if request.method == "POST":
            start, end, size = (int(fields[name]) for name in ("startrecord", "endrecord", "perpage"))
        else:
            group, size = int(fields["page"]), PER_PAGE
            start, end = group * GROUP + 1, (group + 1) * GROUP
            next_group = _next_group(channel, column, group + 1, len(entries))
    except (KeyError, ValueError):
        return Reply(b"", status=500)
    markup = (
        f"<?xml version='1.0' encoding='utf-8'?><datastore>{next_group}<totalrecord>{len(entries)}</totalrecord>"
        f"<totalpage>{ceil(len(entries) / max(size, 1))}</totalpage><recordset>\n"
        f"{_records(entries[max(start, 1) - 1 : end])}</recordset></datastore>"
    )
    return Reply(markup.encode(), content_type="text/xml; charset=utf-8")


def _shell(channel: Channel, column: dict[str, Any]) -> str:
    units = "\n".join(
        render("jpaas_unit.html", element=element, unit=UNIT, web=column["webid"], page=column["id"], tag=tag)
        for element, tag in (("d0a41c6e", "栏目导航"), ("d0a41c6f", LIST_TAG))
    )
    return render("jpaas_column.html", site=text(channel.name), column=text(column["name"]), units=units)


def _unit(channel: Channel, lists: dict[str, list[Entry]], request: Request) -> Reply:
    """The unit API: only `paramJson` turns the page, and a tag that is not in UTF-8 finds nothing."""
    nothing = _json({"success": False, "code": "200", "data": {}})
    try:
        fields = request.query
        options = json.loads(fields.get("paramJson") or "{}")
        number, size = int(options.get("pageNo", 1)), int(options.get("pageSize", ROWS))
    except (UnicodeDecodeError, ValueError):
        return nothing
    columns = [
        (key, column)
        for key, column in channel.sections.items()
        if column["mechanism"] == "jpaas"
        and (column["webid"], column["id"]) == (fields.get("webId"), fields.get("pageId"))
    ]
    if not columns or fields.get("tagId") not in {LIST_TAG, "栏目导航"} or number < 1 or size < 1:
        return nothing
    key, column = columns[0]
    if fields["tagId"] != LIST_TAG:
        markup = f'<ul class="nav"><li><a href="/col/col{column["id"]}/index.html">{text(column["name"])}</a></li></ul>'
        return _json({"success": True, "code": "200", "data": {"html": markup}})
    entries = lists[key]
    rows = "".join(
        f'<li class="cf"><a class="fl" href="{text(entry.path)}" title="{text(entry.title)}">{text(entry.title)}</a>'
        f'<span class="fr">{entry.published_at:%Y-%m-%d}</span></li>'
        for entry in entries[(number - 1) * size : number * size]
    )
    markup = (
        f'<div class="page-content"><ul>{rows}</ul></div>'
        f'<div class="pagination" rows="{size}" count="{len(entries)}" pageNo="{number}"></div>'
    )
    return _json({"success": True, "code": "200", "data": {"html": markup}})


def _json(value: dict[str, Any]) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), content_type="application/json;charset=UTF-8")


def _article(channel: Channel, article: Article) -> str:
    column = channel.sections[article.section]
    shown = minute(article.published_at) if article.precision == "minute" else f"{article.published_at:%Y-%m-%d}"
    files = "".join(f'<p><a href="{text(file.path)}">{text(file.name)}</a></p>' for file in article.attachments)
    editor = f'<div class="xl_bj">责任编辑：{text(article.editor)}</div>' if article.editor else ""
    return render(
        "jpaas_article.html" if column["mechanism"] == "jpaas" else "hanweb_article.html",
        site=text(channel.name),
        host=channel.host,
        column=text(column["name"]),
        column_id=column["id"],
        title=text(article.title),
        meta_date=minute(article.published_at),
        date=shown,
        source=text(article.source),
        meta_author=text(article.editor),
        url=article.url,
        editor=editor,
        content=paragraphs(article, style="text-align: justify; text-indent: 2em;") + files,
    )
