"""TRS WCM (拓尔思): `/202306/t20230608_2213652.shtml`, in Guangxi `/t18993630.shtml`.

Fingerprint: editor classes (`TRS_Editor`, `trs_editor_view`, `TRS_UEDITOR`, `Custom_UnionStyle`) and images `W02023…`,
both of which travel with pasted text; `createPageHTML` of four arguments; links `t2023…_….html`.
Article: `.trs_editor_view`, `.TRS_UEDITOR`, `.TRS_Editor`, `.Custom_UnionStyle`, then what holds them.
List: links of the t-form. Paging: `createPageHTML(pages, current from 0, "index", "html")` → `index_1.html`.
A site may set: title, header and body of its own template; nested editor classes are normal.
"""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.parsing.page import Page
from crawler.parsing.rules import Rules
from crawler.platforms.base import Platform


class Trs(Platform):
    """WCM."""

    name = "trs"
    rules = Rules(
        body=(".trs_editor_view", ".TRS_UEDITOR", ".TRS_Editor", ".Custom_UnionStyle", "#zoom", ".view"),
    )
    article_url = re.compile(r"/[a-z]?t(?:20\d{6}_)?\d{5,}\.s?html?$", re.I)
    # WCM numbers a folder whose name another channel has already: /zwxx_266/wzdt/.
    list_url = re.compile(r"^/(?:[a-z]+(?:_\d+)?/)*[a-z]+_\d{2,6}/(?:[a-z]+(?:_\d+)?/)*(?:index(?:_\d+)?\.s?html?)?$")
    link_form = re.compile(r"/t20\d{6}_\d{3,}\.s?html?")
    link_sign = "/t20"
    signs: ClassVar[tuple[str, ...]] = ("createPageHTML(", "page_div")
    traces: ClassVar[tuple[str, ...]] = (
        "TRS_Editor", "trs_editor_view", "TRS_UEDITOR", "Custom_UnionStyle", "TRS_PreAppend", "TRS_PreExcludeStyle",
    )  # fmt: skip

    def fingerprint(self, page: Page) -> int:
        """The marks, links of the t-form, and the pager."""
        marks = self.marks_of(page)
        pager = "createPageHTML(" in marks and "page_div" not in marks
        return super().fingerprint(page) + pager


# TRS WCM's pages of 政府信息公开: `/xxgk/…/202005/t20200521_…`,
# `/gszbm/auto23692/202007/t20200731_….html`. Fingerprint: the marks of TRS and the index table
# (索引号 with 发布机构 or 发文字号), or a path of its catalogue. Article: as TRS; the index table is read
# by `parsing/gov_index.py`. List: a table 名称, 索引号, 发布机构, 发布日期. Paging: as TRS. A site may set:
# title and body of its own template.

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
        """The score of TRS plus one if the index table is present; else 0."""
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
