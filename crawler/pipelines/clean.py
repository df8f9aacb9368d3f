"""Clean: raw fields to clean simplified text, and what that changed, counted."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from scrapy.crawler import Crawler

from crawler.items import Article, Attachment, Image, Table
from crawler.text.clean import clean_line, clean_text
from crawler.text.restore import Restoration, restore_fields

logger = logging.getLogger(__name__)


def clean_article(article: Article) -> Article:
    """A copy of `article` with every text restored (glosses, lost bytes, traditional script) under one decision for the
    whole document, then cleaned (white space, width, boilerplate); `restored` says what was changed."""
    return cleaned(article)[0]


def cleaned(article: Article) -> tuple[Article, Restoration | None]:
    """`clean_article`, and every single change of the restoration with its reason; None where there was none."""
    names = ("title", "source", "author", "editor", "section", "body")
    texts: dict[str, str | None] = {name: getattr(article, name) for name in names}
    texts |= {f"image {i}": image.caption for i, image in enumerate(article.images)}
    texts |= {f"attachment {i}": attachment.name for i, attachment in enumerate(article.attachments)}
    for i, table in enumerate(article.tables):
        texts[f"table {i}"] = table.caption
        texts |= {f"cell {i} {r} {c}": cell for r, row in enumerate(table.rows) for c, cell in enumerate(row)}
    restored, restoration = restore_fields(texts)
    body = restored.pop("body")
    lines = {name: clean_line(text) if text else None for name, text in restored.items()}
    clean = replace(
        article,
        title=lines["title"],
        source=lines["source"],
        author=lines["author"],
        editor=lines["editor"],
        section=lines["section"],
        body=(clean_text(body) if body else None) or None,
        images=[Image(image.url, lines[f"image {i}"]) for i, image in enumerate(article.images)],
        attachments=[Attachment(a.url, lines[f"attachment {i}"]) for i, a in enumerate(article.attachments)],
        tables=[_clean_table(i, table, lines) for i, table in enumerate(article.tables)],
        restored=restoration.as_dict() if restoration else None,
    )
    return clean, restoration


def _clean_table(number: int, table: Table, lines: dict[str, str | None]) -> Table:
    rows = [[lines[f"cell {number} {r} {c}"] or "" for c in range(len(row))] for r, row in enumerate(table.rows)]
    return Table(rows, lines[f"table {number}"])


class CleanPipeline:
    """Hands on articles cleaned; counts the restored ones (`articles/restored`) and logs each repair of lost bytes with
    its runner-up, the doubtful ones at INFO."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CleanPipeline:
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """The article cleaned; other items as they are."""
        if not isinstance(item, Article):
            return item
        article, restoration = cleaned(item)
        if restoration:
            self.stats.inc_value("articles/restored")
            for change in (change for changes in restoration.changes.values() for change in changes):
                if change.kind == "gbk":
                    logger.log(logging.INFO if change.doubtful else logging.DEBUG, "%s: %s", item.url, change.explain())
        return article
