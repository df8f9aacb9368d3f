"""Drafts of frozen pages: what the parsers read of a page, for a person to compare with the page and to correct.

A draft is never a proof: it says `"checked": false`, and tests/pages fails until somebody has looked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler.discovery.survey import Fetch, SurveyResult, Unanswered
from crawler.items import Article
from crawler.parsing.article import PageRejection
from crawler.parsing.date_forms import CST
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.urls import canonical_url
from crawler.platforms.base import Listing, ListItem
from crawler.platforms.detect import detect
from crawler.platforms.reading import read_article
from crawler.sites.edit import write_atomically
from crawler.sites.files import bare_host
from crawler.sites.site import Site

_KEPT_HEADERS = ("content-type", "last-modified", "date", "server", "content-language")
_SUFFIXES = {"json": ".json", "xml": ".xml"}


@dataclass(frozen=True)
class Fixture:
    """A page to be kept: in which folder (`platform`) and under which `name` and `suffix`, its bytes, and the draft of
    its truth."""

    platform: str
    name: str
    body: bytes
    suffix: str
    truth: dict[str, Any]


@dataclass(frozen=True)
class CapturedResponse:
    """A page with its `body` as it came (unpacked), the `headers` of its answer, names in lower case, and when it was
    fetched (`at`, aware)."""

    page: Page
    body: bytes
    headers: Mapping[str, str]
    at: datetime


def draft_article(article: Article, captured: CapturedResponse, name: str) -> Fixture:
    """The draft of an article's page; `name` begins the names of its files."""
    lines = [line.strip() for line in (article.body or "").split("\n")]
    truth = _head("article", captured) | {
        "title": article.title,
        "published_at": format_shown_time(article),
        "source": article.source,
        "author": article.author,
        "editor": article.editor,
        "first": lines[0],
        "last": lines[-1],
        "paragraphs": len(lines),
    }
    return Fixture(detect(captured.page).name, f"{name}-article", captured.body, _suffix(captured.headers), truth)


def draft_list(listing: Listing, captured: CapturedResponse, name: str) -> Fixture:
    """The draft of a list page."""
    following = listing.next
    truth = _head("list", captured) | {
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
    return Fixture(listing.platform, f"{name}-list", captured.body, _suffix(captured.headers), truth)


def format_shown_time(article: Article) -> str | None:
    """The time of an article as truths write it: `2026-11-20T16:05+08:00`, or the day alone."""
    moment = article.published_at
    if moment is None:
        return None
    local = moment.astimezone(CST)
    return f"{local:%Y-%m-%dT%H:%M}+08:00" if article.published_precision == "minute" else f"{local:%Y-%m-%d}"


def _head(kind: str, captured: CapturedResponse) -> dict[str, Any]:
    kept = {name: captured.headers[name] for name in _KEPT_HEADERS if name in captured.headers}
    return {
        "kind": kind,
        "url": captured.page.url,
        "checked": False,
        "fetched_at": captured.at.astimezone(CST).isoformat(timespec="seconds"),
        "headers": kept,
    }


def _suffix(headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return next((suffix for word, suffix in _SUFFIXES.items() if kind.endswith(word) and "xhtml" not in kind), ".html")


# Frozen pages on disk: under tests/pages of the checkout this package lives in.

TO_CHECK = 'Compare {} with the page, correct it, and set "checked" to true: until then its test fails.'
PAGES = Path(__file__).resolve().parents[2] / "tests" / "pages"


def choose_paths(fixture: Fixture) -> tuple[Path, Path]:
    """Where a page and its truth go: nothing that is there is overwritten."""
    number = 1
    while True:
        stem = fixture.name if number == 1 else f"{fixture.name}-{number}"
        page = PAGES / fixture.platform / f"{stem}{fixture.suffix}"
        if not list(page.parent.glob(f"{stem}.*")):
            return page, page.with_name(f"{stem}.truth.json")
        number += 1


def save_fixture(fixture: Fixture) -> list[Path]:
    """Write a page and its truth; the two paths. Raises OSError, and leaves nothing then."""
    if not PAGES.is_dir():
        raise FileNotFoundError(2, "there is no such folder: work in a checkout of the project", str(PAGES))
    page, truth = choose_paths(fixture)
    page.parent.mkdir(exist_ok=True)
    text = json.dumps(fixture.truth, ensure_ascii=False, indent=1) + "\n"
    write_atomically(page, fixture.body)
    try:
        write_atomically(truth, text.encode())
    except OSError:
        page.unlink()
        raise
    return [page, truth]


def remove_files(paths: list[Path]) -> None:
    """Remove what `save_fixture` wrote."""
    for path in paths:
        path.unlink(missing_ok=True)


# A few articles of a surveyed site, read as a crawl reads them, for a person to look at.

MAX_EXTRA_ARTICLES = 3
"""How many articles more may be asked for where the first ones give none."""


@dataclass(frozen=True)
class Review:
    """`read` are articles with their pages, `failed` addresses with the reason why they gave none."""

    read: tuple[tuple[Article, Page], ...]
    failed: tuple[tuple[str, str], ...]


async def review_articles(fetch: Fetch, surveyed: SurveyResult, site: Site, now: datetime, wanted: int = 3) -> Review:
    """Up to `wanted` articles of the sections found, from as many sections as there are. `now` is aware."""
    read: list[tuple[Article, Page]] = []
    failed: list[tuple[str, str]] = []
    known = replace(site, platform=site.platform or common_platform(surveyed))
    for item in _alternate(surveyed)[: wanted + MAX_EXTRA_ARTICLES]:
        if len(read) == wanted:
            break
        page = await fetch(PageRequest(item.url))
        if isinstance(page, Unanswered):
            failed.append((item.url, page.detail))
            continue
        article = read_article(page, site=known, now=now)
        if isinstance(article, PageRejection):
            failed.append((item.url, article.detail))
        else:
            read.append((article, page))
    return Review(tuple(read), tuple(failed))


def common_platform(surveyed: SurveyResult) -> str | None:
    """The platform most of the sections found are built with, None if it is unknown."""
    names = [found.platform for found in surveyed.found if found.platform != "generic"]
    return max(names, key=names.count) if names else None


def _alternate(surveyed: SurveyResult) -> list[ListItem]:
    """The newest article of each section, then the second of each, …; each once, only on the site's own host."""
    home = bare_host(surveyed.home.url if surveyed.home else surveyed.homepage)
    rows = [[item for item in found.items if bare_host(item.url).endswith(home)] for found in surveyed.found]
    longest = max(map(len, rows), default=0)
    items = [row[number] for number in range(longest) for row in rows if number < len(row)]
    return list({canonical_url(item.url): item for item in items}.values())
