"""Guangdong gkmlpt (政府信息公开目录平台): `/gkmlpt/index`, `/gkmlpt/content/8/8123/post_8123456.html`.

Fingerprint: paths under `/gkmlpt/`, `window._CONFIG` with `SID`.
Article: `_CONFIG.DETAIL` (JSON in a script) holds title, date, publisher and the body as HTML.
List: GET `/gkmlpt/api/all/<category>?page=N&sid=<SID>` → `articles[]`, `classify.post_count`. The category is the
address's `#1234`, else the one of the configuration, else the first of its tree.
A site may set: nothing.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from crawler.parsing.date_forms import CST
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.answers import build_items, get_path, get_text, iterate_objects, parse_count, parse_json
from crawler.platforms.base import ListItem, Platform
from crawler.platforms.links import absolute

_CONFIG = re.compile(r"\b_CONFIG\s*=\s*(?=\{)")
_SID = re.compile(r"""["']?\bSID["']?\s*:\s*["']?(\w+)""")
_DETAIL = re.compile(r"""["']?\bDETAIL["']?\s*:\s*(?=\{)""")
_TREE = re.compile(r"""["']?\bTREE["']?\s*:\s*\[\s*\{[^{}\[\]]{0,200}?["']?\bid["']?\s*:\s*["']?(\d+)""")
_CATEGORY = re.compile(r"""["']?\b(?:CAT_ID|CLASSIFY_ID|catId|classifyId)["']?\s*:\s*["']?(\d+)""")


class Gkmlpt(Platform):
    """The catalogue platform."""

    name = "gkmlpt"
    rules = Rules(
        title=(".article-content h1.title", "h1.title", ".content-title"),
        header=(".article-info", ".date-row"),
        body=(".article-content .content", ".article-content", ".content"),
    )
    article_url = re.compile(r"/gkmlpt/content/(?:\d+/)*(?:m?post)_\d+\.html?")
    list_url = re.compile(r"/gkmlpt/(?:index|api/all/\d+|m?index)")
    marks: ClassVar[tuple[str, ...]] = ("window._CONFIG", "/gkmlpt/api/")
    traces: ClassVar[tuple[str, ...]] = ("/gkmlpt/",)

    def article_fields(self, page: Page) -> dict[str, str]:
        """The values of `_CONFIG.DETAIL`."""
        detail = _object_after(_DETAIL, page.text)
        if detail is None:
            return {}
        moment = get_text(detail, "display_publish_time", "created_at", "date")
        fields = {
            "title": get_text(detail, "title"),
            "published_at": _epoch_to_text(moment),
            "source": get_text(detail, "source", "publisher"),
            "author": get_text(detail, "author"),
            "body": get_text(detail, "content"),
        }
        return {name: value for name, value in fields.items() if value}

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The items of an answer; [] for a shell."""
        answer = parse_json(page)
        if answer is None:
            return [] if self.needs_api(page) else None
        rows = iterate_objects(get_path(answer, "articles"))
        found = (
            (
                get_text(r, "url", "post_url"),
                get_text(r, "title"),
                get_text(r, "display_publish_time", "date", "created_at"),
            )
            for r in rows
        )
        return build_items(found, page.url, now)

    def needs_api(self, page: Page) -> bool:
        """Whether the page is the catalogue, not one of its articles."""
        return parse_json(page) is None and bool(_CONFIG.search(page.text)) and not _DETAIL.search(page.text)

    def next_page(self, page: Page) -> PageRequest | None:
        """Page 1 of the category for the catalogue, else the page after the one asked for while there are more."""
        answer = parse_json(page)
        if answer is None:
            return self._first(page)
        total, rows = self.total(page), list(iterate_objects(get_path(answer, "articles")))
        if page.sent is None or total is None or not rows:
            return None
        base, _, query = page.sent.url.partition("?")
        fields = dict(parse_qsl(query))
        number = parse_count(fields.get("page", "1")) or 1
        size = parse_count(answer.get("page_size")) or (
            len(rows) if number == 1 else parse_count(fields.get("size")) or len(rows)
        )
        if number * size >= total:
            return None
        fields["page"] = str(number + 1)
        fields.setdefault("size", str(size))
        return PageRequest(f"{base}?{urlencode(fields)}", headers=page.sent.headers)

    def total(self, page: Page) -> int | None:
        """`classify.post_count`."""
        return parse_count(get_path(parse_json(page), "classify", "post_count"))

    def _first(self, page: Page) -> PageRequest | None:
        sid = _SID.search(page.text)
        if not sid or not page.url:
            return None
        asked = page.sent.url if page.sent else page.url
        fragment = re.search(r"#/?(\d+)$", asked)
        category = fragment or _CATEGORY.search(page.text) or _TREE.search(page.text)
        if not category:
            return None
        url = absolute(page.url, f"/gkmlpt/api/all/{category[1]}?{urlencode({'page': 1, 'sid': sid[1]})}")
        return PageRequest(url, headers=(("X-Requested-With", "XMLHttpRequest"), ("Referer", page.url)))


def _object_after(start: re.Pattern[str], text: str) -> dict[str, Any] | None:
    """The JSON object after `start`; None if there is no object."""
    found = start.search(text)
    if not found:
        return None
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, found.end())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _epoch_to_text(value: str) -> str:
    """A time in seconds since 1970 as text in China Standard Time; any other value unchanged."""
    if not re.fullmatch(r"1\d{9}", value):
        return value
    return f"{datetime.fromtimestamp(int(value), CST):%Y-%m-%d %H:%M}"
