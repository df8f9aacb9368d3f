"""Which column of a table holds which field: by the words of its head, and by what its cells are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from crawler.samples.cells import has_digit, is_blank, kinds_of, read_head_unit
from crawler.samples.lexicon import Head, fold_head, is_analyte, pack_order, read_head

_PARTIAL = frozenset(("名称", "地址", "所在地", "所在省", "省份", "单位", "日期", "编号", "结果", "值", "电话"))
_STRONG_SAMPLED = re.compile(r"被抽|被检|被采|受检|抽样|采样|抽检")
_STRONG_MAKER = re.compile(r"标[称示识]")
_MAIN_CATEGORY = re.compile(r"大类|^分类|食品分类|^类别|食品类别|产品类别")
MAX_COLUMNS = 200


@dataclass(slots=True)
class TableColumn:
    """A column: its place, its head as printed, the field it holds (None if unknown) and, for columns about what was
    measured, the unit of the head and the number of the group (项目1, 结果1, …)."""

    place: int
    head: str
    field: str | None = None
    failing: bool = False
    unit: str | None = None
    group: int = 0
    order: tuple[str, ...] = ()


@dataclass(slots=True)
class TableLayout:
    """The columns of one table under one head, and what they are evidence of."""

    columns: list[TableColumn]
    by_field: dict[str, TableColumn] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Whether a column holds one of the fields."""
        return any(name in self.by_field for name in names)

    @property
    def measured(self) -> list[TableColumn]:
        """The columns about what was measured, in order of place."""
        return [
            each for each in self.columns if each.field in {"item", "_tested", "result", "limit", "_pack", "_analyte"}
        ]

    @property
    def says_sampled(self) -> bool:
        """Whether the heads themselves are those of a sampling table (被抽样单位, 标称生产企业)."""
        return any(
            (each.field in {"sampled_unit", "sampled_address"} and _STRONG_SAMPLED.search(each.head))
            or (each.field in {"producer", "producer_address"} and _STRONG_MAKER.search(each.head))
            for each in self.columns
        )


def find_layout(heads: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> TableLayout:
    """The layout of a table: `heads` are the texts of each column's head, top to bottom; `rows` its data rows."""
    columns = []
    for place, parts in enumerate(heads[:MAX_COLUMNS]):
        values = [row[place] for row in rows if place < len(row) and not is_blank(row[place])]
        columns.append(_read_column(place, parts, values))
    _resolve_addresses(columns, rows)
    _resolve_items(columns)
    layout = TableLayout(columns)
    _drop_far_addresses(columns)
    for column in columns:
        if column.field and not (
            column.field in layout.by_field and not _is_better(column, layout.by_field[column.field])
        ):
            layout.by_field[column.field] = column
    if "product" not in layout.by_field and (category := _finest_category(columns)):
        category.field = "product"
        layout.by_field["product"] = category
        others = [each for each in columns if each.field == "category"]
        layout.by_field.pop("category", None)
        if others:
            layout.by_field["category"] = others[0]
    return layout


def _read_column(place: int, parts: Sequence[str], values: Sequence[str]) -> TableColumn:
    text = "".join(dict.fromkeys(parts))
    column = TableColumn(place, text, unit=read_head_unit(parts[-1]) if parts else None)
    head = read_parts(parts)
    if _share(values, "packed") >= 0.5 and (head is None or head.field in _MEASURES):
        column.field = "_pack"
        column.order = pack_order(text)
        column.failing = bool(head and head.failing) or "不合格" in text
        return column
    if head is None:
        if values and parts and is_analyte(parts[-1]) and _share(values, "amount", "verdict", "limit") >= 0.6:
            column.field = "_analyte"
            column.unit = column.unit or next(filter(None, (read_head_unit(part) for part in parts)), None)
        return column
    column.field = _by_cells(head, values, text)
    if column.field == "_pack" and "item" in pack_order(text) and values and not any(map(has_digit, values)):
        # 不合格项目及结果 above names alone.
        column.field = "item"
    column.failing = head.failing or (column.field in {"_pack", "item"} and "不合格" in text)
    if column.field == "_pack":
        column.order = pack_order(text)
    return column


_MEASURES = frozenset(("item", "_tested", "result", "limit", "_pack", "verdict", "_recheck", "category"))


def read_parts(parts: Sequence[str]) -> Head | None:
    """What the head of a column says whose cells, top to bottom, are `parts`: 被抽样单位 above 名称."""
    own = [part for part in dict.fromkeys(parts) if part]
    if not own:
        return None
    if len(own) > 1 and fold_head(own[-1]) in _PARTIAL:
        return read_head("".join(own)) or read_head(own[-1])
    if (head := read_head(own[-1])) or len(own) == 1 or is_analyte(own[-1]):
        return head
    return read_head("".join(own))


def _by_cells(head: Head, values: Sequence[str], text: str) -> str | None:
    """The field a head names, corrected by what the cells are."""
    if not values or head.cells is None:
        return head.field
    shows = _share(values, head.cells) >= 0.5
    if head.then:
        return head.then if shows else head.field
    if shows:
        if head.field == "result" and _share(values, "verdict") >= 0.8:
            return "verdict"
        return head.field
    if head.field == "verdict":
        amounts = _share(values, "amount", "limit") >= 0.5 or sum(map(has_digit, values)) * 2 >= len(values)
        return head.otherwise if amounts else head.field
    if head.field == "result":
        return head.otherwise if head.otherwise and _share(values, head.otherwise) >= 0.8 else head.field
    if head.field == "date" and fold_head(text).startswith("生产") and not re.search("日|批", text):
        if _share(values, "company", "trader") >= 0.5:
            return "producer"
        return "producer_address" if _share(values, "address") >= 0.5 else head.field
    return head.field


def _share(values: Sequence[str], *kinds: str) -> float:
    """The share of cells that are of one of `kinds`."""
    if not values:
        return 0.0
    seen = values[:200]
    return sum(1 for value in seen if not kinds_of(value).isdisjoint(kinds)) / len(seen)


def _resolve_addresses(columns: list[TableColumn], rows: Sequence[Sequence[str]]) -> None:
    """A column of places or of a second unit that holds whole addresses is the address, if none is there."""
    for subject, unit in (("sampled", "sampled_unit"), ("producer", "producer")):
        address = f"{subject}_address"
        if any(each.field == address for each in columns):
            continue
        units = [each for each in columns if each.field == unit]
        if len(units) > 1 and (placed := [each for each in units if re.search("地点|地$", fold_head(each.head))]):
            placed[-1].field = address
            continue
        for column in [*(each for each in columns if each.field == f"{subject}_place"), *units[1:], *units[:1]]:
            values = [row[column.place] for row in rows if not is_blank(row[column.place])]
            if _share(values, "address") >= 0.6 and _share(values, "company", "trader") < 0.4:
                column.field = address
                break


def _drop_far_addresses(columns: list[TableColumn]) -> None:
    """Of several columns with one kind of address, the one right of its unit counts: the others are not sure."""
    for subject, unit in (("sampled", "sampled_unit"), ("producer", "producer")):
        own = [each for each in columns if each.field == f"{subject}_address"]
        beside = [each for each in own if each.place and columns[each.place - 1].field == unit]
        if len(own) > 1 and beside:
            for each in own:
                each.field = each.field if each is beside[0] else None


def _resolve_items(columns: list[TableColumn]) -> None:
    """Columns about what was measured put in groups; 检验项目 beside 不合格项目 is what was tested, and left out."""
    failed = any(each.field in {"item", "_pack"} for each in columns)
    for each in columns:
        if failed and each.field == "_tested" and each.place:
            each.field = "_tested_only"
    names = [each for each in columns if each.field in {"item", "_tested"}]
    if len(names) > 1:
        for field_name in ("result", "limit"):
            own = [each for each in columns if each.field == field_name]
            _number(own if len(own) == len(names) else [])
        _number(names)


def _number(columns: Sequence[TableColumn]) -> None:
    for group, each in enumerate(columns):
        each.group = group


def _is_better(column: TableColumn, other: TableColumn) -> bool:
    """Whether of two columns with one field the second to come is the one to take."""
    if column.field == "category":
        return bool(_MAIN_CATEGORY.search(fold_head(column.head))) and not _MAIN_CATEGORY.search(fold_head(other.head))
    if column.field == "date":
        return "生产" in column.head and "生产" not in other.head
    if column.field in {"sampled_unit", "sampled_address"}:
        return bool(_STRONG_SAMPLED.search(column.head)) and not _STRONG_SAMPLED.search(other.head)
    if column.field in {"producer", "producer_address"}:
        return "生产" in column.head and "生产" not in other.head
    return False


def _finest_category(columns: Sequence[TableColumn]) -> TableColumn | None:
    """The column of the finest class of food, which names the product where no column 食品名称 does."""
    found = [each for each in columns if each.field == "category" and re.search("品种|明细|细类", each.head)]
    return found[-1] if found else None
