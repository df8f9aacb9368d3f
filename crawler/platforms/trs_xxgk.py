"""TRS WCM's pages of 政府信息公开: `/xxgk/…/202005/t20200521_…`, `/gszbm/auto23692/202007/t20200731_….html`.

Fingerprint: what tells TRS, and the index table (索引号 with 发布机构 or 发文字号), or a path of
its catalogue.
Article: as TRS; the index table is read by `parsing/gov_index.py`. List: a table 名称, 索引号, 发布机构, 发布日期.
Paging: as TRS. A site may set: title and body of its own template.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.page import Page
from crawler.platforms.trs import Trs

_ISSUER = re.compile(r"发布机构|发文机关|发文字号|文\s*号|发文机构")
_INDEX = re.compile(r"索\s*引\s*号")
_CATALOGUE = re.compile(r"/auto\d{4,}/")
_PATH = re.compile(r"/(?:xxgk|zfxxgk|gszbm|xxgkml|gkml)\w*/|/auto\d{4,}/", re.I)


class TrsXxgk(Trs):
    """WCM, information disclosure."""

    name = "trs_xxgk"
    list_url = _CATALOGUE
    signs: ClassVar[tuple[str, ...]] = (*Trs.signs, "/auto", "索")

    def fingerprint(self, page: Page) -> int:
        """That of TRS plus one, where the index table is there; else 0."""
        signs = self.marks_of(page)
        catalogue = "/auto" in signs and _CATALOGUE.search(page.text)
        catalogue = catalogue or _PATH.search(page.url or page.meta.get("url", ""))
        table = "索" in signs and _INDEX.search(page.text) and _ISSUER.search(page.text)
        if not catalogue and not table:
            return 0
        base = super().fingerprint(page)
        return base + 1 if base > 1 else 0

    def owns(self, url: str) -> bool:
        """Only by its catalogue: the t-form is that of every TRS page."""
        return bool(re.search(r"/auto\d{4,}/", url[:2000]))
