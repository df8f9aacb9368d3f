"""Shanghai's government sites: `/jcws2/20240511/b5c2db3d781e4c7fbcfb6bed2fe2d982.html`.

Fingerprint: `#ivs_content`, `#ivs_title`, `#ivs_date`, the address.
Article: `#ivs_content`; the headline's element holds the date, too: "标题 ( 2024-05-11)".
List: links of the hash form with the day in the address. Paging: `index_2.html` by links or `createPageHTML`.
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform


class Shanghai(Platform):
    """The template family of Shanghai."""

    name = "shanghai"
    rules = Rules(
        title=("#ivs_title",),
        header=("#ivs_date",),
        body=("#ivs_content",),
    )
    article_url = re.compile(r"/20\d{6}/[0-9a-f]{32}\.html")
    link_form = re.compile(r"/20\d{6}/[0-9a-f]{32}\.html")
    link_sign = "/20"
    marks: ClassVar[tuple[str, ...]] = ("ivs_content", "ivs_title", "ivs_date", "ivs_source")
