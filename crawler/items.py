"""The items a spider yields and the documents they become: the one place where a field of an article is declared.

Each field has its type and its meaning here. `storage/schema.py` makes MongoDB's `$jsonSchema` of them,
`transfer/columns.py` the columns of exports, `scrapy schema` the documentation. An unknown text is `None`, an unknown
list is empty; a text is never `""`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from types import MappingProxyType, NoneType
from typing import Any, get_args, get_type_hints

Export = bool | None


def info(
    meaning: str, *, parts: type | None = None, export: Export = True, null: bool = True, **rules: Any
) -> Mapping[str, Any]:
    """Return the metadata of a field. `parts` is the dataclass that describes the keys of a dict. `export`: True is a
    column of every export, False one that has to be asked for, None is none. `null`: False if a stored document always
    has a value, though the item may not have it yet. `rules` are further rules of a JSON schema (`minimum`, `enum`)."""
    return MappingProxyType({"meaning": meaning, "parts": parts, "export": export, "null": null, "rules": rules})


@dataclass(frozen=True)
class FieldSpec:
    """What is declared of a field: its `type` without None, whether it `is_nullable`, whether it `is_required` (has no
    default), and what `info` holds."""

    name: str
    type: Any
    is_nullable: bool
    is_required: bool
    meaning: str
    parts: type | None
    export: Export
    rules: Mapping[str, Any]


def field_specs(item: type) -> Iterator[FieldSpec]:
    """Yield the specification of each field of the dataclass `item`, `_id` first."""
    hints = get_type_hints(item)
    for each in sorted(fields(item), key=lambda each: each.name != "_id"):
        choices = get_args(hints[each.name]) if NoneType in get_args(hints[each.name]) else ()
        known = [choice for choice in choices if choice is not NoneType]
        about = each.metadata
        yield FieldSpec(
            each.name,
            known[0] if known else hints[each.name],
            bool(choices) and about["null"],
            each.default is MISSING and each.default_factory is MISSING,
            about["meaning"],
            about["parts"],
            about["export"],
            about["rules"],
        )


@dataclass(slots=True)
class Image:
    """A picture of the article."""

    url: str = field(metadata=info("absolute address"))
    caption: str | None = field(default=None, metadata=info("caption that the page shows"))


@dataclass(slots=True)
class Attachment:
    """A file the article offers (附件)."""

    url: str = field(metadata=info("absolute address"))
    name: str | None = field(default=None, metadata=info("file name a reader sees"))


@dataclass(slots=True)
class Table:
    """A table of the body."""

    rows: list[list[str]] = field(metadata=info("rows of cell texts, all of one width: spans are expanded"))
    caption: str | None = field(default=None, metadata=info("caption"))


# The keys of the dicts of an article.


@dataclass(slots=True)
class Publisher:
    """The keys of `site`."""

    code: str = field(metadata=info("key of the site in the registry"))
    name: str = field(metadata=info("名称"))
    kind: str | None = field(default=None, metadata=info("portal, county, city, province or other"))
    province: str | None = field(default=None, metadata=info("省"))
    city: str | None = field(default=None, metadata=info("市"))
    county: str | None = field(default=None, metadata=info("县"))
    gb_code: str | None = field(default=None, metadata=info("GB/T 2260 code"))


@dataclass(slots=True)
class GovIndex:
    """The keys of `gov_index`; it has those that the page shows."""

    index_number: str = field(default="", metadata=info("索引号"))
    document_number: str = field(default="", metadata=info("发文字号"))
    issuer: str = field(default="", metadata=info("发布机构"))
    written_on: str = field(default="", metadata=info("成文日期, as printed"))
    published_on: str = field(default="", metadata=info("发布日期, as printed"))
    topic: str = field(default="", metadata=info("主题分类"))


@dataclass(slots=True)
class RestoredCounts:
    """The keys of `restored`."""

    glosses: int = field(default=0, metadata=info("pinyin glosses removed", minimum=0))
    gbk_repairs: int = field(default=0, metadata=info("lost bytes repaired", minimum=0))
    converted: int = field(default=0, metadata=info("traditional characters converted", minimum=0))
    doubtful: int = field(default=0, metadata=info("repairs with a close runner-up", minimum=0))


@dataclass(slots=True)
class RelevanceScore:
    """The keys of `relevance`."""

    score: float = field(default=0.0, metadata=info("how much it is about food safety, 0 to 1"))
    terms: list[str] = field(
        default_factory=list, metadata=info("the terms that produced the score; - marks those that speak against it")
    )


@dataclass(slots=True)
class DocumentTypeInfo:
    """The keys of `document_type`."""

    name: str = field(default="", metadata=info("抽检结果, 抽检计划, 处罚, 召回, 通知, 新闻 …"))
    evidence: list[str] = field(default_factory=list, metadata=info("the words of the headline that say so"))


@dataclass(slots=True)
class StoredDoubt:
    """An element of `doubts`."""

    kind: str = field(metadata=info("one word: `title_differs`, `date_differs`, `dated_today`, `short`, `teaser` …"))
    evidence: str = field(default="", metadata=info("what raised it, in a sentence"))


@dataclass(slots=True, kw_only=True)
class OtherAddress:
    """An element of `also_at`."""

    _id: str = field(metadata=info("hash of the canonical address"))
    url: str = field(default="", metadata=info("address as fetched"))
    section: str | None = field(default=None, metadata=info("栏目"))
    seen_at: datetime | None = field(default=None, metadata=info("when it was fetched"))


@dataclass(slots=True)
class Article:
    """One article as one page shows it. The pipelines complete it; then it is a document of `articles`."""

    url: str = field(metadata=info("address as fetched"))
    canonical_url: str | None = field(
        default=None,
        metadata=info(
            "address without scheme, `www.`, mobile twin and tracking parameters; `_id` is its hash",
            null=False,
            export=False,
        ),
    )
    site: dict[str, Any] | None = field(
        default=None, metadata=info("who published it; null for a site that is not in the registry", parts=Publisher)
    )
    section: str | None = field(default=None, metadata=info("栏目: the section the link was found in"))
    title: str | None = field(default=None, metadata=info("headline, without site name, markup or kicker", null=False))
    published_at: datetime | None = field(
        default=None,
        metadata=info(
            "发布时间 as the page shows it, which wins over `PubDate`; 00:00 in China if it shows only the day"
        ),
    )
    published_precision: str | None = field(
        default=None, metadata=info("whether the page shows a clock time or only a date", enum=["minute", "day", None])
    )
    source: str | None = field(default=None, metadata=info("来源"))
    author: str | None = field(default=None, metadata=info("作者, 记者, 通讯员; several are joined by a space"))
    editor: str | None = field(default=None, metadata=info("责任编辑, else 编辑; several are joined by `、`"))
    body: str | None = field(default=None, metadata=info("clean simplified text, one paragraph a line"))
    relevance: dict[str, Any] | None = field(
        default=None, metadata=info("how much it is about food safety", parts=RelevanceScore)
    )
    document_type: dict[str, Any] | None = field(
        default=None, metadata=info("what kind of document it is, by its headline", parts=DocumentTypeInfo)
    )
    places: list[str] = field(
        default_factory=list,
        metadata=info("provinces, cities and counties that title and body name, as the registry writes them"),
    )
    place_codes: list[str] = field(
        default_factory=list, metadata=info("their GB/T 2260 codes, each with those of its city and province")
    )
    images: list[Image] = field(default_factory=list, metadata=info("pictures"))
    attachments: list[Attachment] = field(default_factory=list, metadata=info("附件"))
    tables: list[Table] = field(default_factory=list, metadata=info("tables of the body"))
    gov_index: dict[str, str] | None = field(
        default=None, metadata=info("政府信息公开 index table, as printed; null if there is none", parts=GovIndex)
    )
    restored: dict[str, Any] | None = field(
        default=None, metadata=info("what the cleaning changed, counted; null if nothing", parts=RestoredCounts)
    )
    doubts: list[StoredDoubt] = field(
        default_factory=list,
        metadata=info("why the page may not be the article, or not all of it; empty for a sound one"),
    )
    confidence: float | None = field(
        default=None, metadata=info("agreement of two independent body extractors, 0 to 1", minimum=0, maximum=1)
    )
    platform: str | None = field(default=None, metadata=info("CMS that built the page, as `platforms/` names it"))
    provenance: dict[str, str] = field(
        default_factory=dict,
        metadata=info("which rule found each field: `override`, `platform:NAME`, `label`, `meta` …", export=False),
    )
    content_hash: str | None = field(
        default=None, metadata=info("hash of the normalised text: equal for exact copies", export=False)
    )
    fingerprint: list[int] = field(
        default_factory=list,
        metadata=info("winnowing hashes of the normalised text: shared by near-duplicates", export=False),
    )
    fetched_at: datetime | None = field(default=None, metadata=info("when this revision was fetched", export=None))
    run: str | None = field(default=None, metadata=info("the crawl that wrote this revision"))

    def as_document(self) -> dict[str, Any]:
        """Return the fields by name, with tables, images and attachments as dicts: what `ItemAdapter.asdict` returns,
        without its look at each number of a fingerprint and each cell of a table."""
        document = {name: getattr(self, name) for name in _ARTICLE}
        for name in ("tables", "images", "attachments", "doubts"):
            document[name] = [{part: getattr(each, part) for part in each.__slots__} for each in document[name]]
        return document


_ARTICLE = tuple(each.name for each in fields(Article))


@dataclass(slots=True, kw_only=True)
class StoredArticle(Article):
    """A document of `articles`: an article and what the store adds to it. Never instantiated."""

    _id: str = field(metadata=info("hash of the canonical URL: the same page is always the same document"))
    cluster: str | None = field(
        default=None,
        metadata=info("the story it belongs to: the smallest `_id` among its articles; null until it is looked up"),
    )
    original: str | None = field(
        default=None, metadata=info("`_id` of the article it reprints; null for the original, and if it is alone")
    )
    original_evidence: str | None = field(default=None, metadata=info("why that article is considered the original"))
    also_at: list[OtherAddress] = field(
        default_factory=list, metadata=info("other addresses of the same site with the same text")
    )
    revision: int = field(default=1, metadata=info("1, and one more for each change of the text", minimum=1))
    first_seen_at: datetime = field(metadata=info("when the article was first fetched"))
    last_seen_at: datetime = field(metadata=info("when the article was last fetched"))
    changed_at: datetime = field(metadata=info("when this revision was first fetched"))
    change: int = field(
        default=0,
        metadata=info("number of the batch that wrote it last: a search index follows it", export=None, minimum=0),
    )


@dataclass(slots=True, kw_only=True)
class StoredRevision(StoredArticle):
    """A document of `revisions`: an older version of an article, and what the next one changed. Never instantiated."""

    _id: str = field(metadata=info("article:revision"))
    article: str = field(default="", metadata=info("`_id` of the article"))
    seen_from: datetime = field(metadata=info("when this revision was first fetched"))
    seen_until: datetime = field(metadata=info("when this revision was last fetched"))
    diff: list[Any] = field(
        default_factory=list,
        metadata=info("what the next revision changed, by paragraph: - marks what went, + what came"),
    )


@dataclass(slots=True)
class Reject:
    """A page that yielded no article, or an article that failed validation: it becomes a document of `rejects`."""

    url: str = field(metadata=info("address as fetched"))
    reason: str = field(
        metadata=info("one word of a fixed vocabulary: `blocked`, `needs_browser`, `too_large`, `no_title` …")
    )
    detail: str | None = field(default=None, metadata=info("one sentence for a person"))
    site: dict[str, Any] | None = field(
        default=None, metadata=info("whose page it is; null for a site that is not in the registry", parts=Publisher)
    )
    section: str | None = field(default=None, metadata=info("栏目"))
    run: str | None = field(default=None, metadata=info("the crawl that saw it last"))
    seen_at: datetime | None = field(default=None, metadata=info("when it was rejected"))
    score: float | None = field(
        default=None,
        metadata=info(
            "relevance of an `irrelevant` article: a crawl with a lower threshold fetches it again",
            minimum=0,
            maximum=1,
        ),
    )
    canonical_url: str | None = field(
        default=None, metadata=info("the canonical URL of an article, which outlives a redirect; else that of `url`")
    )


@dataclass(slots=True, kw_only=True)
class StoredReject(Reject):
    """A document of `rejects`, which has `article`, `first_seen_at` and `last_seen_at` instead of `canonical_url` and
    `seen_at`. Never instantiated."""

    _id: str = field(metadata=info("article:reason, so that a repeat updates the count"))
    article: str = field(
        default="", metadata=info("hash of the canonical address: the `_id` an article at it would have")
    )
    first_seen_at: datetime = field(metadata=info("when it was first rejected"))
    last_seen_at: datetime = field(metadata=info("when it was last rejected"))
    times: int = field(default=1, metadata=info("how often it was rejected", minimum=1))


@dataclass(slots=True)
class SampleItem:
    """One thing a laboratory measured in a sample (检验项目): texts as printed, numbers only where they are certain."""

    name: str = field(metadata=info("检验项目 as printed"))
    result: str | None = field(default=None, metadata=info("检验结果 as printed"))
    value: float | None = field(
        default=None,
        metadata=info("the number of `result`; null for several numbers, a range, a power that lost its superscript"),
    )
    unit: str | None = field(default=None, metadata=info("the unit of `value`: of the result, else of the column head"))
    limit: str | None = field(default=None, metadata=info("标准值 as printed"))
    operator: str | None = field(default=None, metadata=info("of `limit`: ≤, ≥, <, >, absent (不得检出)"))
    limit_value: float | None = field(default=None, metadata=info("the number of `limit`, null as for `value`"))


@dataclass(slots=True)
class Sample:
    """One sampled batch (抽检样品) as one row of a table states it. What the row does not state is None."""

    product: str = field(metadata=info("食品名称"))
    brand: str | None = field(default=None, metadata=info("商标"))
    specification: str | None = field(default=None, metadata=info("规格型号"))
    category: str | None = field(default=None, metadata=info("食品大类, else 分类"))
    date: str | None = field(
        default=None, metadata=info("day of production, YYYY-MM-DD; null if the cell names none or several")
    )
    date_kind: str | None = field(
        default=None,
        metadata=info("`purchased`, `processed`, `slaughtered` or `produced` if the table says so; null for 生产日期"),
    )
    date_text: str | None = field(default=None, metadata=info("the cell that `date` was read from"))
    batch: str | None = field(default=None, metadata=info("批号"))
    producer: str | None = field(default=None, metadata=info("标称生产企业"))
    producer_address: str | None = field(default=None, metadata=info("address of the producer"))
    sampled_unit: str | None = field(default=None, metadata=info("被抽样单位"))
    sampled_address: str | None = field(default=None, metadata=info("address of the sampled unit"))
    shop: str | None = field(default=None, metadata=info("网店"))
    platform: str | None = field(default=None, metadata=info("网络交易平台"))
    laboratory: str | None = field(default=None, metadata=info("检验机构"))
    verdict: str | None = field(
        default=None, metadata=info("`pass` or `fail`; null if neither row nor heading says so")
    )
    items: list[SampleItem] = field(default_factory=list, metadata=info("检验项目: what was measured"))
    sample_number: str | None = field(default=None, metadata=info("抽样编号"))
    notice_number: str | None = field(default=None, metadata=info("公告号"))
    notice_date: str | None = field(default=None, metadata=info("公告日期, YYYY-MM-DD"))
    task: str | None = field(default=None, metadata=info("任务来源/项目名称"))
    remarks: str | None = field(default=None, metadata=info("备注"))
    member: str | None = field(default=None, metadata=info("the file within an archive"))
    sheet: str | None = field(default=None, metadata=info("the sheet of a workbook"))
    table: int = field(default=0, metadata=info("number of the table in its page or file, from 0"))
    row: int = field(default=0, metadata=info("number of the row in its table, from 0, heads included"))
    cells: dict[str, str] = field(default_factory=dict, metadata=info("the row as printed: head → cell"))
