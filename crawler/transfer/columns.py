"""The columns of an exported article: the same names, in the same order, in every format.

What is nested in the store becomes flat by three rules: an object gives a column for each of its fields
(`site.county` → `site_county`), a list of words stays a list where the format has lists and is joined with `;` where it
has not, a list of objects stays one where the format has them and is JSON where it has not, with its length beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

from crawler.transfer.errors import TransferError

BEIJING = timezone(timedelta(hours=8))

Kind = Enum("Kind", "TEXT INTEGER NUMBER TIME DAY TEXTS INTEGERS IMAGES ATTACHMENTS TABLES RULES")
Row = list[Any]


@dataclass(frozen=True)
class Column:
    """`path` is where the value is in the document; `make` derives it from what is there. `usual` columns are exported
    where none are asked for."""

    name: str
    kind: Kind
    path: str
    meaning: str
    make: Callable[[Any], Any] | None = None
    usual: bool = True

    def value(self, document: Mapping[str, Any]) -> Any:
        """The value in `document`; None, or an empty list, where it has none."""
        found: Any = document
        for step in self.path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if self.make is not None:
            return self.make(found)
        return list(found or ()) if self.kind in LISTS else found


LISTS = frozenset({Kind.TEXTS, Kind.INTEGERS, Kind.IMAGES, Kind.ATTACHMENTS, Kind.TABLES})


def _day(time: datetime | None) -> date | None:
    return time.astimezone(BEIJING).date() if time else None


def _length(items: Sequence[Any] | None) -> int:
    return len(items or ())


def _addresses(entries: Sequence[Mapping[str, Any]] | None) -> list[str]:
    return [entry["url"] for entry in entries or ()]


def _site(name: str, meaning: str) -> Column:
    return Column(f"site_{name}", Kind.TEXT, f"site.{name}", meaning)


def _gov(name: str, meaning: str) -> Column:
    return Column(f"gov_{name}", Kind.TEXT, f"gov_index.{name}", meaning)


def _restored(name: str, meaning: str) -> Column:
    return Column(f"restored_{name}", Kind.INTEGER, f"restored.{name}", meaning)


COLUMNS = (
    Column("id", Kind.TEXT, "_id", "hash of the canonical address"),
    Column("url", Kind.TEXT, "url", "address as fetched"),
    _site("code", "key of the site that published it"),
    _site("name", "its name"),
    _site("kind", "portal, county, city, province or other"),
    _site("province", "省"),
    _site("city", "市"),
    _site("county", "县"),
    _site("gb_code", "GB/T 2260 code"),
    Column("section", Kind.TEXT, "section", "栏目"),
    Column("title", Kind.TEXT, "title", "headline"),
    Column("published_at", Kind.TIME, "published_at", "发布时间"),
    Column("published_on", Kind.DAY, "published_at", "its day in Beijing", _day),
    Column("published_precision", Kind.TEXT, "published_precision", "minute or day"),
    Column("source", Kind.TEXT, "source", "来源"),
    Column("author", Kind.TEXT, "author", "作者, 记者, 通讯员"),
    Column("editor", Kind.TEXT, "editor", "责任编辑, else 编辑"),
    Column("body", Kind.TEXT, "body", "text, one paragraph a line"),
    Column("relevance_score", Kind.NUMBER, "relevance.score", "how much it is about food safety, 0 to 1"),
    Column("relevance_terms", Kind.TEXTS, "relevance.terms", "what the score rests on"),
    Column("places", Kind.TEXTS, "places", "places the text names"),
    Column("place_codes", Kind.TEXTS, "place_codes", "their GB/T 2260 codes and those above them"),
    Column("image_count", Kind.INTEGER, "images", "number of pictures", _length),
    Column("images", Kind.IMAGES, "images", "pictures: url, caption"),
    Column("attachment_count", Kind.INTEGER, "attachments", "number of 附件", _length),
    Column("attachments", Kind.ATTACHMENTS, "attachments", "附件: url, name"),
    Column("table_count", Kind.INTEGER, "tables", "number of tables", _length),
    Column("tables", Kind.TABLES, "tables", "tables: caption, rows of cell texts"),
    _gov("index_number", "索引号"),
    _gov("document_number", "发文字号"),
    _gov("issuer", "发布机构"),
    _gov("written_on", "成文日期, as printed"),
    _gov("published_on", "发布日期, as printed"),
    _gov("topic", "主题分类"),
    _restored("glosses", "pinyin glosses removed"),
    _restored("gbk_repairs", "lost bytes repaired"),
    _restored("converted", "traditional characters converted"),
    _restored("doubtful", "repairs that had a close runner-up"),
    Column("confidence", Kind.NUMBER, "confidence", "agreement of two body extractors, 0 to 1"),
    Column("cluster", Kind.TEXT, "cluster", "the story: equal for reprints of each other"),
    Column("original", Kind.TEXT, "original", "id of the article it reprints"),
    Column("original_evidence", Kind.TEXT, "original_evidence", "why that one"),
    Column("also_at", Kind.TEXTS, "also_at", "other addresses of the same text on its site", _addresses),
    Column("revision", Kind.INTEGER, "revision", "1, and one more for each change"),
    Column("first_seen_at", Kind.TIME, "first_seen_at", "when it was first fetched"),
    Column("last_seen_at", Kind.TIME, "last_seen_at", "when it was last fetched"),
    Column("changed_at", Kind.TIME, "changed_at", "when this revision was first fetched"),
    Column("platform", Kind.TEXT, "platform", "CMS that built the page"),
    Column("run", Kind.TEXT, "run", "the crawl that wrote it"),
    Column("canonical_url", Kind.TEXT, "canonical_url", "address normalised", usual=False),
    Column("content_hash", Kind.TEXT, "content_hash", "equal for exact copies", usual=False),
    Column("provenance", Kind.RULES, "provenance", "which rule gave each field", usual=False),
    Column("fingerprint", Kind.INTEGERS, "fingerprint", "hashes shared by near-duplicates", usual=False),
    Column("tokens", Kind.TEXTS, "tokens", "character bigrams for search", usual=False),
)


def choose(names: Iterable[str] | None) -> tuple[Column, ...]:
    """The columns called `names`, in that order; the usual ones for None. Raises TransferError for an unknown name."""
    if names is None:
        return tuple(column for column in COLUMNS if column.usual)
    known = {column.name: column for column in COLUMNS}
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in known]:
        raise TransferError(f"There is no field {', '.join(unknown)}; the fields are {', '.join(known)}.")
    if not wanted:
        raise TransferError(f"Name at least one field of {', '.join(known)}.")
    return tuple(known[name] for name in wanted)


def projection(columns: Iterable[Column]) -> dict[str, int]:
    """What to ask the store for."""
    return dict.fromkeys((column.path.partition(".")[0] for column in columns), 1)


def row(columns: Iterable[Column], document: Mapping[str, Any]) -> Row:
    """The values of `document`, one a column."""
    return [column.value(document) for column in columns]
