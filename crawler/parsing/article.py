"""One page to one article: raw fields, each with the rule that gave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.items import Article
from crawler.parsing.blocked import refuse
from crawler.parsing.body import find_body
from crawler.parsing.content import body_text, text_range
from crawler.parsing.fields import fill_fields
from crawler.parsing.gov_index import read_gov_index
from crawler.parsing.header import surroundings
from crawler.parsing.outline import outline_of
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules
from crawler.parsing.titles import nearest_headline, stated_headline


@dataclass(frozen=True)
class Refusal:
    """A page that gives no article: `reason` is one word (`blocked`, `needs_browser`, `not_article`, `not_found`,
    `list_page`, `empty`, `too_large`), `detail` one sentence for a person."""

    reason: str
    detail: str


Layers = Sequence[tuple[str, Rules]]
"""Selectors by precedence, each with the word its fields carry in `provenance`."""


def extract(page: Page, layers: Layers, now: datetime) -> Article | Refusal:
    """The article of a page, or why there is none. `now` (aware) is when the page was fetched; no date is later."""
    outline = outline_of(page.root)
    if refused := refuse(page, outline):
        return Refusal(*refused)
    stated = stated_headline(page, outline, layers)
    body = find_body(outline, layers, stated.line if stated else None)
    if body is None:
        return Refusal("not_article", "the page has no sentences outside links")
    title = stated or nearest_headline(page, outline, body.element)
    if title is None:
        return Refusal("not_article", "the page has text but no headline")
    article = Article(url=page.url, title=title.text, provenance={"title": title.rule})
    text = text_range(outline, body.element, title.text)
    article.body = body_text(outline, *text)
    article.confidence = body.confidence
    article.provenance["body"] = body.rule
    index = read_gov_index(outline)
    article.gov_index = index[0] if index else None
    fill_fields(article, page, outline, layers, surroundings(outline, body.element, text, title.text, title.line), now)
    if article.body is None and not article.images:
        return Refusal("empty", "the page has a headline but no text and no picture")
    return article

