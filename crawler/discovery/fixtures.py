"""Drafts of frozen pages: what the parsers read of a page, for a person to compare with the page and to correct.

A draft is never a proof: it says `"checked": false`, and tests/pages fails until somebody has looked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.items import Article
from crawler.parsing.date_reading import CST
from crawler.parsing.page import Page
from crawler.platforms.base import Listing
from crawler.platforms.detect import detect

_KEPT = ("content-type", "last-modified", "date", "server", "content-language")
_SUFFIXES = {"json": ".json", "xml": ".xml"}


@dataclass(frozen=True)
class Frozen:
    """A page to be kept: in which folder (`platform`) and under which `name` and `suffix`, its bytes, and the draft of
    its truth."""

    platform: str
    name: str
    body: bytes
    suffix: str
    truth: dict[str, Any]


@dataclass(frozen=True)
class Caught:
    """A page with its `body` as it came (unpacked), the `headers` of its answer, names in lower case, and when it was
    fetched (`at`, aware)."""

    page: Page
    body: bytes
    headers: Mapping[str, str]
    at: datetime


def freeze_article(article: Article, caught: Caught, name: str) -> Frozen:
    """The draft of an article's page; `name` begins the names of its files."""
    lines = [line.strip() for line in (article.body or "").split("\n")]
    truth = _head("article", caught) | {
        "title": article.title,
        "published_at": shown_time(article),
        "source": article.source,
        "author": article.author,
        "editor": article.editor,
        "first": lines[0],
        "last": lines[-1],
        "paragraphs": len(lines),
    }
    return Frozen(detect(caught.page).name, f"{name}-article", caught.body, _suffix(caught.headers), truth)


def freeze_list(listing: Listing, caught: Caught, name: str) -> Frozen:
    """The draft of a list page."""
    following = listing.next
    truth = _head("list", caught) | {
        "sent": None,
        "items": [
            {
                "url": item.url,
                "title": item.title,
                "date": f"{item.published_at.astimezone(CST):%Y-%m-%d}" if item.published_at else None,
            }
            for item in listing.items
        ],
        "next": following
        and {
            "method": following.method,
            "url": following.url,
            "body": following.body.decode() if following.body else None,
        },
        "total": listing.total,
        "reason": listing.reason,
    }
    return Frozen(listing.platform, f"{name}-list", caught.body, _suffix(caught.headers), truth)


def shown_time(article: Article) -> str | None:
    """The time of an article as truths write it: `2026-11-20T16:05+08:00`, or the day alone."""
    moment = article.published_at
    if moment is None:
        return None
    local = moment.astimezone(CST)
    return f"{local:%Y-%m-%dT%H:%M}+08:00" if article.published_precision == "minute" else f"{local:%Y-%m-%d}"


def _head(kind: str, caught: Caught) -> dict[str, Any]:
    kept = {name: caught.headers[name] for name in _KEPT if name in caught.headers}
    return {
        "kind": kind,
        "url": caught.page.url,
        "checked": False,
        "fetched_at": caught.at.astimezone(CST).isoformat(timespec="seconds"),
        "headers": kept,
    }


def _suffix(headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return next((suffix for word, suffix in _SUFFIXES.items() if kind.endswith(word) and "xhtml" not in kind), ".html")
