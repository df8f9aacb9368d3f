"""EasySite (北京顺义, 大兴, …): `/bjsdxqrmzf/zhyw/zjdt/2188837/index.html`.

Fingerprint: `.easysite-…` classes, `#easysiteText`.
Article: `.easysite-news-title`, `.easysite-news-describe`, `#easysiteText`.
Its meta tags write `content` before `name`.
List: rows with dates. Paging: links of the pager.
A site may set: nothing.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform


class Easysite(Platform):
    """EasySite."""

    name = "easysite"
    rules = Rules(
        title=(".easysite-news-title h1", ".easysite-news-title h2", ".easysite-news-title"),
        header=(".easysite-news-describe", ".easysite-news-title .easysite-news-describe"),
        body=("#easysiteText", ".easysite-news-text"),
        drop=(".easysite-news-operation", ".easysite-news-page"),
    )
    article_url = re.compile(r"/\w+(?:/\w+)+/\d{5,}/index\.html$")
    marks: ClassVar[tuple[str, ...]] = (
        "easysite-news-title", "easysite-news-describe", "easysiteText", "easysite-news-text", "easysite-news-content",
        "easysite-list", "easysite-page", "/EasySite/",
    )  # fmt: skip
    traces: ClassVar[tuple[str, ...]] = ("EasySite",)

    def owns(self, url: str) -> bool:
        """Never: a number with `index.html` is the address of many."""
        return False
