"""TRS IRS / 海云: lists that a script loads from the search interface `/irs/front/search`.

Fingerprint: the interface's path and the fields of its question (`dataTypeId`, `isSearchForced`, `customFilter`).
Article: as TRS. List: the page is a shell; the answer holds `data.middle.listAndBox[].data`.
Paging: POST of the page's own question as JSON with the next `pageNo`, up to `data.pager.pageCount`. If the question
names a column by a variable, the column is the first `data-id` of the page.
A site may set: nothing.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from crawler.parsing.page import Page, PageRequest
from crawler.platforms.answers import build_items, get_path, get_text, iterate_objects, parse_count, parse_json
from crawler.platforms.base import ListItem
from crawler.platforms.links import absolute
from crawler.platforms.trs import Trs

_INTERFACE = "irs/front/search"
_API = re.compile(r"""["']((?:https?:)?//[\w.:-]+[\w./-]*/irs/front/search|/[\w./-]*irs/front/search)["']""")
_FIELD = re.compile(
    r"""\b(code|dataTypeId|tenantId|configTenantId|orderBy|searchBy|granularity)["']?\s*:\s*["']([^"']{1,80})["']"""
)
_SIZE = re.compile(r"""\bpageSize["']?\s*:\s*["']?(\d{1,3})""")
_CHANNEL = re.compile(
    r"""["']?property["']?\s*:\s*["'](channel_id|channelId)["'][^{}]{0,120}?["']?value["']?\s*:\s*(?:["']([\w-]+)["']|(\w+))"""
)
_COLUMN = re.compile(r"""\bdata-id\s*=\s*["']?([\w-]+)""")
_JSON = (("Content-Type", "application/json;charset=UTF-8"), ("X-Requested-With", "XMLHttpRequest"))


class TrsIrs(Trs):
    """Lists of the search interface."""

    name = "trs_irs"
    marks: ClassVar[tuple[str, ...]] = ("irs/front/", "isSearchForced", "customFilter", "listAndBox")
    traces: ClassVar[tuple[str, ...]] = ("dataTypeId", "searchWord")
    signs: ClassVar[tuple[str, ...]] = (*Trs.signs, _INTERFACE)

    def owns(self, url: str) -> bool:
        """Never: its articles are TRS's."""
        return False

    def fingerprint(self, page: Page) -> int:
        """The score of TRS plus two if the page calls the interface; else 0."""
        return super().fingerprint(page) + 2 if _INTERFACE in self.marks_of(page) else 0

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The items of an answer; [] for a shell."""
        answer = parse_json(page)
        if answer is None:
            return [] if self.needs_api(page) else None
        rows = [get_path(row, "data") for row in iterate_objects(get_path(answer, "data", "middle", "listAndBox"))]
        found = ((get_text(r, "url"), get_text(r, "title"), get_text(r, "time")) for r in rows if isinstance(r, dict))
        return build_items(found, page.url, now)

    def needs_api(self, page: Page) -> bool:
        """Whether the page's list comes from the interface."""
        return parse_json(page) is None and bool(_API.search(page.text))

    def next_page(self, page: Page) -> PageRequest | None:
        """The page's own question for a shell, else the last question with the next number."""
        answer = parse_json(page)
        if answer is None:
            return _first_question(page)
        asked = _parse_question(page.sent)
        pages = parse_count(get_path(answer, "data", "pager", "pageCount"))
        if asked is None or page.sent is None or pages is None or not isinstance(asked.get("pageNo"), int):
            return None
        if asked["pageNo"] >= pages:
            return None
        return PageRequest(
            page.sent.url, "POST", _encode_question({**asked, "pageNo": asked["pageNo"] + 1}), page.sent.headers
        )

    def total(self, page: Page) -> int | None:
        """`data.pager.total`."""
        return parse_count(get_path(parse_json(page), "data", "pager", "total"))


def _first_question(page: Page) -> PageRequest | None:
    api, channel = _API.search(page.text), _CHANNEL.search(page.text)
    fields = dict(reversed(_FIELD.findall(page.text)))
    if not api or not page.url or "code" not in fields:
        return None
    size = _SIZE.search(page.text)
    question: dict[str, Any] = {
        "code": fields["code"],
        "dataTypeId": fields.get("dataTypeId", ""),
        "searchWord": "",
        "orderBy": fields.get("orderBy", "time"),
        "searchBy": fields.get("searchBy", "all"),
        "pageNo": 1,
        "pageSize": int(size[1]) if size and int(size[1]) else 10,
        "granularity": fields.get("granularity", "ALL"),
        "isSearchForced": 0,
    }
    for name in ("tenantId", "configTenantId"):
        if name in fields:
            question[name] = fields[name]
    if channel:
        value = channel[2] or _column(page)
        if not value:
            return None
        condition = {"property": channel[1], "operator": "eq", "value": value, "weight": 100}
        question["customFilter"] = {"operator": "and", "properties": [condition]}
    return PageRequest(absolute(page.url, api[1]), "POST", _encode_question(question), (*_JSON, ("Referer", page.url)))


def _column(page: Page) -> str | None:
    """The column that the page opens with: the `id` of its address, else its first menu entry."""
    try:
        chosen = parse_qs(urlsplit(page.url).query).get("id")
    except ValueError:
        chosen = None
    first = _COLUMN.search(page.text)
    return chosen[0] if chosen else (first[1] if first else None)


def _parse_question(sent: PageRequest | None) -> dict[str, Any] | None:
    try:
        question = json.loads(sent.body) if sent and sent.body else None
    except ValueError:
        return None
    return question if isinstance(question, dict) else None


def _encode_question(question: dict[str, Any]) -> bytes:
    return json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()
