"""Hanweb (大汉) JCMS: `/art/2019/7/10/art_42918_3436693.html`, `/col/col42918/index.html`.

Fingerprint: comments `<!--<$[标题]>begin-->`, `<!--ZJEG_RSS.…-->`, `<meta name="Maketime">`, `#hiddenLocation`,
`articlehits.jsp`, `dataproxy.jsp`, `/module/jslib/`, `<datastore>`; 大汉版通: `.bt_content`.
Article: `.xl_title`/`.con-title`, `.xl_doc`/`.info`, `#zoom`, `.zoom`, `.bt_content`.
List: records of an XML island (`<record><![CDATA[<li>…`), three pages at a time.
Paging: POST to the proxy of the page's `jpage` configuration for records S to E; if there is only a `nextgroup`,
GET that one and those after it. The fields are sent back as the page spells them.
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.answers import split_between
from crawler.platforms.base import ListItem, Platform
from crawler.platforms.links import absolute, items_in

_CDATA = re.compile(r"\s*<!\[CDATA\[|\]\]>\s*$")
_HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'(.*?)'\s*>)""", re.I)
_TOTAL = re.compile(r"""(?:<totalrecord>\s*|totalRecord['"]?\s*[:=]\s*['"]?)(\d{1,8})""", re.I)
_PER_PAGE = re.compile(r"""\bperPage['"]?\s*[:=]\s*['"]?(\d{1,4})""", re.I)
_PROXY = re.compile(r"""proxyUrl['"]?\s*:\s*['"]([^'"]+)""", re.I)
_PARAMS = re.compile(r"ajaxParam['\"]?\s*:\s*\{([^{}]{0,3000})\}", re.I)
_PARAM = re.compile(r"""['"]?(\w+)['"]?\s*:\s*(?:"([^"]*)"|'([^']*)'|([^,'"\s{}]+))""")
_SPAN = 300
"""The most records asked for at once."""
_FORM = (
    ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
    ("X-Requested-With", "XMLHttpRequest"),
)


class Hanweb(Platform):
    """JCMS, old generation."""

    name = "hanweb"
    rules = Rules(
        title=(".xl_title", ".con-title", ".artile_zw h1", ".bt_title"),
        header=(".xl_doc", ".con-info", ".bt_info", ".article-info"),
        body=("#zoom", ".zoom", ".bt_content", ".main-txt", ".artile_zw .main-txt"),
    )
    article_url = re.compile(r"/art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+\.html?")
    list_url = re.compile(r"^/col/col\d+(?:/(?:index\.html?)?)?(?:\?|$)")
    link_form = re.compile(r"/art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+\.html")
    link_sign = "/art/"
    marks: ClassVar[tuple[str, ...]] = (
        "<!--<$[", "ZJEG_RSS", "hiddenLocation", "articlehits.jsp", "dataproxy.jsp", "/module/jslib/",
        "/module/visitcount/", "<datastore>", "hanweb", "jpage(",
    )  # fmt: skip
    traces: ClassVar[tuple[str, ...]] = ("bt_content", 'name="Maketime"', 'name="maketime"', "/module/")

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The records of the page's islands, or of an answer of the proxy."""
        records = _records(page.text)
        if not records:
            return [] if is_answer(page.text) else None
        return items_in("\n".join(f"<div>{record}</div>" for record in records), page.url, now, self.article_url)

    def next_page(self, page: Page) -> PageRequest | None:
        """The next span of records."""
        if not page.url or "<record>" not in page.text:
            return None
        if page.sent is not None and page.sent.method == "POST":
            return self._after_post(page, page.sent)
        return self._by_config(page) or self._by_group(page)

    def total(self, page: Page) -> int | None:
        """`<totalrecord>` of an answer, `totalRecord` of the page's configuration."""
        found = _TOTAL.search(page.text)
        return int(found[1]) if found else None

    def _by_config(self, page: Page) -> PageRequest | None:
        proxy, params, total = _PROXY.search(page.text), _PARAMS.search(page.text), self.total(page)
        size = _PER_PAGE.search(page.text)
        loaded = len(_records(page.text))
        if not proxy or not params or total is None or not size or not int(size[1]):
            return None
        body = "&".join(f"{name}={_encoded(html.unescape(a or b or c))}" for name, a, b, c in _PARAM.findall(params[1]))
        url = absolute(page.url, html.unescape(proxy[1]))
        first = PageRequest(url, "POST", body.encode(), (*_FORM, ("Referer", page.url)))
        return _span(first, loaded + 1, int(size[1]), total)

    def _after_post(self, page: Page, sent: PageRequest) -> PageRequest | None:
        asked = dict(parse_qsl(urlsplit(sent.url).query))
        total = self.total(page)
        try:
            last, size = int(asked["endrecord"]), int(asked["perpage"])
        except (KeyError, ValueError):
            return None
        if total is None or size < 1:
            return None
        return _span(sent, last + 1, size, total)

    def _by_group(self, page: Page) -> PageRequest | None:
        """The group that the page names, or the one after the group that was asked for."""
        for group in split_between(page.text, "<nextgroup>", "</nextgroup>"):
            href = _HREF.search(group)
            if href and (target := html.unescape(href[1] or href[2]).strip()):
                return _group(absolute(page.url, target), page)
        if page.sent and "dataproxy" in page.sent.url and "<nextgroup>" not in page.text:
            target = re.sub(
                r"([?&]page=)(\d{1,6})", lambda found: f"{found[1]}{int(found[2]) + 1}", page.sent.url, count=1
            )
            return _group(target, page) if target != page.sent.url else None
        return None


def _records(text: str) -> list[str]:
    """The HTML of each record; an answer need not be well-formed XML."""
    return [_CDATA.sub("", record) for record in split_between(text, "<record>", "</record>")]


def is_answer(text: str) -> bool:
    """Whether a text is what the proxy answers, not a page."""
    return text.lstrip()[:200].lower().find("<datastore>") >= 0


def _group(url: str, page: Page) -> PageRequest:
    referer = dict(page.sent.headers).get("Referer", page.url) if page.sent else page.url
    return PageRequest(url, headers=(("X-Requested-With", "XMLHttpRequest"), ("Referer", referer)))


def _span(request: PageRequest, start: int, size: int, total: int) -> PageRequest | None:
    """`request` for the records from `start`: as many whole groups of three pages as one span holds."""
    if start > total:
        return None
    group = 3 * size
    length = _SPAN // group * group if group <= _SPAN else min(size, _SPAN)
    end = min(start + length - 1, total)
    proxy = request.url.split("?", 1)[0]
    return replace(request, url=f"{proxy}?startrecord={start}&endrecord={end}&perpage={size}")


def _encoded(value: str) -> str:
    """A field as a browser's form sends it; a value that is percent-encoded already stays unchanged."""
    return value if re.search(r"%[0-9A-Fa-f]{2}", value) else quote(value, safe="")
