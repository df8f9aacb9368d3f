"""The food-safety portal's first generation: `/front/web/site.*`, server-rendered, its pager known by 尾页."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.replica.cms.site import (
    Entry,
    Pages,
    article_page,
    body,
    broken_link_pages,
    minute,
    newest_first,
    page,
    picture_pages,
    render,
    shown_title,
    split,
    text,
)
from crawler.replica.content import ReplicaArticle, SiteChannel
from crawler.replica.exchange import page_key

PAGE_SIZE = 4


def build(channel: SiteChannel, day: int) -> Pages:
    """Home page, section lists and articles as they stand on `day`."""
    pages = (
        picture_pages(channel) | broken_link_pages(channel) | {"/": page(_home(channel, day), validated=True, day=day)}
    )
    for key, section in channel.sections.items():
        groups = split(newest_first(channel, [key], day), PAGE_SIZE)
        for number, entries in enumerate(groups, start=1):
            path = f"{section['path']}&page={number}"
            markup = _list_page(channel, key, entries, len(groups))
            pages[page_key(path)] = page(markup, validated=True, day=day)
    for article in channel.on(day):
        pages[page_key(article.path)] = article_page(article, _article(channel, article))
    return pages


def _home(channel: SiteChannel, day: int) -> str:
    nav = "".join(
        f'<li><a href="{text(section["path"])}">{text(section["name"])}</a></li>'
        for section in channel.sections.values()
    )
    news = "".join(_link(article) for article in list(channel.on(day))[:6])
    return render("portal_old_home.html", site=text(channel.name), nav=nav, news=news)


def _list_page(channel: SiteChannel, key: str, entries: Sequence[Entry], count: int) -> str:
    section = channel.sections[key]
    places = {"site": text(channel.name), "section": text(section["name"]), "pager": _pager(section["path"], count)}
    if "hangye" not in section["path"]:
        rows = "".join(f"<li>{_link(entry)}<span>{entry.published_at:%Y-%m-%d}</span></li>" for entry in entries)
        return render("portal_old_regions.html", rows=rows, **places)
    headline = f"<h1>{_link(entries[0])}</h1>" if entries else ""
    side = "".join(f"<li>{_link(entry)}</li>" for entry in entries[:2])
    rows = "".join(f'<div class="item"><div class="name">{_link(entry)}</div></div>' for entry in entries)
    return render("portal_old_trade.html", headline=headline, side=side, rows=rows, **places)


def _link(entry: Entry) -> str:
    return f'<a href="{text(entry.path)}" target="_blank">{text(shown_title(entry))}</a>'


def _pager(path: str, count: int) -> str:
    """首页, the numbers, 尾页: whoever wants the number of pages reads it from the last link."""
    labels = [("首页", 1), *((str(number), number) for number in range(1, count + 1)), ("尾页", count)]
    return "".join(f'<a href="{text(path)}&amp;page={number}">{label}</a>' for label, number in labels)


def _article(channel: SiteChannel, article: ReplicaArticle) -> str:
    editor = f" 编辑：{article.editor}" if article.editor else ""
    source = f"<span>来源：{text(article.source)}</span>" if article.source else ""
    return render(
        "portal_old_article.html",
        site=text(channel.name),
        section=text(channel.sections[article.section]["name"]),
        title=text(shown_title(article)),
        header=f"{minute(article.published_at)}{source}{text(editor)}",
        content=body(article),
    )
