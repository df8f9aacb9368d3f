"""Hanweb (大汉) jpaas: `/art/2024/art_<32 hex>.html`, `/col/col12345/art/2024/art_<32 hex>.html`.

Fingerprint: `unitbuild.js`, `jpaas-publish-server`, `parseType="buildstatic"` (also spelt `bulidstatic`), jpaas
resources, the address.
Article: as the older generation, and `.ccontent`.
List: the page is a shell; each unit's script names the API and a `queryData` that goes back word for word. The answer
is JSON with a piece of HTML and a `.pagination` that holds `rows`, `count` and `pageNo`.
Paging: `paramJson={"pageNo":N,"pageSize":M}`; nothing else turns the page. Pages = ceil(count / rows).
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import html
import json
import re
from datetime import datetime
from math import ceil
from typing import ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.answers import parse_json, split_between
from crawler.platforms.base import ListItem, Platform
from crawler.platforms.links import absolute, items_in

_QUERY = re.compile(r"""queryData\s*=\s*(?:"([^"]*)"|'(\{.*?\})')""", re.I | re.S)
_API = re.compile(r"""\burl\s*=\s*["']([^"']+)["']""", re.I)
_PAIR = re.compile(r"""['"](\w+)['"]\s*:\s*(?:'([^']*)'|"([^"]*)"|([^,'"}\s]+))""")
_PAGER = re.compile(r"<\w+[^>]{0,300}\bcount\s*=[^>]{0,300}>", re.I)
_LIST_TAGS = ("信息列表", "列表", "当前栏目", "内容", "信息")
_OTHER_TAGS = re.compile(r"导航|位置|面包屑|友情|底部|头部|顶部|搜索|菜单|logo", re.I)
_ROWS = 15


class Jpaas(Platform):
    """JCMS on the jpaas platform."""

    name = "jpaas"
    rules = Rules(
        title=(".xl_title", ".con-title", ".artile_zw h1", "#con_title", ".title h1"),
        header=(".xl_doc", ".con-info", ".info", ".cinfo"),
        body=("#zoom", ".zoom", "#con_con", ".ccontent", ".main-txt"),
    )
    article_url = re.compile(r"/art/\d{4}/art_[0-9a-f]{32}\.html?")
    link_form = re.compile(r"/art/\d{4}/art_[0-9a-f]{32}\.html")
    link_sign = "/art/"
    marks: ClassVar[tuple[str, ...]] = (
        "unitbuild.js",
        "jpaas-publish-server",
        "buildstatic",
        "bulidstatic",
        "AuthorizedRead",
    )
    traces: ClassVar[tuple[str, ...]] = ("jpaas", "/cms_files/", "hanweb", 'name="Maketime"', 'name="maketime"')

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The items of an answer; [] for a shell; None for a page that contains its list."""
        markup = _markup(page)
        if markup is not None:
            return items_in(markup, page.url, now, self.article_url)
        return [] if self.needs_api(page) else None

    def needs_api(self, page: Page) -> bool:
        """Whether the list itself is missing: units, and no pager that was built with its list."""
        return _pager(page.text) is None and _unit(page) is not None

    def next_page(self, page: Page) -> PageRequest | None:
        """Page 1 of the unit for a shell, else the page after the one the pager names."""
        markup = _markup(page)
        pager = _pager(page.text if markup is None else markup)
        sent = _sent_options(page)
        if markup is None:
            unit = _unit(page)
            if unit is None or not page.url:
                return None
            number, rows = (1, _ROWS) if pager is None else (pager[2] + 1, pager[0])
            if pager is not None and pager[2] >= ceil(pager[1] / pager[0]):
                return None
            return _call(unit[0], unit[1], number, rows, page.url)
        if page.sent is None or pager is None or sent is None:
            return None
        rows, count, shown = pager
        number = max(shown, sent[0])
        if number >= ceil(count / rows):
            return None
        base, _, query = page.sent.url.partition("?")
        pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "paramJson"]
        return _call(base, pairs, number + 1, sent[1], dict(page.sent.headers).get("Referer", page.url))

    def total(self, page: Page) -> int | None:
        """`count` of the pager."""
        pager = _pager(_markup(page) or page.text)
        return pager[1] if pager else None


def _markup(page: Page) -> str | None:
    """The HTML inside an answer; None if the page is not an answer."""
    answer = parse_json(page)
    if not isinstance(answer, dict):
        return None
    data = answer.get("data")
    markup = data.get("html") if isinstance(data, dict) else None
    return markup if isinstance(markup, str) else ""


def _unit(page: Page) -> tuple[str, list[tuple[str, str]]] | None:
    """Address and query of the unit that is the column's list: of several, the one whose tag names a list."""
    found = []
    scripts = (script for script in split_between(page.text, "<script", ">") if "unitbuild" in script)
    for order, script in enumerate(scripts):
        api, query = _API.search(script), _QUERY.search(script)
        if not api or not query:
            continue
        pairs = [(name, a or b or c) for name, a, b, c in _PAIR.findall(html.unescape(query[1] or query[2]))]
        tag = dict(pairs).get("tagId", "")
        if _OTHER_TAGS.search(tag):
            continue
        rank = next((i for i, word in enumerate(_LIST_TAGS) if word in tag), len(_LIST_TAGS))
        found.append((rank, order, absolute(page.url, html.unescape(api[1])), pairs))
    if not found:
        return None
    best = min(found, key=lambda unit: unit[:2])
    return best[2], best[3]


def _call(api: str, pairs: list[tuple[str, str]], number: int, rows: int, referer: str) -> PageRequest:
    options = json.dumps({"pageNo": number, "pageSize": rows}, separators=(",", ":"))
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in [*pairs, ("paramJson", options)])
    return PageRequest(f"{api}?{query}", headers=(("X-Requested-With", "XMLHttpRequest"), ("Referer", referer)))


def _sent_options(page: Page) -> tuple[int, int] | None:
    """Page number and size that were asked for."""
    if page.sent is None:
        return None
    try:
        options = json.loads(dict(parse_qsl(urlsplit(page.sent.url).query)).get("paramJson", ""))
        return int(options["pageNo"]), int(options["pageSize"])
    except (ValueError, KeyError, TypeError):
        return None


def _pager(text: str) -> tuple[int, int, int] | None:
    """`rows`, `count` and `pageNo` of the pager in a piece of HTML."""
    for tag in _PAGER.findall(text):
        values = {
            name.lower(): int(value)
            for name, value in re.findall(r"""\b(rows|count|pageNo)\s*=\s*["']?(\d{1,8})""", tag, re.I)
        }
        if values.get("rows") and "count" in values:
            return values["rows"], values["count"], values.get("pageno", 1)
    return None
