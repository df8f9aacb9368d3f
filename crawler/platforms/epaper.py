"""Founder e-papers (paper.cfsn.cn): `/content/2026-08/13/node_2.htm`, `/content/2026-08/13/content_193654.htm`.

Fingerprint: the marks of Founder, and `#ozoom`, the page map `PagePicMap`, 下一版 and 上一期, the address.
Article: `#ozoom`, `founder-content`; title from the `enpproperty` comment or the first bold cell.
List: a node is one page of the paper; its links are the articles of that page, dated by the address.
Paging: 下一版 to the next page of the paper, after the last one 上一期 to the paper before.
A site may set: title of its own template.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

from crawler.parsing.page import Page, PageRequest
from crawler.parsing.rules import Rules
from crawler.platforms.base import ListItem
from crawler.platforms.founder import Founder
from crawler.platforms.links import absolute, date_texts, title_of
from crawler.platforms.pager import same_host

_NODE = re.compile(r"/node_(\d+)\.html?")
_MIN_TITLE = 4
"""Headlines of newspapers are short: 编者按."""


class Epaper(Founder):
    """E-papers."""

    name = "epaper"
    rules = Rules(
        title=("founder-title", "tr[valign=top] strong", ".bt1", ".title1"),
        body=("#ozoom", "founder-content"),
    )
    article_url: ClassVar[re.Pattern[str]] = re.compile(r"/(?:\d{4}-\d\d/\d\d|\d{6}/\d\d)/content_\d+\.html?")
    list_url: ClassVar[re.Pattern[str]] = re.compile(r"/(?:\d{4}-\d\d/\d\d|\d{6}/\d\d)/node_\d+\.html?")
    marks: ClassVar[tuple[str, ...]] = (
        "enpproperty",
        "enpcontent",
        "<founder-content",
        "ozoom",
        "PagePicMap",
        "pagepicmap",
    )
    traces: ClassVar[tuple[str, ...]] = ("下一版", "上一期", "版面导航", "标题导航")

    def fingerprint(self, page: Page) -> int:
        """The score of its marks if one of them is of an e-paper: other sites of the same vendor have articles too."""
        own = self.marks_of(page).intersection(("ozoom", "PagePicMap", "pagepicmap"))
        return super().fingerprint(page) if own or self.owns(page.url) else 0

    def owns(self, url: str) -> bool:
        """Whether the address is of an e-paper's node or article."""
        return self.list_url.search(url[:2000]) is not None or self.article_url.search(url[:2000]) is not None

    def list_items(self, page: Page, now: datetime) -> list[ListItem] | None:
        """The articles of a page of the paper, the longest title of each; None if the page is not a node page."""
        titles: dict[str, str] = {}
        for link in page.root.iter("a", "area"):
            href = link.get("href") or ""
            if "content_" not in href or not (url := absolute(page.url, href)):
                continue
            title = title_of(link)
            if len(title) >= _MIN_TITLE and len(title) > len(titles.get(url, "")):
                titles[url] = title
        return date_texts([(url, title, "") for url, title in titles.items()], now) if titles else None

    def next_page(self, page: Page) -> PageRequest | None:
        """下一版, else the node of the list of pages after this one, else 上一期."""
        if not page.url:
            return None
        labelled: dict[str, str] = {}
        nodes: list[str] = []
        for link in page.root.iter("a"):
            url = same_host(page.url, link.get("href") or "#")
            if url is None or not _NODE.search(url):
                continue
            label = "".join(link.itertext()).strip() or link.get("title") or ""
            for word in ("下一版", "上一期"):
                if word in label:
                    labelled.setdefault(word, url)
            if url not in nodes and not any(word in label for word in ("一版", "一期")):
                nodes.append(url)
        here = page.url.split("#", 1)[0]
        after = nodes[nodes.index(here) + 1 :] if here in nodes else []
        target = labelled.get("下一版") or next(iter(after), None) or labelled.get("上一期")
        return PageRequest(target) if target and target != here else None
