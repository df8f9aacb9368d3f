"""Hanweb (大汉) JCMS: a county government's site with both of its list mechanisms.

An old column carries its list in a `<datastore>` island and fetches more from `dataproxy.jsp` (below); a new one is an
empty shell over the unit API (`jpaas.py`). A column may change over from one day to the next, and articles of both
kinds of address stand in one list, as on sites that moved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from math import ceil
from urllib.parse import quote

from crawler.replica.cms import jpaas
from crawler.replica.cms.site import (
    Entry,
    Pages,
    SiteColumn,
    article_page,
    body,
    broken_link_pages,
    minute,
    newest_first,
    page,
    parts,
    picture_pages,
    render,
    text,
)
from crawler.replica.content import ReplicaArticle, SiteChannel
from crawler.replica.exchange import Reply, Request, page_key

PER_PAGE = 3
GROUP = 3 * PER_PAGE  # the page's script loads three pages at a time
PROXY = "/module/web/jpage/dataproxy.jsp"
WEB_ID = "3096"
SITE_CODE = "3311210001"
NEW_ADDRESS = re.compile(r"/art/\d{4}/art_[0-9a-f]{32}\.html")


def build(channel: SiteChannel, day: int) -> Pages:
    """Home page, column pages, list interfaces and articles as they stand on `day`."""
    pages = picture_pages(channel) | broken_link_pages(channel)
    columns = [SiteColumn(table, newest_first(channel, table["lists"], day)) for table in channel.sections.values()]
    pages["/"] = pages["/index.html"] = page(_home(channel, columns), validated=True, day=day)
    old = [column for column in columns if _mechanism(column, day) == "datastore"]
    new = [column for column in columns if _mechanism(column, day) == "jpaas"]
    pages |= {_address(column): page(_column_page(channel, column), validated=True, day=day) for column in old}
    pages |= {_address(column): page(jpaas.shell(channel, column), validated=True, day=day) for column in new}
    pages[PROXY] = partial(_dataproxy, channel, old)
    pages[jpaas.UNIT] = partial(jpaas.unit, new)
    for article in channel.on(day):
        for number, part in enumerate(parts(article), start=1):
            pages[page_key(_part_path(article, number))] = article_page(article, _article(channel, part, number))
    return pages


def _mechanism(column: SiteColumn, day: int) -> str:
    by_day: list[str] = column.table["mechanism"]
    return by_day[min(day, len(by_day)) - 1]


def _address(column: SiteColumn) -> str:
    return f"/col/col{column.id}/index.html"


def _home(channel: SiteChannel, columns: Sequence[SiteColumn]) -> str:
    links = "".join(f'<li><a href="{_address(column)}">{text(column.name)}</a></li>' for column in columns)
    news = "".join(_row(entry) for column in columns for entry in column.entries[:4])
    places = {"site": text(channel.name), "host": channel.host, "site_code": SITE_CODE}
    return render("hanweb_home.html", columns=links, news=news, **places)


def _row(entry: Entry) -> str:
    cut = entry.title if len(entry.title) <= 20 else entry.title[:20] + "..."
    return (
        f'<li class="clearfix"><a target="_blank" href="{text(entry.path)}" title="{text(entry.title)}">{text(cut)}</a>'
        f"<b>{entry.published_at:%Y-%m-%d}</b></li>"
    )


def _records(entries: Sequence[Entry]) -> str:
    return "\n".join(f"<record><![CDATA[{_row(entry)}]]></record>" for entry in entries)


def _next_group(channel: SiteChannel, column: SiteColumn, group: int) -> str:
    """The address of the group of records after this one; none after the last. The site's name is encoded twice."""
    if group * GROUP >= len(column.entries):
        return "<nextgroup><![CDATA[]]></nextgroup>"
    href = (
        f"{PROXY}?page={group}&appid=1&appid=1&webid={WEB_ID}&path=/&columnid={column.id}"
        f"&unitid={column.table['unitid']}&webname={quote(quote(channel.name))}&permissiontype=0"
    )
    return f'<nextgroup><![CDATA[<a href="{href}"></a>]]></nextgroup>'


def _column_page(channel: SiteChannel, column: SiteColumn) -> str:
    return render(
        "hanweb_column.html",
        site=text(channel.name),
        column=text(column.name),
        column_id=column.id,
        webid=WEB_ID,
        unit_id=column.table["unitid"],
        webname=quote(channel.name),
        next_group=_next_group(channel, column, 1),
        records=_records(column.entries[:GROUP]),
        total=str(len(column.entries)),
        per_page=str(PER_PAGE),
        proxy=PROXY,
    )


def _dataproxy(channel: SiteChannel, columns: Sequence[SiteColumn], request: Request) -> Reply:
    """Records S to E, both counted from 1 and included, of the unit a POST names; or the group a GET asks for."""
    fields = request.query | request.form
    asked = (fields.get("columnid"), fields.get("unitid"))
    column = next((column for column in columns if (column.id, column.table["unitid"]) == asked), None)
    if column is None:
        return _xml("<datastore><recordset></recordset></datastore>")
    try:
        if request.method == "POST":
            start, end, size = (int(fields[name]) for name in ("startrecord", "endrecord", "perpage"))
            following = ""
        else:
            group, size = int(fields["page"]), PER_PAGE
            start, end = group * GROUP + 1, (group + 1) * GROUP
            following = _next_group(channel, column, group + 1)
    except (KeyError, ValueError):
        return Reply(b"Internal Server Error", status=500)
    total = len(column.entries)
    return _xml(
        f"<?xml version='1.0' encoding='utf-8'?><datastore>{following}<totalrecord>{total}</totalrecord>"
        f"<totalpage>{ceil(total / max(size, 1))}</totalpage><recordset>\n"
        f"{_records(column.entries[max(start, 1) - 1 : max(end, 0)])}</recordset></datastore>"
    )


def _xml(markup: str) -> Reply:
    return Reply(markup.encode(), content_type="text/xml; charset=utf-8")


def _part_path(article: ReplicaArticle, number: int) -> str:
    stem, dot, ending = article.path.rpartition(".")
    return article.path if number == 1 else f"{stem}_{number}{dot}{ending}"


def _pager(article: ReplicaArticle, number: int) -> str:
    """The links between the pages of an article, as the editor's page break makes them; nothing if it has one."""
    if article.pages == 1:
        return ""
    links = [
        f"<span>{n}</span>" if n == number else f'<a href="{_part_path(article, n)}">{n}</a>'
        for n in range(1, article.pages + 1)
    ]
    if number < article.pages:
        links.append(f'<a href="{_part_path(article, number + 1)}">下一页</a>')
    return f'<div class="pagination" style="text-align: center;">{" ".join(links)}</div>'


def _article(channel: SiteChannel, article: ReplicaArticle, number: int) -> str:
    column = channel.sections[article.section]
    by_minute, by_day = minute(article.published_at), f"{article.published_at:%Y-%m-%d}"
    editor = f'<div class="xl_bj">责任编辑：{text(article.editor)}</div>' if article.editor else ""
    return render(
        "jpaas_article.html" if NEW_ADDRESS.match(article.path) else "hanweb_article.html",
        site=text(channel.name),
        host=channel.host,
        column=text(column["name"]),
        column_id=column["id"],
        title=text(article.title),
        meta_date=by_minute if article.precision == "minute" else by_day,
        date=by_minute if article.shown == article.precision == "minute" else by_day,
        source=text(article.source),
        meta_author=text(article.editor),
        url=article.url,
        editor=editor,
        content=body(article, style="text-align: justify; text-indent: 2em;"),
        pager=_pager(article, number),
    )
