"""The truth behind the replica: its sites, sections and articles, written by hand; the pages are rendered from it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Picture:
    """An image of an article: `path` on its host, and the caption under it."""

    path: str
    caption: str | None = None


@dataclass(frozen=True)
class File:
    """An attachment of an article."""

    path: str
    name: str


Rows = tuple[tuple[str, ...], ...]
Block = str | Picture | Rows | File


@dataclass(frozen=True)
class ReplicaArticle:
    """One article as a careful reader would note it: the fields of `crawler.items.Article` that a page shows.

    `path` is the address on `host`; `url` the whole of it. `published_at` is China Standard Time; the page shows it
    with `precision`; `shown` is `day` where only the head of the page has the minute. `paragraphs` is the text as
    written; `body` what a reader of the page reads: with rows and attachments, captions apart. The rest says how the
    page is made: `day` it appears on, `charset`, `garbled`, `slow` (seconds), `pages` it is cut into; `same_as` is the
    path of the article it copies on the same site or, as a whole URL, reprints from another.
    """

    site: str
    host: str
    scheme: str
    section: str
    path: str
    title: str
    published_at: datetime
    paragraphs: tuple[str, ...]
    source: str | None = None
    author: str | None = None
    editor: str | None = None
    precision: str = "minute"
    shown: str = "minute"
    images: tuple[Picture, ...] = ()
    attachments: tuple[File, ...] = ()
    table: Rows = ()
    day: int = 1
    charset: str = "utf-8"
    garbled: bool = False
    slow: float = 0.0
    pages: int = 1
    same_as: str | None = None
    changed: ReplicaArticle | None = field(default=None, repr=False)
    """The article as it reads from day 2 on."""

    @property
    def url(self) -> str:
        """The address, with scheme and host."""
        return f"{self.scheme}://{self.host}{self.path}"

    @property
    def body(self) -> str:
        """The text of the page, one paragraph a line; a row of a table is a line, its cells apart by blanks."""
        return "\n".join(_line(block) for block in self.blocks() if _line(block))

    def blocks(self) -> list[Block]:
        """What the body of the page consists of, in order: pictures after the first paragraph, the table before the
        last, attachments at the end."""
        blocks: list[Block] = [*self.paragraphs]
        blocks[1:1] = self.images
        if self.table:
            blocks.insert(len(blocks) - 1, self.table)
        return [*blocks, *self.attachments]


@dataclass(frozen=True)
class BrokenLink:
    """A link of a list page that leads to no article. `kind`: `dead` (404), `loop` (redirects in a circle), `soft404`,
    `no_article` (a topic page full of links), `forbidden` (robots.txt), `twin` (of the article at `path`), `foreign`
    (`path` is a whole address on another site)."""

    section: str
    path: str
    title: str
    published_at: datetime
    kind: str


@dataclass(frozen=True)
class SiteChannel:
    """One part of a site made by one CMS: its sections (key → name, path, and what the CMS needs), in order."""

    site: str
    host: str
    scheme: str
    cms: str
    name: str
    sections: dict[str, dict[str, Any]]
    articles: tuple[ReplicaArticle, ...]
    broken_links: tuple[BrokenLink, ...]
    robots: tuple[str, ...] = ()
    charset: str = "utf-8"
    """What the site's pages are written in; `meta_charset` is what they say, `header_charset` what the HTTP header."""
    meta_charset: str = "utf-8"
    header_charset: str = "utf-8"
    redirects: bool = False
    """Whether any other scheme or host name of the site leads to `scheme`://`host`."""

    def on(self, day: int) -> tuple[ReplicaArticle, ...]:
        """The articles as they stand on `day`."""
        return tuple(_as_of(article, day) for article in self.articles if article.day <= day)


@lru_cache(maxsize=1)
def channels() -> tuple[SiteChannel, ...]:
    """Every channel of the replica, read from the TOML files of this folder."""
    folder = files(__package__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(_channel(tomllib.loads((folder / name).read_text("utf-8"))) for name in names)


def articles(day: int = 1, site: str | None = None) -> list[ReplicaArticle]:
    """The truth: every article a reader finds on `day`, of one site or of all."""
    return [article for channel in channels() if site in {None, channel.site} for article in channel.on(day)]


def _line(block: Block) -> str:
    if isinstance(block, Picture):
        return ""
    if isinstance(block, File):
        return block.name
    return block if isinstance(block, str) else "\n".join(" ".join(row) for row in block)


def _as_of(article: ReplicaArticle, day: int) -> ReplicaArticle:
    return article.changed if article.changed and day > 1 else article


def _channel(table: dict[str, Any]) -> SiteChannel:
    shared = {key: table[key] for key in ("site", "host", "scheme")}
    return SiteChannel(
        **shared,
        cms=table["cms"],
        name=table["name"],
        sections=table["sections"],
        articles=tuple(_article(row, shared) for row in table["article"]),
        broken_links=tuple(BrokenLink(**row) for row in table.get("broken_link", [])),
        robots=tuple(table.get("robots", [])),
        **{key: table[key] for key in ("charset", "meta_charset", "header_charset", "redirects") if key in table},
    )


def _article(row: dict[str, Any], shared: dict[str, str]) -> ReplicaArticle:
    changed = row.get("changed", {})
    values = {key: value for key, value in row.items() if key not in {"changed", "body"}} | shared
    values["paragraphs"] = _paragraphs(row["body"])
    values["images"] = tuple(Picture(**image) for image in row.get("images", []))
    values["attachments"] = tuple(File(**file) for file in row.get("attachments", []))
    values["table"] = tuple(tuple(cells) for cells in row.get("table", []))
    article = ReplicaArticle(**values)
    if changed:
        later = replace(article, title=changed.get("title", article.title), paragraphs=_paragraphs(changed["body"]))
        article = replace(article, changed=later)
    return article


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(text.strip().split("\n"))
