"""The second opinion on the articles of one crawl: what one page alone shows (`text/plausibility.py`), and what only
its neighbours on the same site show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from crawler.items import Article
from crawler.text.plausibility import (
    Doubt,
    doubt_date,
    doubt_length,
    doubt_repeated,
    doubt_text,
    doubt_title,
    normalise_title,
)

MAX_TEXTS = 5000
"""Texts and lines of a site that are remembered in one crawl."""
MIN_TEXT_CHARS = 20
"""Letters and digits of a text that are needed to compare it with others."""
MIN_LINE_CHARS = 8
"""Letters and digits of a line that is compared; a shorter one may be a counter or a clock."""

_NOT_LETTERS = re.compile(r"[\W_]+")


def compare_with_list(
    article: Article, title: str | None, published_at: datetime | None, precision: str | None, now: datetime
) -> list[Doubt]:
    """The doubts about an article fetched at `now` whose list shows `title`, `published_at` and its `precision`. A page
    that shows the day of the crawl gets the date of its list: it shows a clock, not its date."""
    doubts = []
    if doubt := doubt_title(article.title, article.body, title):
        doubts.append(doubt)
    if doubt := doubt_date(article.published_at, published_at, now):
        doubts.append(doubt)
        if doubt.kind == "dated_today":
            article.published_at, article.published_precision = published_at, precision
            article.provenance["published_at"] = "list"
    return doubts


@dataclass
class Neighbours:
    """The texts of one site in this crawl. `lines` and `texts` map hashes to the page that had them first; `repeated`
    collects the ids of articles whose text turned out to be that of other pages as well, `refused` the ids of pages
    with a grave doubt."""

    texts: dict[bytes, tuple[str, str | None]] = field(default_factory=dict)
    lines: dict[bytes, tuple[str, str | None]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


class SecondOpinion:
    """Examines the articles of a crawl one after another."""

    def __init__(self) -> None:
        self.by_site: dict[str, Neighbours] = {}

    def examine(self, article: Article, key: str, usual_length: float | None) -> list[Doubt]:
        """The doubts about a clean article with the id `key`, those that it already has (from its list) first.
        `usual_length` is the median length of texts of its site, None if unknown."""
        doubts = [Doubt(each.kind, each.evidence) for each in article.doubts]
        has_more = bool(article.tables or article.images or article.attachments)
        found = (
            doubt_text(article.body),
            doubt_length(article.body, usual_length, has_more=has_more),
            None if has_more else self._doubt_repeated(article, key),
        )
        doubts += [doubt for doubt in found if doubt]
        if article.site and any(doubt.is_grave for doubt in doubts):
            self.by_site.setdefault(article.site["code"], Neighbours()).refused.add(key)
        return doubts

    def take_repeated(self, site: str) -> set[str]:
        """The ids of articles of a site whose text turned out to be that of other pages too, since the last call."""
        here = self.by_site.get(site)
        if here is None or not here.repeated:
            return set()
        found, here.repeated = here.repeated - here.refused, set()
        return found

    def _doubt_repeated(self, article: Article, key: str) -> Doubt | None:
        site = article.site["code"] if article.site else ""
        if not site or len(text := _letters(article.body)) < MIN_TEXT_CHARS:
            return None
        here = self.by_site.setdefault(site, Neighbours())
        page = (key, article.title)
        first = _remember(here.texts, text, page)
        # Under the same title they are two addresses of one article.
        if first is not None and first[0] != key and (doubt := doubt_repeated(article.title, [first[1]])):
            here.repeated.add(first[0])
            return doubt
        return self._doubt_lines(here, article, page)

    def _doubt_lines(self, here: Neighbours, article: Article, page: tuple[str, str | None]) -> Doubt | None:
        """The same lines in another order, or with other short ones among them. A longer line of its own makes a page
        an article: notices of one office share their wording and differ in a line of figures."""
        ours = normalise_title(article.title)
        other: tuple[str, str | None] | None = None
        has_own_line = False
        for line in (article.body or "").split("\n"):
            letters = _letters(line)
            if len(letters) < MIN_LINE_CHARS:
                continue
            first = _remember(here.lines, letters, page)
            if first is None or first[0] == page[0] or normalise_title(first[1]) == ours:
                has_own_line = True
            else:
                other = first
        if other is None or has_own_line:
            return None
        here.repeated.add(other[0])
        return doubt_repeated(article.title, [other[1]])


def _remember(
    seen: dict[bytes, tuple[str, str | None]], text: str, page: tuple[str, str | None]
) -> tuple[str, str | None] | None:
    """The page that had `text` first, None if it is this one, which is remembered then."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    first = seen.get(digest)
    if first is None and len(seen) < MAX_TEXTS:
        seen[digest] = page
    return first


def _letters(text: str | None) -> str:
    return _NOT_LETTERS.sub("", text or "")
