"""Date, source, author and editor, each from the first rule that knows it: selectors of the site or the platform, the
visible header by its labels, the national meta tags, what the page says for machines, the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crawler.items import Article
from crawler.parsing import meta
from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import DateReading, date_from_url, label_rank, read_date
from crawler.parsing.header import Surroundings
from crawler.parsing.outline import Outline
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules

_OTHER_DATE = 3
"""`label_rank` of a date that is not the one of publication."""


def fill_fields(
    article: Article, page: Page, outline: Outline, layers: Sequence[tuple[str, Rules]], around: Surroundings, now: datetime
) -> None:
    """Set `published_at`, `published_precision`, `source`, `author` and `editor` of `article` with their provenance."""
    for name, rules in layers:
        _by_selectors(article, outline, name, rules, around, now)
    byline = read_byline(around.header, around.tail, lead=around.lead, now=now)
    _take_names(article, byline, "label")
    _by_label(article, byline, around, now)
    _by_head(article, page, byline, now)
    if article.published_at is None:
        _set_date(article, date_from_url(page.url, now), "url")


def _by_selectors(
    article: Article, outline: Outline, name: str, rules: Rules, around: Surroundings, now: datetime
) -> None:
    for field in ("source", "author", "editor"):
        if getattr(article, field) is None and (text := _first_text(outline, getattr(rules, field))):
            labelled = getattr(read_byline(text, now=now), field)
            value = labelled or (None if text.rstrip().endswith((":", "：")) else text)
            _set(article, field, value, name)
    if article.published_at is None and (text := _first_text(outline, rules.published_at)):
        _set_date(article, read_date(text, now), name)
    for header in (_first_text(outline, (selector,)) for selector in rules.header):
        if header:
            byline = read_byline(header, now=now)
            _take_names(article, byline, name)
            if article.published_at is None and byline.published:
                _set_date(article, byline.published, name)


def _first_text(outline: Outline, selectors: Sequence[str]) -> str | None:
    for selector in selectors:
        for element in outline.select(selector):
            if text := outline.text(element).strip():
                return text[:600]
    return None


def _take_names(article: Article, byline: Byline, rule: str) -> None:
    for field in ("source", "author", "editor"):
        if getattr(article, field) is None:
            _set(article, field, getattr(byline, field), rule)


def _by_label(article: Article, byline: Byline, around: Surroundings, now: datetime) -> None:
    if article.published_at is None and byline.published and _is_publication(byline):
        _set_date(article, byline.published, "label")
    if article.published_at is None and around.above:
        above = read_byline(around.above, now=now)
        if _is_publication(above):
            _set_date(article, above.published, "label")


def _is_publication(byline: Byline) -> bool:
    label = byline.found_by.get("published")
    return label_rank(label or None) < _OTHER_DATE


def _by_head(article: Article, page: Page, byline: Byline, now: datetime) -> None:
    index = article.gov_index or {}
    if article.published_at is None and index.get("published_on"):
        _set_date(article, read_date(index["published_on"], now), "gov_index")
    stated = _stated_date(page, now)
    if article.published_at is None:
        _set_date(article, stated, "meta")
    elif stated and stated.moment and article.published_precision == "day" and stated.precision == "minute":
        if stated.moment.date() == article.published_at.date():
            article.published_at, article.published_precision = stated.moment, "minute"
            article.provenance["published_minute"] = "meta"
    if article.published_at is None and byline.published:
        _set_date(article, byline.published, "label")
    if article.published_at is None and index.get("written_on"):
        _set_date(article, read_date(index["written_on"], now), "gov_index")
    source = meta.first(page, meta.SOURCE)
    if source and (article.source is None or (byline.source_cut and article.provenance.get("source") == "label")):
        _set(article, "source", source, "meta")
    if article.source is None:
        _set(article, "source", index.get("issuer"), "gov_index")


def _stated_date(page: Page, now: datetime) -> DateReading | None:
    """The date the page states for machines; a midnight there is a day without a time."""
    for name in meta.DATE:
        if value := page.meta.get(name):
            reading = read_date(value, now)
            if reading.moment:
                midnight = (reading.moment.hour, reading.moment.minute, reading.moment.second) == (0, 0, 0)
                return DateReading(reading.moment, "day") if midnight else reading
    return None


def _set(article: Article, field: str, value: str | None, rule: str) -> None:
    if value and value.strip():
        setattr(article, field, value.strip())
        article.provenance[field] = rule


def _set_date(article: Article, reading: DateReading | None, rule: str) -> None:
    if reading and reading.moment:
        article.published_at, article.published_precision = reading.moment, reading.precision
        article.provenance["published_at"] = rule
