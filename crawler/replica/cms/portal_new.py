"""The food-safety portal's second generation: `/news/<column>.html`, articles under `/news/detail/`, some in GBK."""

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
    split,
    text,
)
from crawler.replica.content import BrokenLink, ReplicaArticle, SiteChannel
from crawler.replica.exchange import page_key

PAGE_SIZE = 5


def build(channel: SiteChannel, day: int) -> Pages:
    """Home page, column lists and articles as they stand on `day`."""
    pages = picture_pages(channel) | broken_link_pages(channel)
    pages["/index.html"] = page(_home(channel, day), validated=True, day=day)
    for key, column in channel.sections.items():
        groups = split(newest_first(channel, [key], day), PAGE_SIZE)
        for number, entries in enumerate(groups, start=1):
            following = _page_path(column["path"], number + 1) if number < len(groups) else None
            if column.get("endless"):  # a pager whose last page calls itself the next one
                following = following or _page_path(column["path"], number)
            markup = _list_page(channel, key, entries, following)
            pages[_page_path(column["path"], number)] = page(markup, validated=True, day=day)
    for article in channel.on(day):
        pages[page_key(article.path)] = article_page(article, _article(channel, article))
    return pages


def _page_path(first: str, number: int) -> str:
    return first if number == 1 else first.replace(".html", f"_{number}.html")


def _home(channel: SiteChannel, day: int) -> str:
    return render("portal_new_home.html", site=text(channel.name), nav=_nav(channel), news=_rows(channel.on(day)[:6]))


def _nav(channel: SiteChannel) -> str:
    return "".join(f'<a href="{column["path"]}">{text(column["name"])}</a>' for column in channel.sections.values())


def _rows(entries: Sequence[Entry]) -> str:
    return "".join(
        f'<li><a href="{text(_href(entry))}" title="{text(entry.title)}">{text(_cut(entry.title))}</a>'
        f"<em>{entry.published_at:%Y-%m-%d}</em></li>"
        for entry in entries
    )


def _href(entry: Entry) -> str:
    is_twin = isinstance(entry, BrokenLink) and entry.kind == "twin"
    return f"{entry.path}?view=pc" if is_twin else entry.path


def _cut(title: str) -> str:
    return title if len(title) <= 22 else title[:21] + "…"


def _list_page(channel: SiteChannel, key: str, entries: Sequence[Entry], following: str | None) -> str:
    pager = f'<a href="{following}">下一页</a>' if following else "<span>没有更多了</span>"
    name = text(channel.sections[key]["name"])
    places = {"site": text(channel.name), "nav": _nav(channel), "section": name}
    return render("portal_new_list.html", rows=_rows(entries), pager=pager, **places)


def _article(channel: SiteChannel, article: ReplicaArticle) -> str:
    authors = article.author.replace(" ", "、") if article.author else None
    labelled = (("来源", article.source), ("作者", authors), ("编辑", article.editor))
    parts = [f"{label}：{text(value)}" for label, value in labelled if value]
    header = "　".join([minute(article.published_at), *parts])
    return render(
        "portal_new_article.html",
        charset=article.charset,
        site=text(channel.name),
        nav=_nav(channel),
        section=text(channel.sections[article.section]["name"]),
        title=text(article.title),
        header=header,
        content=body(article, style=""),
    )
