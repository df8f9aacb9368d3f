"""Every frozen page against the truth beside it: one loop for articles, lists and answers of list interfaces.

A page `NAME.html|xml|json` has its truth in `NAME.truth.json`. The pages are written by hand in the markup of their
platform with invented text; the truth is written by hand, never captured from the code. Pages that `scrapy addsite` and
`scrapy freeze` keep bring a draft of their truth: its test fails until a person has compared it with the page.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Article
from crawler.parsing.page import Page, PageRequest
from crawler.platforms.detect import PLATFORMS, detect, get_platform
from crawler.platforms.reading import read_article, read_list
from crawler.sites.registry import load as registry

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FIELDS = ("title", "published_at", "source", "author", "editor", "body")
PAGES = sorted(path for path in HERE.glob("*/*") if not path.name.endswith(".truth.json"))


def truth_of(path: Path) -> dict[str, Any]:
    return json.loads((path.parent / f"{path.stem}.truth.json").read_text(encoding="utf-8"))


def is_kind(path: Path, kind: str) -> bool:
    truth = path.parent / f"{path.stem}.truth.json"
    return truth.exists() and json.loads(truth.read_text(encoding="utf-8"))["kind"] == kind


def request_of(table: dict[str, Any] | None) -> PageRequest | None:
    return (
        PageRequest(table["url"], table["method"], table["body"].encode() if table["body"] else None) if table else None
    )


def load(path: Path) -> tuple[Page, dict[str, Any]]:
    truth = truth_of(path)
    kind = truth.get("headers", {}).get("content-type")
    return Page.from_bytes(path.read_bytes(), truth["url"], kind, sent=request_of(truth.get("sent"))), truth


def fetched(truth: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(truth["fetched_at"]) if "fetched_at" in truth else NOW


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


ARTICLES = [path for path in PAGES if is_kind(path, "article")]
LISTS = [path for path in PAGES if is_kind(path, "list")]


def test_every_page_has_its_truth_and_every_truth_its_page() -> None:
    pages = {path.with_suffix("") for path in PAGES}
    truths = {path.parent / path.name.removesuffix(".truth.json") for path in HERE.glob("*/*.truth.json")}
    assert pages == truths


def test_a_person_has_checked_every_draft() -> None:
    """Compare each page named here with its truth and with the site, correct the truth, and set `checked` to true."""
    drafts = [named(path) for path in PAGES if truth_of(path).get("checked", True) is not True]
    assert not drafts


@pytest.mark.parametrize("name", [*sorted(platform.name for platform in PLATFORMS), "generic"])
def test_every_platform_has_an_article_and_a_list(name: str) -> None:
    kinds = {truth_of(path)["kind"] for path in PAGES if path.parent.name == name}
    assert kinds == {"article", "list"}


def test_every_folder_is_a_platform() -> None:
    assert {get_platform(path.parent.name).name for path in PAGES} == {path.parent.name for path in PAGES}


@pytest.mark.parametrize("path", [path for path in PAGES if path.suffix == ".html"], ids=named)
def test_platform_is_told_by_the_pages_own_marks(path: Path) -> None:
    if path.stem in {"stub", "home", "last"}:
        pytest.skip("bears no marks of a platform")
    page, _ = load(path)
    assert detect(page).name == path.parent.name


@pytest.mark.parametrize("path", LISTS, ids=named)
def test_list(path: Path) -> None:
    page, truth = load(path)
    platform = None if path.suffix == ".html" else path.parent.name
    listing = read_list(page, platform=platform, site=registry().by_url(truth["url"]), now=fetched(truth))
    shown = [
        {"url": i.url, "title": i.title, "date": f"{i.published_at:%Y-%m-%d}" if i.published_at else None}
        for i in listing.items
    ]
    assert shown == truth["items"]
    following = listing.next
    if truth["next"] is None:
        assert following is None
    else:
        assert following is not None
        wanted = request_of(truth["next"])
        assert wanted is not None
        assert (following.method, following.url, following.body) == (wanted.method, wanted.url, wanted.body)
    assert listing.total == truth["total"]
    assert listing.reason == truth["reason"]


@cache
def score(path: Path) -> dict[str, bool]:
    """Which fields of an article page are right."""
    page, truth = load(path)
    article = read_article(page, site=registry().by_url(truth["url"]), now=fetched(truth))
    if not isinstance(article, Article):
        return dict.fromkeys(FIELDS, False)
    right = {name: getattr(article, name) == truth[name] for name in ("title", "source", "author", "editor")}
    moment = article.published_at
    shown = moment and (
        f"{moment:%Y-%m-%dT%H:%M}+08:00" if article.published_precision == "minute" else f"{moment:%Y-%m-%d}"
    )
    right["published_at"] = shown == truth["published_at"]
    lines = [line.strip().lstrip("　") for line in (article.body or "").split("\n")]
    ends = bool(lines) and (lines[0], lines[-1]) == (truth["first"], truth["last"])
    right["body"] = ends and len(lines) == truth["paragraphs"]
    return right


def test_scores_hold_the_floor() -> None:
    """`floor.json` holds the share of pages on which each field is right; it is raised by hand and never lowered."""
    floor = json.loads((HERE / "floor.json").read_text(encoding="utf-8"))
    right = Counter(dict.fromkeys(FIELDS, 0))
    for path in ARTICLES:
        right.update({name: int(value) for name, value in score(path).items()})
    shares = {name: round(right[name] / len(ARTICLES), 4) for name in FIELDS}
    wrong = {named(path): [name for name, value in score(path).items() if not value] for path in ARTICLES}
    assert floor.keys() == shares.keys()
    below = {name: (shares[name], least) for name, least in floor.items() if shares[name] < least}
    assert not below, {name: fields for name, fields in wrong.items() if fields}
