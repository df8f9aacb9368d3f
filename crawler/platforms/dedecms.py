"""DedeCMS (织梦): `/a/xinxigongkai/20180311/2592.html`, lists `/plus/list.php?tid=3&PageNo=2`, `list_3_2.html`.

Fingerprint: `/plus/…` scripts, `dede`, `/templets/`, `list_3_2.html`, `.pagelist` with `.pageinfo`, the address.
Article: `.viewbox` with `.title`, `.info`, `.content`. Often in GB2312.
List: rows with dates. Paging: 下一页. A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform


class Dedecms(Platform):
    """DedeCMS."""

    name = "dedecms"
    rules = Rules(
        title=(".viewbox .title h2", ".viewbox .title", ".viewbox h1"),
        header=(".viewbox .info",),
        body=(".viewbox .content", ".viewbox .intro + .content"),
        drop=(".viewbox .boxoff", ".dede_pages"),
    )
    article_url = re.compile(
        r"/a/(?:[\w-]+/)+20\d{6}/\d+\.html|/plus/view\.php\?(?:.*&)?aid=\d+|/20\d\d/\d{4}/\d+\.html"
    )
    list_url = re.compile(r"/plus/list\.php\?(?:.*&)?tid=\d+|/list_\d+_\d+\.html")
    marks: ClassVar[tuple[str, ...]] = (
        "/plus/list.php",
        "/plus/count.php",
        "/plus/view.php",
        "/plus/search.php",
        "dedecms",
        "dede_pages",
        "/templets/",
    )
    traces: ClassVar[tuple[str, ...]] = ("pageinfo", "pagelist")

    def owns(self, url: str) -> bool:
        """By its scripts, `list_3_2.html` and `/a/…/20180311/2592.html`; `/2018/0311/2592.html` is that of many."""
        return bool(
            re.search(r"/plus/(?:list|view)\.php\?|/list_\d+_\d+\.html|/a/(?:[\w-]+/)+20\d{6}/\d+\.html", url[:2000])
        )
