"""Date, source, author and editor, each from the first rule that knows it: selectors of the site or the platform, the
visible header by its labels, the national meta tags, what the page says for machines, the address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.items import Article
from crawler.parsing import meta
from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import DateReading, date_from_url, label_rank, read_date
from crawler.parsing.header import Surroundings
from crawler.parsing.outline import Outline
from crawler.parsing.page import Page
from crawler.parsing.rules import Rules

_NAMES = ("source", "author", "editor")
_OTHER_DATE = 3
"""`label_rank` of a date that is not the one of publication."""
_LABEL = re.compile(r"[\u4e00-\u9fff\s]{1,8}[:：]")
_LONGEST_HEADER = 600
_LONGEST_NAME = 60


@dataclass
class FieldReader:
    """Fills `published_at`, `published_precision`, `source`, `author` and `editor` of `article`, with their provenance.
    A field that is set stays: the callers' order is the order of trust. `now` (aware) is when the page was fetched."""

    article: Article
    page: Page
    outline: Outline
    now: datetime
    other: DateReading | None = None
    """A displayed date that is labelled as another than that of publication: better than none."""
    source_cut: bool = False

    def read_visible(self, layers: Sequence[tuple[str, Rules]], around: Surroundings) -> None:
        """Try the selectors of `layers`, then the header and tail `around` the text."""
        for name, rules in layers:
            self._by_selectors(name, rules)
        byline = read_byline(around.header, around.tail, lead=around.lead, now=self.now)
        self._take_names(byline, "label")
        if _is_publication(byline):
            self._set_date(byline.published, "label")
        else:
            self.other = byline.published
        if self.article.published_at is None and around.above:
            above = read_byline(around.above, now=self.now)
            if _is_publication(above):
                self._set_date(above.published, "label")
        self.source_cut = byline.source_cut and self.article.provenance.get("source") == "label"

    def read_given(self, rule: str, values: Mapping[str, str]) -> None:
        """Take what the page's product keeps of the article in a script or a comment."""
        self._set_date(_without_midnight(self._day(values.get("published_at"))), rule)
        for field in ("source", "author"):
            self._set(field, values.get(field), rule)

    def read_head(self) -> None:
        """Take what the index table and the head of the page state, then what its address tells. The head supplies the
        minute of a displayed day, and the whole of a source the page cuts short."""
        index = self.article.gov_index or {}
        self._set_date(self._day(index.get("published_on")), "gov_index")
        stated = self._stated_date()
        self._set_date(stated, "meta")
        self._take_minute(stated)
        self._set_date(self.other, "label")
        self._set_date(self._day(index.get("written_on")), "gov_index")
        self._set_date(date_from_url(self.page.url, self.now), "url")
        source = meta.first(self.page, meta.SOURCE)
        if source and self.source_cut:
            self.article.source = None
        self._set("source", source, "meta")
        self._set("source", index.get("issuer"), "gov_index")

    def _by_selectors(self, name: str, rules: Rules) -> None:
        for field in _NAMES:
            if text := self._first_text(getattr(rules, field)):
                unlabelled = None if _LABEL.match(text) or len(text) > _LONGEST_NAME else text
                self._set(field, getattr(read_byline(text, now=self.now), field) or unlabelled, name)
        if text := self._first_text(rules.published_at):
            self._set_date(read_date(text, self.now), name)
        for selector in rules.header:
            if text := self._first_text((selector,)):
                byline = read_byline(text, now=self.now)
                self._take_names(byline, name)
                if _is_publication(byline):
                    self._set_date(byline.published, name)

    def _first_text(self, selectors: Sequence[str]) -> str | None:
        for selector in selectors:
            for element in self.outline.select(selector):
                if text := self.outline.text(element).strip():
                    return text[:_LONGEST_HEADER]
        return None

    def _take_names(self, byline: Byline, rule: str) -> None:
        for field in _NAMES:
            self._set(field, getattr(byline, field), rule)

    def _day(self, text: str | None) -> DateReading | None:
        return read_date(text, self.now) if text else None

    def _stated_date(self) -> DateReading | None:
        """The date the page states for machines."""
        for name in meta.DATE:
            reading = self._day(self.page.meta.get(name))
            if reading and reading.moment:
                return _without_midnight(reading)
        return None

    def _take_minute(self, stated: DateReading | None) -> None:
        shown = self.article.published_at
        if not (shown and stated and stated.moment and stated.precision == "minute"):
            return
        if self.article.published_precision == "day" and stated.moment.date() == shown.date():
            self.article.published_at, self.article.published_precision = stated.moment, "minute"
            self.article.provenance["published_minute"] = "meta"

    def _set(self, field: str, value: str | None, rule: str) -> None:
        if getattr(self.article, field) is None and value and value.strip():
            setattr(self.article, field, value.strip())
            self.article.provenance[field] = rule

    def _set_date(self, reading: DateReading | None, rule: str) -> None:
        if self.article.published_at is None and reading and reading.moment:
            self.article.published_at, self.article.published_precision = reading.moment, reading.precision
            self.article.provenance["published_at"] = rule


def _is_publication(byline: Byline) -> bool:
    return label_rank(byline.found_by.get("published") or None) < _OTHER_DATE


def _without_midnight(reading: DateReading | None) -> DateReading | None:
    """`reading` as a day where its time is midnight: data that machines keep have one where nobody gave a time."""
    if reading and reading.moment and (reading.moment.hour, reading.moment.minute, reading.moment.second) == (0, 0, 0):
        return DateReading(reading.moment, "day")
    return reading
