"""What every CMS of the replica shares: templates, paragraphs, pictures, links that lead nowhere."""

from __future__ import annotations

import html
import struct
import zlib
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from importlib.resources import files
from math import ceil
from string import Template
from typing import Any, TypeVar

from crawler.replica.content import Block, BrokenLink, File, Picture, ReplicaArticle, SiteChannel
from crawler.replica.corrupt import corrupt
from crawler.replica.exchange import Reply, Request, page_key

Pages = dict[str, Reply | Callable[[Request], Reply]]
"""What a site answers, by the `page_key` of the address."""

Entry = ReplicaArticle | BrokenLink
"""What a list page links to."""


T = TypeVar("T")


@dataclass(frozen=True)
class SiteColumn:
    """One section's row of the content and what it lists, newest first."""

    table: dict[str, Any]
    entries: list[Entry]

    @property
    def id(self) -> str:
        """Its number on the site."""
        return str(self.table["id"])

    @property
    def name(self) -> str:
        """What readers call it."""
        return str(self.table["name"])


def render(template: str, /, **values: str) -> str:
    """The template of that name with its `$places` filled; values are HTML already."""
    return _template(template).substitute(values)


def text(value: str | None) -> str:
    """`value` as HTML text."""
    return html.escape(value or "", quote=True)


def minute(moment: datetime) -> str:
    """`2026-11-18 09:12`."""
    return f"{moment:%Y-%m-%d %H:%M}"


def page(markup: str, *, validated: bool = False, day: int = 1, delay: float = 0.0) -> Reply:
    """An HTML page; a list page is `validated`: it was last modified at eight in the morning of `day`."""
    morning = datetime(2026, 11, 19 + day, tzinfo=UTC)
    modified = (("Last-Modified", format_datetime(morning, usegmt=True)),)
    return Reply(markup.encode(), headers=modified if validated else (), validated=validated, delay=delay)


def article_page(article: ReplicaArticle, markup: str) -> Reply:
    """The page of `article` in its charset. The HTTP header names none where the page says it itself."""
    body = markup.encode("gb18030" if article.charset == "gbk" else article.charset)
    kind = "text/html" if article.charset == "gbk" else "text/html; charset=utf-8"
    return Reply(body, content_type=kind, delay=article.slow)


def body(article: ReplicaArticle, style: str = "text-indent: 2em;") -> str:
    """The body as the editor of a CMS leaves it: styled paragraphs, pictures, a table, links to attachments."""
    return "\n".join(_block(article, block, style) for block in article.blocks())


def parts(article: ReplicaArticle) -> list[ReplicaArticle]:
    """The article cut into its `pages`: the pictures on the first, table and files on the last."""
    if article.pages == 1:
        return [article]
    chunks = split(article.paragraphs, ceil(len(article.paragraphs) / article.pages))
    cut = [replace(article, paragraphs=tuple(chunk), images=(), table=(), attachments=()) for chunk in chunks]
    cut[0] = replace(cut[0], images=article.images)
    cut[-1] = replace(cut[-1], table=article.table, attachments=article.attachments)
    return cut


def _block(article: ReplicaArticle, block: Block, style: str) -> str:
    if isinstance(block, str):
        return f'<p style="{style}">{text(_as_shown(article, block))}</p>'
    if isinstance(block, Picture):
        return _picture(block.path, block.caption)
    if isinstance(block, File):
        return f'<p><a href="{text(block.path)}">{text(block.name)}</a></p>'
    rows = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in block)
    return f'<table border="1" cellspacing="0"><tbody>{rows}</tbody></table>'


def shown_title(article: Entry) -> str:
    """The title as the page shows it."""
    return _as_shown(article, article.title)


def newest_first(channel: SiteChannel, sections: Container[str], day: int) -> list[Entry]:
    """What a list of `sections` shows on `day`."""
    entries: list[Entry] = [article for article in channel.on(day) if article.section in sections]
    entries += [broken_link for broken_link in channel.broken_links if broken_link.section in sections]
    return sorted(entries, key=lambda entry: entry.published_at, reverse=True)


def split(entries: Sequence[T], size: int) -> list[Sequence[T]]:
    """`entries` by pages of `size`; an empty list has one empty page."""
    return [entries[start : start + size] for start in range(0, max(len(entries), 1), size)]


def broken_link_pages(channel: SiteChannel) -> Pages:
    """The answers of the links that lead to no article. Dead ones have none, twins have their article's."""
    pages: Pages = {}
    for broken_link in channel.broken_links:
        key = page_key(broken_link.path)
        if broken_link.kind == "loop":
            there, back = f"{broken_link.path}?from=list", broken_link.path
            pages[key] = Reply(status=302, headers=(("Location", there),))
            pages[page_key(there)] = Reply(status=302, headers=(("Location", back),))
        elif broken_link.kind == "soft404":
            pages[key] = page(render("soft404.html", site=text(channel.name)))
        elif broken_link.kind == "no_article":
            links = [f'<a href="{text(entry.path)}">{text(entry.title)}</a>' for entry in channel.articles]
            rows = "".join(f"<li>{link}</li>" for link in links)
            pages[key] = page(render("topic.html", site=text(channel.name), title=text(broken_link.title), rows=rows))
        elif broken_link.kind == "forbidden":
            pages[key] = page(render("soft404.html", site="robots.txt"))
    return pages


def picture_pages(channel: SiteChannel) -> Pages:
    """The images and attachments of a channel."""
    pages: Pages = {}
    for article in channel.articles:
        for image in article.images:
            pages[image.path] = Reply(_png(), content_type="image/png")
        for file in article.attachments:
            pages[file.path] = Reply(b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
    return pages


def _as_shown(entry: Entry, line: str) -> str:
    return corrupt(line) if isinstance(entry, ReplicaArticle) and entry.garbled else line


def _picture(path: str, caption: str | None) -> str:
    below = f'<p style="text-align: center;">{text(caption)}</p>' if caption else ""
    return f'<p style="text-align: center;"><img src="{text(path)}" alt="{text(caption)}"></p>{below}'


@lru_cache(maxsize=64)
def _template(name: str) -> Template:
    return Template((files("crawler.replica") / "templates" / name).read_text("utf-8"))


@lru_cache(maxsize=1)
def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = 320, 200
    rows = (b"\0" + b"\x4c\x8c\x6a" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
