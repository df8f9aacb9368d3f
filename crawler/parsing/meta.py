"""The national meta tags of government sites (国办发〔2017〕47号), their variants, and other machine-readable heads."""

from __future__ import annotations

import html
import re

from crawler.parsing.page import Page

TITLE = ("articletitle", "og:title", "twitter:title")
DATE = (
    *("pubdate", "article:published_time", "og:release_date", "publishdate", "firstpublishedtime"),
    *("bytedance:published_time", "_pubtime", "publish_time", "datepublished", "weibo: article:create_at", "apub:time"),
    *("maketime", "dateupdate", "og:time"),
)
SOURCE = ("contentsource", "source", "mediaid")
AUTHOR = ("author",)
_TAG = re.compile(r"<[^>]{0,300}>")
_SPACE = re.compile(r"\s+")


def first(page: Page, names: tuple[str, ...]) -> str | None:
    """The first of the named meta values that is not empty, without markup and entities."""
    for name in names:
        value = plain(page.meta.get(name))
        if value:
            return value
    return None


def plain(value: str | None) -> str | None:
    """A meta value as a reader would see it: tags dropped, entities resolved, spaces single; None where empty."""
    if not value:
        return None
    for _ in range(2):
        if "<" in value or "&" in value:
            value = html.unescape(_TAG.sub("", value))
    return _SPACE.sub(" ", value).strip() or None
