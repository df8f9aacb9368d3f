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


@dataclass(slots=True)
class SampleItem:
    """One thing a laboratory measured in a sample (检验项目): texts as printed, numbers only where they are certain."""

    name: str
    result: str | None = None
    """检验结果."""
    value: float | None = None
    """The number of `result`; None for several numbers, a range, or a power that lost its superscript."""
    unit: str | None = None
    """Of `result`, else of the column head."""
    limit: str | None = None
    """标准值."""
    operator: str | None = None
    """Of `limit`: `≤`, `≥`, `<`, `>`, `absent` (不得检出)."""
    limit_value: float | None = None


@dataclass(slots=True)
class Sample:
    """One sampled batch (抽检样品) as one row of a table states it. What the row does not state is None."""

    product: str
    """食品名称."""
    brand: str | None = None
    """商标."""
    specification: str | None = None
    """规格型号."""
    category: str | None = None
    """食品大类, else 分类."""
    date: str | None = None
    """The day of production, YYYY-MM-DD; None where the cell names none or several."""
    date_kind: str | None = None
    """`purchased`, `processed`, `slaughtered` or `produced` where the table says so; None under a plain 生产日期."""
    date_text: str | None = None
    """The cell `date` was read from."""
    batch: str | None = None
    """批号."""
    producer: str | None = None
    """标称生产企业."""
    producer_address: str | None = None
    sampled_unit: str | None = None
    """被抽样单位."""
    sampled_address: str | None = None
    shop: str | None = None
    """网店."""
    platform: str | None = None
    """网络交易平台."""
    laboratory: str | None = None
    """检验机构."""
    verdict: str | None = None
    """`pass`, `fail`; None where neither the row nor a heading says so."""
    items: list[SampleItem] = field(default_factory=list)
    sample_number: str | None = None
    """抽样编号."""
    notice_number: str | None = None
    """公告号."""
    notice_date: str | None = None
    """公告日期, YYYY-MM-DD."""
    task: str | None = None
    """任务来源/项目名称."""
    remarks: str | None = None
    """备注."""
    table: int = 0
    """The number of the table in its page or file, from 0."""
    row: int = 0
    """The number of the row in its table, from 0, heads included."""
    cells: dict[str, str] = field(default_factory=dict)
    """The row as printed: raw head → raw cell."""
