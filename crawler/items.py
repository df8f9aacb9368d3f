"""The items a spider yields: the schema of an article, one line of meaning per field.

Pipelines speak to items through `itemadapter`; `storage/schema.py` turns the same fields into MongoDB's
`$jsonSchema`. A field that is not known is `None` (text) or empty (lists), never `""`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Image:
    """A picture of the article: absolute `url`, and its `caption` where the page shows one."""

    url: str
    caption: str | None = None


@dataclass(slots=True)
class Attachment:
    """A file the article offers (附件): absolute `url`, and the `name` a reader sees."""

    url: str
    name: str | None = None


@dataclass(slots=True)
class Table:
    """A table of the body: `rows` of cell texts, spans expanded so that every row has the same width."""

    rows: list[list[str]]
    caption: str | None = None


@dataclass(slots=True)
class Article:
    """One article as one page shows it; after the pipelines, one document of `articles`."""

    url: str
    """The address as fetched."""
    canonical_url: str | None = None
    """The address normalised: scheme, host, tracking parameters, mobile twin. Its hash is the document's `_id`."""
    site: dict[str, Any] | None = None
    """Who published it: `code, name, kind, province, city, county, gb_code`."""
    section: str | None = None
    """栏目: the section the link was found in."""
    platform: str | None = None
    """The CMS that built the page, as `platforms/` names it."""
    title: str | None = None
    """The headline, without site name, markup or kicker."""
    published_at: datetime | None = None
    """Aware date-time; the displayed time wins over `PubDate`. With day precision, 00:00 China Standard Time."""
    published_precision: str | None = None
    """`minute` where the page gives a clock time, `day` where it gives only the date."""
    source: str | None = None
    """来源."""
    author: str | None = None
    """作者, 记者, 通讯员; several are joined by a space, as Chinese credits are set."""
    editor: str | None = None
    """责任编辑, else 编辑; several are joined by `、`."""
    body: str | None = None
    """Clean simplified text, one paragraph a line."""
    tables: list[Table] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    gov_index: dict[str, str] | None = None
    """政府信息公开 index table: `index_number` 索引号, `document_number` 发文字号, `issuer` 发布机构,
    `written_on` 成文日期, `published_on` 发布日期, `topic` 主题分类, as the page prints them."""
    confidence: float | None = None
    """Agreement of two independent body extractors, 0 to 1."""
    provenance: dict[str, str] = field(default_factory=dict)
    """Which rule gave each field (`override`, `platform:NAME`, `label`, `meta`, `generic`, …)."""
    restored: dict[str, Any] | None = None
    """What the cleaning changed, counted; None where nothing."""
    relevance: dict[str, Any] | None = None
    """How much it is about food safety: `score` from 0 to 1, and `terms`, what the score rests on."""
    places: list[str] = field(default_factory=list)
    """Provinces, cities and counties that title and body name, as the registry writes them (`浙江省`, `青田县`)."""
    place_codes: list[str] = field(default_factory=list)
    """Their GB/T 2260 codes, each with those of its city and province."""
    content_hash: str | None = None
    """Hash of the normalised text: equal for exact copies."""
    fingerprint: list[int] = field(default_factory=list)
    """Winnowing hashes of the normalised text: shared by near-duplicates."""
    fetched_at: datetime | None = None
    """When the page was fetched (aware, UTC)."""
    run: str | None = None
    """The crawl that wrote it."""

    def as_document(self) -> dict[str, Any]:
        """The fields by name, tables, images and attachments as dicts, all else as it is: what `ItemAdapter.asdict`
        gives, without its look at each number of a fingerprint and each cell of a table."""
        document = {name: getattr(self, name) for name in _ARTICLE}
        for name in ("tables", "images", "attachments"):
            document[name] = [{part: getattr(each, part) for part in each.__slots__} for each in document[name]]
        return document


_ARTICLE = tuple(each.name for each in fields(Article))


@dataclass(slots=True)
class Reject:
    """A page that gave no article, or an article that failed validation: a document of `rejects`."""

    url: str
    reason: str
    """One word of a fixed vocabulary: `blocked`, `needs_browser`, `not_article`, `too_large`, `no_title`, …"""
    detail: str | None = None
    """One sentence for a person."""
    site: dict[str, Any] | None = None
    section: str | None = None
    run: str | None = None
    seen_at: datetime | None = None
    score: float | None = None
    """Of an `irrelevant` article: its relevance, so that a lower threshold asks for it again."""
    canonical_url: str | None = None
    """Of an article: its own, which outlives a redirect; of others that of `url`."""
