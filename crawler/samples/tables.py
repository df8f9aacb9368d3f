"""Tables of sampling results to records: one Sample a sampled batch, and what was refused and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crawler.items import Sample, SampleItem
from crawler.samples.cells import DITTOS, is_blank, kinds_of, one_line, read_date, read_date_kind, read_verdict
from crawler.samples.columns import TableColumn, TableLayout, find_layout
from crawler.samples.grid import Block, Grid, find_blocks
from crawler.samples.lexicon import load
from crawler.samples.packs import make_item, read_pack, split_names, split_values

MAX_CELL = 2000
"""Characters of a cell that are kept."""
_TEXTS = (
    *("product", "brand", "specification", "category", "producer", "producer_address", "sampled_unit"),
    *("sampled_address", "shop", "platform", "laboratory", "sample_number", "notice_number", "task", "remarks"),
)
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff（(）)，。、]) +(?=[\u3400-\u9fff（(）)，。、])")
_DATE_GAP = re.compile(r"(?<=\d)\s+(?=\d)|(?<=[-/.年月])\s+|\s+(?=[-/.年月日])")
_TOTAL = re.compile(r"^\s*(?:合\s*计|总\s*计|小\s*计|共\s*计|总\s*数|平均)")
_NOTE = re.compile(r"^\s*(?:注|备注|说明|声明|附注)\s*[:：]")
_IDENTITY = ("product", "producer", "sampled_unit", "date", "specification", "brand", "sample_number")

# What a column must not hold. A cell that plainly is something else shows that the columns are shifted or misread.
_NEVER = frozenset(("packed", "date", "verdict", "limit"))
_FORBIDDEN: dict[str, frozenset[str]] = {
    "product": _NEVER | {"company", "trader", "authority", "address", "specification", "number", "analyte"},
    "producer": _NEVER | {"specification", "house", "number", "authority", "analyte"},
    "sampled_unit": _NEVER | {"specification", "house", "number", "category", "authority", "analyte"},
    "producer_address": _NEVER | {"specification", "company", "number", "authority", "analyte"},
    "sampled_address": _NEVER | {"specification", "company", "number", "authority", "analyte"},
    "specification": _NEVER | {"company", "address", "category", "authority", "analyte"},
    "brand": _NEVER | {"company", "address", "specification", "category", "authority", "analyte"},
    "date": _NEVER - {"date"} | {"company", "trader", "address", "category", "authority", "analyte"},
    "category": _NEVER | {"laboratory", "company", "address", "specification", "number", "authority", "analyte"},
    "laboratory": _NEVER | {"specification", "address", "category", "number", "amount", "authority", "analyte"},
    "task": _NEVER | {"specification", "category", "number", "analyte"},
    "item": _NEVER - {"verdict", "packed"}
    | {"company", "address", "specification", "laboratory", "number", "category"},
    "_pack": frozenset(("date", "company", "address", "specification", "laboratory", "number", "category")),
    "result": frozenset(("date", "company", "address", "laboratory", "packed", "category", "words")),
    "limit": frozenset(("date", "company", "address", "laboratory", "packed", "category", "words")),
    "verdict": _NEVER - {"verdict"} | {"company", "address", "specification", "category", "analyte"},
    "sample_number": _NEVER | {"company", "address", "specification", "category"},
    "notice_date": _NEVER - {"date"} | {"company", "address", "specification", "category"},
    "notice_number": frozenset(("company", "address", "packed", "verdict", "specification", "category")),
}
_SOFT = frozenset(("specification", "brand", "task", "date", "notice_date", "notice_number", "sample_number"))
"""Fields in which people write other things now and then: one such cell is left out and its row kept."""


@dataclass(slots=True)
class Reading:
    """What the tables of one page or file hold: the samples, and the rows and tables refused, counted by reason.

    Reasons: `no_product` (a row without a product), `shifted` (a row or table whose cells do not fit their columns),
    `unclear_items` (a cell of items that can't be divided: the row is kept without them), `misfit_cell` (a cell that
    does not fit its column: the row is kept without it), `not_samples` (a table that lists no samples).
    """

    samples: list[Sample] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: Reading) -> None:
        """Takes in what another reading found."""
        self.samples += other.samples
        self.refused += other.refused


def read_tables(grids: Sequence[Grid]) -> Reading:
    """The samples of all tables of a page or file, in order; `table` of each is the place of its grid."""
    reading = Reading()
    for number, grid in enumerate(grids):
        found = read_table(grid)
        for sample in found.samples:
            sample.table = number
        reading.add(found)
    return reading


def read_table(grid: Grid) -> Reading:
    """The samples of one table, in order of its rows."""
    reading = Reading()
    for block in find_blocks(grid):
        reading.add(_BlockReader(block, grid).read())
    return reading


class _BlockReader:
    """Reads the rows under one head."""

    def __init__(self, block: Block, grid: Grid) -> None:
        self.block = block
        self.rows = _resolve_rows(block, grid)
        self.layout = find_layout(block.heads, [row for _, row in self.rows])
        self.reading = Reading()
        self.date_kind = _kind_of_head(self.layout)

    def read(self) -> Reading:
        if not self.rows:
            return self.reading
        if not _lists_samples(self.layout, self.rows, self.block.headings):
            self.reading.refused["not_samples"] += 1
            return self.reading
        if _index_is_shifted(self.layout, self.rows):
            self.reading.refused["shifted"] += len(self.rows)
            return self.reading
        faults = {number: self._misfits(row) for number, row in self.rows}
        bad = sum(map(_is_shifted, faults.values()))
        if bad * 2 > len(self.rows):
            self.reading.refused["shifted"] += len(self.rows)
            return self.reading
        self._read_rows(faults)
        return self.reading

    def _read_rows(self, faults: dict[int, list[str]]) -> None:
        samples = self.reading.samples
        previous: list[str] | None = None
        for number, row in self.rows:
            found = faults[number]
            if _is_shifted(found):
                self.reading.refused["shifted"] += 1
                previous = None
                continue
            if previous is not None and self._continues(previous, row):
                self._add_items(samples[-1], row)
                continue
            sample = self._read_row(row, set(found))
            if sample is None:
                self.reading.refused["no_product"] += 1
                previous = None
                continue
            sample.row = number
            sample.verdict = self._verdict(row, sample, number)
            self.reading.refused.update({"misfit_cell": len(found)} if found else {})
            samples.append(sample)
            previous = row

    def _cell(self, row: Sequence[str], name: str) -> str:
        column = self.layout.by_field.get(name)
        return row[column.place] if column else ""

    def _misfits(self, row: Sequence[str]) -> list[str]:
        """The fields whose cells in `row` plainly are something else."""
        found = []
        for name, column in self.layout.by_field.items():
            forbidden = _FORBIDDEN.get(name)
            text = row[column.place]
            if forbidden is None or is_blank(text):
                continue
            if not _kinds_seen(name, text).isdisjoint(forbidden):
                found.append(name)
        return found

    def _continues(self, previous: Sequence[str], row: Sequence[str]) -> bool:
        """Whether a row only adds items to the sample of the row above it."""
        measured = {each.place for each in self.layout.measured}
        if not any(not is_blank(row[place]) for place in measured):
            return False
        index = self._cell(row, "_index")
        identity = [self.layout.by_field[name].place for name in _IDENTITY if name in self.layout.by_field]
        if not any(row[place] for place in identity) and not index:
            return True
        if any(row[place] != previous[place] for place in identity):
            return False
        if "_index" in self.layout.by_field:
            return index == self._cell(previous, "_index")
        # Without numbers, the same product of the same day in the same shop with another item is one sample.
        return all(not is_blank(self._cell(row, name)) for name in ("date", "sampled_unit")) and any(
            row[place] != previous[place] for place in measured
        )

    def _read_row(self, row: Sequence[str], misfits: set[str]) -> Sample | None:
        texts = {
            name: _text(self._cell(row, name))
            for name in _TEXTS
            if name in self.layout.by_field and name not in misfits
        }
        product = texts.pop("product", None)
        if not product:
            return None
        sample = Sample(product)
        for name, text in texts.items():
            setattr(sample, name, text)
        if "date" not in misfits:
            self._read_date(sample, self._cell(row, "date"))
        notice = self._cell(row, "notice_date")
        sample.notice_date = read_date(notice)
        self._add_items(sample, row)
        sample.cells = {
            each.head: row[each.place][:MAX_CELL] for each in self.layout.columns if each.head and row[each.place]
        }
        return sample

    def _read_date(self, sample: Sample, cell: str) -> None:
        if is_blank(cell):
            return
        sample.date_text = one_line(cell)[:MAX_CELL]
        sample.date = read_date(sample.date_text) or read_date(_DATE_GAP.sub("", sample.date_text))
        sample.date_kind = read_date_kind(cell) or (self.date_kind if sample.date else None)
        column = self.layout.by_field["date"]
        if sample.date is None and "批" in column.head:
            sample.batch = sample.date_text

    def _add_items(self, sample: Sample, row: Sequence[str]) -> None:
        """The items of a row, from packed cells, parallel columns and columns of one analyte each."""
        columns = self.layout.measured
        names: dict[int, list[str]] = {}
        for column in columns:
            cell = row[column.place]
            if (
                column.field == "_pack"
                and "item" not in column.order
                and any(each.field in {"item", "_tested"} for each in columns)
            ):
                continue
            if column.field == "_pack":
                items = read_pack(cell, column.order)
                if items is None:
                    self.reading.refused["unclear_items"] += 1
                sample.items += items or []
            elif column.field == "_analyte" and not is_blank(cell):
                sample.items.append(make_item(_analyte_name(column, self.block), cell, None, column.unit))
            elif column.field in {"item", "_tested"} and not is_blank(cell) and not read_verdict(cell):
                names[column.group] = split_names(cell)
        for group, listed in names.items():
            sample.items += self._parallel(row, group, listed)

    def _parallel(self, row: Sequence[str], group: int, names: Sequence[str]) -> list[SampleItem]:
        """The items whose names stand in one column and whose results and limits stand in others."""
        values: dict[str, list[str] | None] = {}
        unit = None
        for column in self.layout.measured:
            cell = row[column.place]
            if column.field in {"result", "limit"} and column.group == group:
                values.setdefault(column.field, split_values(cell, len(names)))
                unit = column.unit if column.field == "result" else unit
            elif column.field == "_pack" and len(names) == 1 and not is_blank(cell):
                packed = read_pack(
                    f"{names[0]}║{cell}" if "║" in cell else f"{names[0]}/{cell}", ("item", *column.order)
                )
                if packed and len(packed) == 1:
                    values["result"], values["limit"] = [packed[0].result or ""], [packed[0].limit or ""]
        empty = [""] * len(names)
        items = []
        for name, result, limit in zip(names, values.get("result") or empty, values.get("limit") or empty, strict=True):
            items.append(make_item(name, None if read_verdict(result) else result, limit, unit))
        if len(names) > 1 and None in values.values():
            self.reading.refused["unclear_items"] += 1
        return items

    def _verdict(self, row: Sequence[str], sample: Sample, number: int) -> str | None:
        """`pass` or `fail`: by the row's own word, else by items that failed, else by the nearest heading."""
        for name in ("verdict", "result", "item", "_pack"):
            if said := read_verdict(self._cell(row, name)):
                return said
        if sample.items and any(each.failing for each in self.layout.measured):
            return "fail"
        nearest = [self.block.sections[at] for at in sorted(self.block.sections, reverse=True) if at < number]
        return read_heading((*nearest, *self.block.headings))


def read_heading(headings: Sequence[str]) -> str | None:
    """`pass` or `fail` as the nearest heading with a verdict says; None if it names both, or none says."""
    lexicon = load()
    for text in headings:
        if lexicon.both.search(text):
            return None
        if lexicon.fail.search(text):
            return "fail"
        if lexicon.passed.search(text):
            return "pass"
    return None


def _resolve_rows(block: Block, grid: Grid) -> list[tuple[int, list[str]]]:
    """The data rows with ditto marks replaced by what stands above them, rows cut by a page end joined, and without
    totals and notes."""
    rows: list[tuple[int, list[str]]] = []
    for number, cells in block.rows:
        texts = [text for text in cells if text]
        if _TOTAL.match(texts[0]) or _NOTE.match(texts[0]):
            continue
        row = list(cells)
        if rows:
            above = rows[-1][1]
            row = [above[place] if text in DITTOS else text for place, text in enumerate(row)]
            if number in grid.page_starts and _is_rest(row, block):
                rows[-1] = (rows[-1][0], [before + text for before, text in zip(above, row, strict=True)])
                continue
        rows.append((number, row))
    return rows


def _is_rest(row: Sequence[str], block: Block) -> bool:
    """Whether the first row of a page is the rest of the last row of the page before: its number is missing."""
    layout = find_layout(block.heads, [])
    index = layout.by_field.get("_index")
    return index is not None and not row[index.place]


def _lists_samples(layout: TableLayout, rows: Sequence[tuple[int, list[str]]], headings: Sequence[str]) -> bool:
    """Whether a table lists sampled batches: not a plan, a summary of counts, a list of shops or of prices."""
    if not layout.has("product"):
        return False
    filled = {
        each.field for each in layout.columns if each.field and any(not is_blank(row[each.place]) for _, row in rows)
    }
    findings = filled & {"item", "_pack", "verdict", "result", "_analyte"}
    if "item" in findings and not any(each.failing for each in layout.columns if each.field == "item"):
        findings.discard("item")
    about = filled & {
        "producer",
        "sampled_unit",
        "date",
        "sample_number",
        "specification",
        "producer_address",
        "sampled_address",
    }
    if not findings and not about:
        return False
    if findings:
        return not ({"_price"} & filled and findings == {"_analyte"})
    if filled & {"_price", "_licence", "_count"}:
        return False
    lexicon = load()
    words = " ".join(headings[:3])
    if lexicon.decoy.search(words):
        return False
    return bool(
        layout.says_sampled
        or filled >= {"_tested", "date"}
        or "laboratory" in filled
        or "sample_number" in filled
        or re.search(r"抽[检样查]|合格|检[验测]", words)
    )


def _index_is_shifted(layout: TableLayout, rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Whether the column 序号 holds something else than numbers."""
    column = layout.by_field.get("_index")
    if column is None:
        return False
    values = [row[column.place] for _, row in rows if row[column.place]]
    numbers = sum(
        1
        for value in values
        if re.fullmatch(r"[(（]?\d{1,6}(?:\.0|[-.]\d{1,3})?[)）、.]?|[一二三四五六七八九十百]{1,4}", value)
    )
    return bool(values) and numbers * 2 < len(values)


def _is_shifted(misfits: Sequence[str]) -> bool:
    """Whether the cells of a row that do not fit their columns show that the row is shifted."""
    return len(misfits) >= 2 or not _SOFT.issuperset(misfits)


def _kinds_seen(name: str, text: str) -> set[str]:
    """The kinds of a cell as far as they count against the field `name`."""
    kinds = set(kinds_of(text))
    if adjust := _ADJUST.get(name):
        adjust(kinds, text)
    return kinds


def _unit_kinds(kinds: set[str], text: str) -> None:
    if "address" in kinds and re.search(r"(?:号|组|室|栋|幢|楼|弄)$", text):
        kinds.add("house")
    if "trader" in kinds:
        kinds.discard("specification")


def _product_kinds(kinds: set[str], text: str) -> None:
    if len(text) > 6:
        # 合格牌… is a name.
        kinds.discard("verdict")
    if len(text) < 6:
        kinds.discard("trader")
    if re.search(r"^[^\d/]{2,}", text):
        # 酱油500ml/瓶 is a name.
        kinds.discard("specification")


def _amount_kinds(kinds: set[str], text: str) -> None:
    plain = kinds.isdisjoint({"amount", "limit", "verdict"}) and re.fullmatch(r"[\u3400-\u9fff（）()、,，]{2,}", text)
    if plain and not _RESULT_WORDS.search(text):
        kinds.add("words")


def _specification_kinds(kinds: set[str], text: str) -> None:
    if re.search(r"[a-zA-Z克升袋瓶盒]", text):
        kinds.discard("date")


def _laboratory_kinds(kinds: set[str], text: str) -> None:
    if "laboratory" in kinds:
        kinds.intersection_update({"packed", "date"})


def _date_kinds(kinds: set[str], text: str) -> None:
    kinds.discard("specification")
    if "date" in kinds:
        kinds.intersection_update({"packed"})


def _item_kinds(kinds: set[str], text: str) -> None:
    if not re.match(r"\s*[≤≥<>＜＞n]", text):
        kinds.discard("limit")


_RESULT_WORDS = re.compile("符合|正常|异常|无|有|不|应|标[注签识]|规定|要求|允许|添加|使用|色|味|形|状|见|比")
_ADJUST: dict[str, Callable[[set[str], str], None]] = {
    "producer": _unit_kinds,
    "sampled_unit": _unit_kinds,
    "product": _product_kinds,
    "result": _amount_kinds,
    "limit": _amount_kinds,
    "specification": _specification_kinds,
    "laboratory": _laboratory_kinds,
    "date": _date_kinds,
    "item": _item_kinds,
}


def _text(cell: str) -> str | None:
    """A cell as the value of a text field: on one line, no blanks between Chinese characters; None for a blank one."""
    text = _HAN_GAP.sub("", one_line(cell)).strip()
    return None if is_blank(text) else text[:MAX_CELL]


def _kind_of_head(layout: TableLayout) -> str | None:
    """The kind of date that the head states by itself: 购进日期 alone is a day of purchase."""
    column = layout.by_field.get("date")
    if column is None or "生产" in column.head:
        return None
    return read_date_kind(column.head)


def _analyte_name(column: TableColumn, block: Block) -> str:
    """The analyte a column is about, without the unit that its head states beside it."""
    own = [part for part in block.heads[column.place] if part][-1]
    return (
        re.sub(r"[,，(（]\s*(?:单位[:：]?)?\s*(?:[a-zA-Zμµ%㎎㎏]+(?:/[\w.]+)?)\s*[)）]?\s*$", "", one_line(own)).strip()
        or own
    )
