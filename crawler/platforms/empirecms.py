"""EmpireCMS (帝国): `/xxx/2019-07-05/123.html`, lists `/xxx/index_2.html`, `/e/action/ListInfo/?classid=39&page=1`.

Fingerprint: `/e/action/`, `/e/public/`, `/e/data/js/`, `/e/pl/`, `/d/file/`, `EmpireCMS`.
Article: `#news_content`, `#text`, `.content`. List: rows with dates.
Paging: 下一页 (dynamic pages count `page` from 0). A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform


class Empirecms(Platform):
    """EmpireCMS."""

    name = "empirecms"
    rules = Rules(
        header=(".info_text", ".newsinfo"),
        body=("#news_content", "#article_content", "#text", ".newstext"),
    )
    article_url = re.compile(r"/20\d\d-\d\d-\d\d/\d+(?:_\d+)?\.html|/e/action/ShowInfo\.php")
    list_url = re.compile(r"/e/action/ListInfo")
    marks: ClassVar[tuple[str, ...]] = (
        "/e/action/", "/e/public/", "/e/data/js/", "/e/pl/", "/e/search/", "EmpireCMS", "/e/DownSys/", "/e/enews/",
    )  # fmt: skip
    traces: ClassVar[tuple[str, ...]] = ("/d/file/", "/skin/default/", "classid=")

    def owns(self, url: str) -> bool:
        """By its scripts only: `/2019-07-05/123.html` is the address of many."""
        return "/e/action/" in url
