"""One page to one article: raw fields, each with the rule that gave it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from lxml.html import HtmlElement

from crawler.items import Article
from crawler.parsing.attachments import attachments_in, images_in
from crawler.parsing.blocked import refuse
from crawler.parsing.body import find_body
from crawler.parsing.content import apart, body_text, lines_of, text_range
from crawler.parsing.fields import FieldReader
from crawler.parsing.gov_index import read_gov_index
from crawler.parsing.header import surroundings, understood
from crawler.parsing.noise import is_contact, is_dateline, is_legal
from crawler.parsing.outline import Line, Outline, outline_of
from crawler.parsing.page import Page, parse_html
from crawler.parsing.rules import Rules
from crawler.parsing.tables import tables_in
from crawler.parsing.titles import nearest_headline, stated_headline


@dataclass(frozen=True)
class Refusal:
    """A page that gives no article: `reason` is one word (`blocked`, `needs_browser`, `not_article`, `not_found`,
    `list_page`, `empty`, `too_large`), `detail` one sentence for a person."""

    reason: str
    detail: str


_TAG = re.compile(r"<[^>]{0,2000}>")
_WORDS = re.compile(r"[\u4e00-\u9fff]{6,20}")
_FEWEST_MARKS = 3
_ROWS = 8
Layers = Sequence[tuple[str, Rules]]
"""Selectors by precedence, each with the word its fields carry in `provenance`."""


@dataclass(frozen=True)
class Given:
    """What the page's product keeps of the article in a script or a comment: raw `values` (title, published_at, source,
    author, and body as HTML), and the `rule` they go by in `provenance`."""

    rule: str
    values: Mapping[str, str]


def extract(page: Page, layers: Layers, now: datetime, given: Given | None = None) -> Article | Refusal:
    """The article of a page, or why there is none. `now` (aware) is when the page was fetched; no date is later."""
    outline = outline_of(page.root)
    values = given.values if given else {}
    unseen = _unseen_body(outline, values)
    if unseen is not None:
        outline = unseen
    elif refused := refuse(page, outline):
        return Refusal(*refused)
    known = (values["title"], given.rule) if given and values.get("title") else None
    stated = stated_headline(page, outline, layers, known)
    body = find_body(page, outline, () if unseen is not None else layers, stated.line if stated else None)
    if body is None:
        return _no_article(outline, "the page has no sentences outside links")
    title = stated or nearest_headline(page, outline, body.element)
    if title is None:
        return _no_article(outline, "the page has text but no headline")
    text = text_range(outline, body.element, title.text)
    article = Article(url=page.url, title=title.text, confidence=body.confidence)
    article.provenance = {"title": title.rule, "body": given.rule if given and unseen is not None else body.rule}
    dropped = {element for _, rules in layers for selector in rules.drop for element in outline.select(selector)}
    _fill_content(article, page, outline, body.element, text, dropped=dropped)
    article.gov_index = read_gov_index(outline)
    around = understood(surroundings(outline, body.element, text, title.text, title.line), article.body)
    reader = FieldReader(article, page, outline, now)
    reader.read_visible(layers, around)
    if given:
        reader.read_given(given.rule, values)
    reader.read_head()
    return _doubt(article, outline, text) or article


def _unseen_body(outline: Outline, values: Mapping[str, str]) -> Outline | None:
    """The outline of an article that only a script of the page holds, or None where the page shows it."""
    markup = values.get("body", "")
    words = _WORDS.search(_TAG.sub("", markup))
    if words is None or any(words[0] in line.text for line in outline.lines):
        return None
    return outline_of(
        parse_html(f"<html><body><h1>{escape(values.get('title', ''))}</h1><div>{markup}</div></body></html>")
    )


def _fill_content(
    article: Article,
    page: Page,
    outline: Outline,
    element: HtmlElement,
    text: tuple[int, int],
    *,
    dropped: set[HtmlElement],
) -> None:
    tables = tables_in(outline, element, *text)
    article.tables = [placed.table for placed in tables]
    article.images, captions = images_in(page, outline, element, *text, dropped=dropped)
    article.attachments = attachments_in(page, outline, element, *text)
    article.body = body_text(outline, *text, tables, apart(outline, *text, captions) | lines_of(outline, dropped))


def _doubt(article: Article, outline: Outline, text: tuple[int, int]) -> Refusal | None:
    """Why what was found is no article after all: links to articles, the foot of a page, or nothing."""
    lines = outline.lines[text[0] : text[1]]
    size = sum(len(line.text) for line in lines)
    if sum(line.linked for line in lines) > size / 2 and not article.attachments:
        return Refusal("list_page", "the page's text is links to other pages")
    marks = sum(line.marks for line in lines)
    rows = sum(map(_is_row, lines))
    if rows > max(_ROWS, len(lines) / 4) or (marks < _FEWEST_MARKS and sum(map(_is_row, outline.lines)) >= _ROWS):
        return Refusal("list_page", "the page is a list of dated links")
    dated = article.provenance.get("published_at", "url") not in {"url", "generic"}
    if not (article.body or article.images or article.attachments):
        return Refusal("empty", "the page has a headline but no text and no picture")
    legal = sum(len(line.text) for line in lines if is_legal(line.text) or is_contact(line.text))
    if dated and legal <= size / 2:
        return None
    if legal > size / 3 or marks < _FEWEST_MARKS:
        return _no_article(outline, "the page has neither a date nor sentences of an article")
    return None


def _no_article(outline: Outline, detail: str) -> Refusal:
    links = sum(line.linked for line in outline.lines)
    if not outline.lines:
        return Refusal("empty", "the page holds no text")
    return Refusal("list_page" if links > outline.sizes[-1] / 3 else "not_article", detail)


def _is_row(line: Line) -> bool:
    """Whether a line is a row of a list: a link beside a date."""
    return line.linked > 0 and is_dateline(line.text)
