"""What the CMSs share whose lists are numbered pages: a class each says how a list page, its pager, an article look.

The same classes dress the hand-written sites of `content/` and the generated ones of `fleet/`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import ClassVar

from crawler.replica.cms.site import (
    Entry,
    Pages,
    SiteColumn,
    body,
    broken_link_pages,
    minute,
    newest_first,
    picture_pages,
    render,
    split,
    text,
)
from crawler.replica.content import ReplicaArticle, SiteChannel
from crawler.replica.exchange import Reply, page_key


@dataclass(frozen=True)
class ListPage:
    """One page of a list: its entries, its number of `count`, and how many entries the whole list has."""

    entries: Sequence[Entry]
    number: int
    count: int
    total: int

    @property
    def is_last(self) -> bool:
        """Whether no page follows."""
        return self.number >= self.count


class PagedCms(ABC):
    """One product. `name` is that of its templates `NAME_list.html` and `NAME_article.html`."""

    name: ClassVar[str]
    per_page: ClassVar[int] = 4
    date_form: ClassVar[str] = "%Y-%m-%d %H:%M"

    def __init__(self, per_page: int | None = None) -> None:
        self.page_size = per_page or self.per_page

    @abstractmethod
    def page_path(self, column: SiteColumn, number: int) -> str:
        """The address (path and query) of a list page; 1 is the column's own."""

    @abstractmethod
    def row(self, column: SiteColumn, entry: Entry) -> str:
        """One entry of a list."""

    @abstractmethod
    def pager(self, column: SiteColumn, shown: ListPage) -> str:
        """What leads from one list page to the next."""

    def head(self, channel: SiteChannel, article: ReplicaArticle) -> str:
        """What the page says of the article in its `<head>`: the national tags (国办发〔2017〕47号)."""
        return national_tags(channel, article)

    def article(self, channel: SiteChannel, article: ReplicaArticle) -> str:
        """An article's page."""
        column = SiteColumn(channel.sections[article.section], [])
        form = self.date_form if article.shown == "minute" else self.date_form.partition(" ")[0]
        return render(
            f"{self.name}_article.html",
            charset=channel.meta_charset,
            head=self.head(channel, article),
            site=text(channel.name),
            column=text(column.name),
            column_path=text(self.page_path(column, 1)),
            column_id=column.id,
            title=text(article.title),
            date=article.published_at.strftime(form),
            source=labelled("来源：", article.source),
            author=labelled("作者：", article.author),
            editor=labelled("责任编辑：", article.editor),
            number="".join(c for c in article.path if c.isdigit())[-6:],
            content=body(article),
            extra=text(str(column.table.get("extra", ""))),
        )

    def list_page(self, channel: SiteChannel, column: SiteColumn, shown: ListPage) -> str:
        """A list page."""
        return render(
            f"{self.name}_list.html",
            charset=channel.meta_charset,
            site=text(channel.name),
            column=text(column.name),
            column_id=column.id,
            rows="\n".join(self.row(column, entry) for entry in shown.entries),
            pager=self.pager(column, shown),
        )

    def home_page(self, channel: SiteChannel, columns: Sequence[SiteColumn]) -> str:
        """The home page: its menu names the columns, and the news stand below."""
        menu = "".join(f'<li><a href="{text(self.page_path(c, 1))}">{text(c.name)}</a></li>' for c in columns)
        news = "".join(_news(entry) for column in columns for entry in column.entries[:3])
        return render("home.html", charset=channel.meta_charset, site=text(channel.name), menu=menu, news=news)

    def pages_of(self, total: int) -> int:
        """How many pages a list of `total` entries has."""
        return max(ceil(total / self.page_size), 1)

    def build(self, channel: SiteChannel, day: int) -> Pages:
        """Home page, list pages and articles as they stand on `day`."""
        pages = picture_pages(channel) | broken_link_pages(channel)
        columns = [SiteColumn(table, newest_first(channel, [key], day)) for key, table in channel.sections.items()]
        pages["/"] = pages["/index.html"] = encoded(channel, self.home_page(channel, columns))
        for column in columns:
            pages |= self.lists(channel, column)
        for article in channel.on(day):
            pages[page_key(article.path)] = encoded(channel, self.article(channel, article), article.slow)
        return pages

    def lists(self, channel: SiteChannel, column: SiteColumn) -> Pages:
        """The list pages of one column."""
        groups, pages = split(column.entries, self.page_size), Pages()
        for number, entries in enumerate(groups, start=1):
            shown = ListPage(entries, number, len(groups), len(column.entries))
            pages[page_key(self.page_path(column, number))] = encoded(channel, self.list_page(channel, column, shown))
        return pages


def encoded(channel: SiteChannel, markup: str, delay: float = 0.0) -> Reply:
    """An HTML page in the site's encoding, which header and page may name rightly, wrongly or not at all."""
    named = f"; charset={channel.header_charset}" if channel.header_charset else ""
    return Reply(markup.encode(channel.charset), content_type=f"text/html{named}", delay=delay)


def labelled(label: str, value: str | None) -> str:
    """`value` behind its label as HTML text, nothing if there is none."""
    return f"{label}{text(value)}" if value else ""


def national_tags(channel: SiteChannel, article: ReplicaArticle, published: datetime | None = None) -> str:
    """The meta tags of a content page; `published` in place of the article's own time."""
    moment = published or article.published_at
    shown = f"{moment:%Y-%m-%d}" if article.precision == "day" else minute(moment)
    column = channel.sections[article.section]
    tags = {
        "SiteName": channel.name,
        "SiteDomain": channel.host,
        "ColumnName": column["name"],
        "ColumnType": "工作动态",
        "ArticleTitle": article.title,
        "PubDate": shown,
        "ContentSource": article.source,
        "Author": article.editor,
    }
    return "\n".join(f'<meta name="{name}" content="{text(value)}">' for name, value in tags.items())


def with_field(path: str, field: str) -> str:
    """`path` with one more field in its query."""
    return f"{path}{'&' if '?' in path else '?'}{field}"


def beside(path: str, name: str) -> str:
    """The path of a file in the folder of `path`."""
    return f"{path.partition('?')[0].rpartition('/')[0]}/{name}"


def cut(title: str, size: int) -> str:
    """A title as a narrow column shows it."""
    return title if len(title) <= size else title[: size - 3] + "..."


def _news(entry: Entry) -> str:
    return f'<li><a href="{text(entry.path)}">{text(entry.title)}</a><span>{entry.published_at:%m-%d}</span></li>'
