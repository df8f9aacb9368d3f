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
