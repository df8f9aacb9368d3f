"""PHPCMS: `/index.php?m=content&c=index&a=show&catid=22&id=41528`, static `/2017/xxx_0609/41528.html`.

Fingerprint: its query `m=content&c=index`, `api.php?op=count`, `/statics/js/`, `/phpcms/`, the pager `#pages`.
Article: `#Article`, `.content`; header "2017-06-09 16:38:41 来源：… 评论：0 点击：".
List: rows with dates. Paging: 下一页 (`&page=2`). A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform


class Phpcms(Platform):
    """PHPCMS V9."""

    name = "phpcms"
    rules = Rules(
        header=("#Article h1 span", "#Article .info"),
        body=("#Article .content", "#Article #content", ".content"),
        drop=("#Article h1 span", "#pages"),
    )
    article_url = re.compile(
        r"[?&]m=content&c=index&a=show|/20\d\d/[A-Za-z0-9]+_(?:0[1-9]|1[0-2])\d\d/\d+(?:_\d+)?\.s?html?"
    )
    list_url = re.compile(r"[?&]m=content&c=index&a=lists")
    marks: ClassVar[tuple[str, ...]] = (
        "m=content&c=index",
        "m=content&amp;c=index",
        "api.php?op=count",
        "m=poster&",
        "phpcms",
    )
    traces: ClassVar[tuple[str, ...]] = ("/statics/js/", "/statics/css/", 'id="pages"', "c=index", "/uploadfile/")
