"""Writers of text: JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from crawler.errors import TransferError
from crawler.output import harmless, is_formula

# The columns of an exported article: the same names, in the same order, in every format. What is nested in the
# store becomes flat by three rules: an object gives a column for each of its fields (`site.county` →
# `site_county`), a list of words stays a list where the format has lists and is joined with `;` where it has not, a
# list of objects stays one where the format has them and is JSON where it has not, with its length beside it.

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


# Values as text: for the cells of spreadsheets, and for JSON.

_SEPARATOR = ";"


def cell(value: Any, kind: Kind) -> str | int | float | None:
    """`value` as a cell can hold it: lists of words joined, objects as JSON, times as ISO 8601 in Beijing time."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, date):
        return iso(value)
    if kind in {Kind.TEXTS, Kind.INTEGERS}:
        return _SEPARATOR.join(map(str, value))
    return to_json(value) if value else ""


def iso(value: date) -> str:
    """A day, or a time in Beijing time with its offset, in ISO 8601."""
    return value.astimezone(BEIJING).isoformat() if isinstance(value, datetime) else value.isoformat()


def to_json(value: Any) -> str:
    """`value` as one line of JSON; times as `iso`."""
    return json.dumps(value, ensure_ascii=False, default=iso)


_BOM = "\ufeff"
"""Without it Excel reads a CSV as GBK."""


class JsonLines:
    """One object a line, UTF-8, the columns as its keys."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        lines = (to_json(dict(zip(self._names, row, strict=True))) for row in rows)
        self._stream.write("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        """Nothing is held back."""

    def abandon(self) -> None:
        """Nothing is held open."""


class Csv:
    """CSV for spreadsheets: UTF-8 with BOM, a header line, CRLF, formulas made harmless."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._stream = stream
        self._kinds = [column.kind for column in columns]
        self._buffer = io.StringIO(newline="")
        self._csv = csv.writer(self._buffer)
        self._buffer.write(_BOM)
        self._csv.writerow([column.name for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        for row in rows:
            cells = (cell(value, kind) for value, kind in zip(row, self._kinds, strict=True))
            self._csv.writerow([harmless(text) if isinstance(text, str) else text for text in cells])
        self.close()

    def close(self) -> None:
        """Write what is held back."""
        self._stream.write(self._buffer.getvalue().encode())
        self._buffer.seek(0)
        self._buffer.truncate()

    def abandon(self) -> None:
        """Nothing is held open."""


# The writer of Parquet files: columns with their types, a row group a batch.

_TEXT = pa.string()
_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: _TEXT,
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.TIME: pa.timestamp("ms", tz="UTC"),
    Kind.DAY: pa.date32(),
    Kind.TEXTS: pa.list_(_TEXT),
    Kind.INTEGERS: pa.list_(pa.int64()),
    Kind.IMAGES: pa.list_(pa.struct([("url", _TEXT), ("caption", _TEXT)])),
    Kind.ATTACHMENTS: pa.list_(pa.struct([("url", _TEXT), ("name", _TEXT)])),
    Kind.TABLES: pa.list_(pa.struct([("caption", _TEXT), ("rows", pa.list_(pa.list_(_TEXT)))])),
    # Its keys differ from article to article.
    Kind.RULES: _TEXT,
}
_GROUP_ROWS = 5000
"""Some 15 MB of articles: what is held in memory, and what a reader has to decompress for one row."""


class Parquet:
    """Parquet, compressed with zstd; the meaning of each column is in its metadata (`description`)."""

    notes: tuple[str, ...] = ()

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        self._kinds = [column.kind for column in columns]
        self._schema = pa.schema(
            [pa.field(column.name, _TYPES[column.kind], metadata={"description": column.meaning}) for column in columns]
        )
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")
        self._waiting: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        self._waiting += rows
        if len(self._waiting) >= _GROUP_ROWS:
            self._write_group()

    def close(self) -> None:
        """Write what is held back, and the footer without which the file is none."""
        if self._waiting:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        """Forget what is held back."""
        self._waiting = []

    def _write_group(self) -> None:
        arrays = [
            pa.array(_plain(values, kind), _TYPES[kind])
            for values, kind in zip(zip(*self._waiting, strict=True), self._kinds, strict=True)
        ]
        self._waiting = []
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))


def _plain(values: Sequence[Any], kind: Kind) -> Sequence[Any]:
    return [value and to_json(value) for value in values] if kind is Kind.RULES else values


# The writer of Excel workbooks, row by row in constant memory.

SHEET_ROWS = 1_048_576
"""What Excel takes on one sheet, the header included."""
CELL_UNITS = 32_767
"""What Excel takes in one cell, in UTF-16 code units."""
_FIRST_YEAR = 1900
_CUT = "… [cut]"
_WIDE, _NARROW = 48, 14


class Xlsx:
    """A workbook: a sheet `articles`, further ones once it is full; a cell that Excel couldn't hold is cut and marked.
    Times are Beijing time, as Excel knows no zones. Texts are never formulas, not even when somebody edits the cell."""

    def __init__(
        self, stream: BinaryIO, columns: Sequence[Column], directory: Path, sheet_rows: int = SHEET_ROWS
    ) -> None:
        """`directory` takes the temporary files."""
        self._columns = columns
        self._sheet_rows = sheet_rows
        self._book = Workbook(stream, {"constant_memory": True, "tmpdir": str(directory)})
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._cut = 0
        self._sheets = 0
        self._sheet = self._new_sheet()

    @property
    def notes(self) -> tuple[str, ...]:
        """What didn't fit into a workbook as it is, one sentence each."""
        notes = []
        if self._cut:
            rule = f"Excel takes {CELL_UNITS:,} characters in a cell; longer ones were cut and end in “{_CUT}”"
            notes.append(f"{rule}: {self._cut}.")
        if self._sheets > 1:
            notes.append(f"The rows are on {self._sheets} sheets: Excel takes {self._sheet_rows:,} on one.")
        return tuple(notes)

    def write(self, rows: Sequence[Row]) -> None:
        """Append `rows`."""
        for row in rows:
            if self._next >= self._sheet_rows:
                self._sheet = self._new_sheet()
            for number, (value, column) in enumerate(zip(row, self._columns, strict=True)):
                self._write_cell(number, value, column.kind)
            self._next += 1

    def close(self) -> None:
        """Write the file: until now there are only temporary ones."""
        try:
            self._book.close()
        except FileCreateError as error:
            # The library hides what the system said.
            raise error.args[0] from error

    def abandon(self) -> None:
        """Close the temporary files, which may be what the disk had no room for."""
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet.row_data_fh.close()

    def _new_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._book.add_worksheet("articles" if self._sheets == 1 else f"articles {self._sheets}")
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._columns):
            sheet.set_column(number, number, _WIDE if column.name in {"title", "body", "url"} else _NARROW)
            sheet.write_string(0, number, column.name, self._bold)
        self._next = 1
        return sheet

    def _write_cell(self, number: int, value: Any, kind: Kind) -> None:
        if isinstance(value, date) and value.year >= _FIRST_YEAR:
            local = value.astimezone(BEIJING).replace(tzinfo=None) if isinstance(value, datetime) else value
            self._sheet.write_datetime(self._next, number, local, self._time if kind is Kind.TIME else self._day)
            return
        shown = iso(value) if isinstance(value, date) else cell(value, kind)
        if isinstance(shown, str):
            if shown:
                text = self._fitting(shown)
                self._sheet.write_string(self._next, number, text, self._quoted if is_formula(text) else None)
        elif shown is not None:
            self._sheet.write_number(self._next, number, shown)

    def _fitting(self, text: str) -> str:
        if len(text) * 2 <= CELL_UNITS or len(text.encode("utf-16-le")) <= CELL_UNITS * 2:
            return text
        self._cut += 1
        room = (CELL_UNITS - len(_CUT)) * 2
        return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT
