"""Founder (方正) enpower: newspapers, county media: `/2024-05/13/content_117184963.shtml`.

Fingerprint: comments `<!--enpproperty …/enpproperty-->`, `<!--enpcontent-->`, `<founder-content>`.
Article: title, date, author, source and address stand in the `enpproperty` comment, the body between the `enpcontent`
comments. List: links of the content form. Paging: links of the pager.
A site may set: title, header and body of its own template.
"""

from __future__ import annotations

import html
import re
from typing import ClassVar

from crawler.parsing.page import Page
from crawler.parsing.rules import Rules
from crawler.platforms.answers import split_between
from crawler.platforms.base import Platform

_VALUE = re.compile(r"<(articleid|date|author|title|sourcename|source|url|introtitle|subtitle)>([^<]*)</\1>", re.I)
_NAMES = {"title": "title", "date": "published_at", "author": "author", "sourcename": "source", "source": "source"}


class Founder(Platform):
    """enpower."""

    name = "founder"
    rules = Rules(body=("founder-content", "#ozoom", "#Content", ".artibody"))
    article_url = re.compile(r"/\d{4}-\d\d/\d\d/content_\d+\.s?html?")
    marks: ClassVar[tuple[str, ...]] = ("enpproperty", "enpcontent", "<founder-content", "enpbase")
    traces: ClassVar[tuple[str, ...]] = ("founder",)

    def article_fields(self, page: Page) -> dict[str, str]:
        """The values of the `enpproperty` comment and the text between the `enpcontent` comments."""
        fields: dict[str, str] = {}
        if stated := next(split_between(page.text, "<!--enpproperty", "/enpproperty-->"), None):
            for name, value in _VALUE.findall(stated):
                key = _NAMES.get(name.lower())
                text = html.unescape(value).strip()
                if key and text and key not in fields:
                    fields[key] = text
        if content := next(split_between(page.text, "<!--enpcontent-->", "<!--/enpcontent-->"), None):
            fields["body"] = content
        return fields

    def owns(self, url: str) -> bool:
        """Never: the content form is that of many."""
        return False
