"""Jiangxi's variant of Hanweb: `/<site>/col/col42150/index.html`, `/<site>/col/col42150/content/content_<id>.html`.

With a page for each kind of device, also in Kaifeng, Zigong and Dali: `/<site>/c00145/pc/list.html`, `…/pc/content/…`.
Fingerprint: `loadPageData(`, `renderChannelTemplate(`, `webSiteCode`, `x-handlebars-template`, the address.
Article: the newer Hanweb layouts. List: the page holds a template and `params`; POST `/queryList` answers with
`data.results[].source`. Paging: the page's `params` as a form, field by field as it spells them, with the next number.
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qsl, quote, urlencode

from crawler.parsing.date_forms import CST
from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.answers import build_items, get_path, get_text, iterate_objects, parse_count, parse_json
from crawler.platforms.base import ListItem, Platform
from crawler.platforms.links import absolute

_PARAMS = re.compile(r"\bparams\w*\s*=\s*\{([^{}]{10,3000})\}")
_PARAM = re.compile(r"""['"]?(\w+)['"]?\s*:\s*(?:'([^']*)'|"([^"]*)"|\[([^\]]*)\]|([^,'"\s]+))""")
_API = re.compile(r"""['"](/[\w./-]{0,60}queryList)['"]""")
_EPOCH = datetime(2100, 1, 1, tzinfo=CST)
_NUMBERS = ("current", "pageNo")
_FORM = (
    ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
    ("X-Requested-With", "XMLHttpRequest"),
)


class Jiangxi(Platform):
    """JCMS as Jiangxi runs it."""

    name = "jiangxi"
    rules = Rules(
        title=(".con-title", ".article-title", ".title h1"),
        header=(".article-info", ".con-info", ".info"),
        body=("#zoom", ".article-content", ".bt_content", ".content"),
    )
    article_url = re.compile(r"/(?:col/col\d+|pc)/content/(?:\d+/)?content_\d+\.html?")
    list_url = re.compile(r"^/\w+/(?:col/col\d+/(?:index|list)\w*|(?:[\w-]+/)+pc/list)\.html?")
    marks: ClassVar[tuple[str, ...]] = ("loadPageData(", "renderChannelTemplate(", "webSiteCode", "templateContainerId")
    traces: ClassVar[tuple[str, ...]] = (
        "x-handlebars-template",
        "channelCode",
        "queryList",
        "commonfiles/jquery.jpage",
    )

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The items of an answer; [] for a shell."""
        answer = parse_json(page)
        if answer is None:
            return [] if self.needs_api(page) else None
        rows = [row.get("source", row) for row in iterate_objects(get_path(answer, "data", "results"))]
        found = (
            (_address(row), get_text(row, "title", "showName"), get_text(row, "pubDate", "publishTime"))
            for row in rows
            if isinstance(row, dict)
        )
        return build_items(found, page.url, now)

    def needs_api(self, page: Page) -> bool:
        """Whether a script loads the list."""
        return parse_json(page) is None and "webSiteCode" in page.text and bool(_PARAMS.search(page.text))

    def next_page(self, page: Page) -> PageRequest | None:
        """The first question for a shell, else the last question with the next number."""
        answer = parse_json(page)
        if answer is None:
            return _first_question(page)
        if page.sent is None or not page.sent.body or not self.list_items(page, _EPOCH):
            return None
        pairs = parse_qsl(page.sent.body.decode("ascii", "replace"), keep_blank_values=True)
        fields = dict(pairs)
        number = next((int(fields[n]) for n in _NUMBERS if fields.get(n, "").isdecimal()), None)
        size = parse_count(fields.get("perPage") or fields.get("pageSize"))
        total = self.total(page)
        if number is None or (total is not None and size and number * size >= total):
            return None
        turned = [(n, str(number + 1) if n in _NUMBERS else value) for n, value in pairs]
        return PageRequest(page.sent.url, "POST", urlencode(turned, quote_via=quote).encode(), page.sent.headers)

    def total(self, page: Page) -> int | None:
        """`data.total` of an answer."""
        data = get_path(parse_json(page), "data")
        found = (parse_count(get_path(data, name)) for name in ("total", "totalCount", "totalRecord"))
        return next((number for number in found if number is not None), None)


def _first_question(page: Page) -> PageRequest | None:
    params = next((p for p in _PARAMS.findall(page.text) if "webSiteCode" in p), None)
    if params is None or not page.url:
        return None
    pairs: list[tuple[str, str]] = []
    for name, single, double, array, bare in _PARAM.findall(params):
        if array:
            pairs += [(f"{name}[]", value.strip().strip("'\"")) for value in array.split(",") if value.strip()]
        else:
            pairs.append((name, single or double or bare))
    if not any(name in _NUMBERS for name, _ in pairs):
        pairs.append(("current", "1"))
    api = _API.search(page.text)
    body = urlencode(pairs, quote_via=quote).encode()
    return PageRequest(
        absolute(page.url, api[1] if api else "/queryList"), "POST", body, (*_FORM, ("Referer", page.url))
    )


def _address(row: dict[str, object]) -> str:
    """The address of an article: `urls` is a text, a list, or a JSON object in a text with one address a device."""
    value = row.get("urls") or row.get("pcUrl") or row.get("url")
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("pc") or value.get("common") or next(iter(value.values()), "")
    text = str(value or "")
    found = re.search(r"""["'](?:pc|common)["']\s*:\s*["']([^"']+)""", text) if text.startswith("{") else None
    return found[1] if found else text
