"""What a sample was tested for: the names, results and limits that one or several cells hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.items import SampleItem
from crawler.samples.cells import clean_cell, is_blank, one_line, read_amount, read_verdict
from crawler.samples.lexicon import is_analyte

MAX_ITEMS = 400
"""Of one sample: the longest tested list a person would print is far shorter."""
_SIGN = re.compile(r"\s*(?:║|‖|\|{1,2}|丨|┃|∥|¦|｜{1,2})\s*")
# A slash parts unless it stands within a unit.
_SLASH = re.compile(r"\s*/\s*(?!\s*(?:kg|g|l|ml|m³|m3|cm|dm|d|h|\d+\s?(?:g|ml|l|cm)|瓶|袋|kj|片)(?![a-z]))", re.I)
_LABEL = re.compile(
    r"^(?:(?P<item>(?:不合格|检[验测])*(?:项目|指标)(?:名称)?)|(?P<result>(?:检[验测出]|实[测检])*结{0,2}(?:结果|值|果))"
    r"|(?P<limit>(?:国家)?标准(?:值|限量|要求|规定|限值)?|限量(?:值)?))(?:\s+|\s*[:：]\s*)(?=\S)"
    # A blank that fell on the end of a printed line is lost.
    r"|^(?:(?P<item2>不合格项目)|(?P<result2>检[验测]结{1,2}果|检[验测]值|实测值)|(?P<limit2>标准值|标准限量))(?=\S)"
)
_NUMBERING = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）.、．]|[①-⑳])\s*(?=[\u3400-\u9fffα-ω])")
_SURE_LIMIT = re.compile(r"^\s*(?:[≤≥≦≧⩽⩾]|不得|不应|不允许|n\s*=\s*\d)|±|^[\d.]+\s*[~～—-]\s*[\d.]+")
_LIMIT_THEN_NAME = re.compile(
    r"^(?P<limit>\s*(?:[≤≥<>≦≧＜＞]?\s*[\d.]+(?:\s*[×x]\s*10[⁰¹²³⁴⁵⁶⁷⁸⁹]*)?\s*(?:[a-zA-Zμµ%℃·/]|100(?=g|mL)|25(?=g|mL))*|不得检出|不得使用|不应检出|/|—+|-+)"
    r"(?:[(（][^()（）]*[)）])?)\s*[;；,，、。]?\s*(?P<name>[\u3400-\u9fff（(α-ω].*)$",
    re.S,
)
_LIST = re.compile(r"[;；、\n]|(?<!\d)[,，]|[,，](?!\d)")
_SEMICOLON = re.compile(r"[;；\n]")
_OPEN, _CLOSE = "（([【", "）)]】"
_STATED = re.compile(
    r"^(?P<name>[^:：,，;；(（]{1,30}?)[\s,，:：(（]*(?:"
    r"(?:检[验测]|实[测检]|检出)(?:结果|值)?(?:为|[:：])?\s*(?P<r1>[^,，;；()（）标]+?)[\s,，;；]*(?:标准|限量|最大)(?:值|限量|规定|要求|残留限量)*(?:为|[:：])?\s*(?P<l1>[^,，;；()（）]+)"
    r"|(?:标准|限量|最大)(?:值|限量|规定|要求|残留限量)*(?:为|[:：])?\s*(?P<l2>[^,，;；()（）检实]+?)[\s,，;；]*(?:检[验测]|实[测检]|检出)(?:结果|值)?(?:为|[:：])?\s*(?P<r2>[^,，;；()（）]+)"
    r")[)）。]*$"
)


def read_pack(cell: str, order: Sequence[str]) -> list[SampleItem] | None:
    """The items of a cell that packs name, result and limit (恩诺沙星║495μg/kg║≤100μg/kg), one or several; `order` is
    what its head announces. [] for a cell that says nothing, None for one that can't be divided with certainty."""
    cell = clean_cell(cell)
    if is_blank(cell) or read_verdict(cell):
        return []
    rows = _divide(cell, len(order) if len(order) in {2, 3} else 3)
    if rows is None:
        return None
    items = []
    for parts in rows[:MAX_ITEMS]:
        item = _assign(parts, order)
        if item is None:
            return None
        items.append(item)
    return items


def _divide(cell: str, width: int) -> list[list[str]] | None:
    """The cell as one row of parts for each item."""
    lines = [line for line in cell.split("\n") if line.strip()]
    counts = {len(_SIGN.findall(line)) for line in lines}
    if len(lines) > 1 and len(counts) == 1 and counts & {1, 2}:
        return [_SIGN.split(line.strip()) for line in lines]
    pieces = [piece for piece in _SEMICOLON.sub("\x00", cell).split("\x00") if piece.strip()]
    if len(pieces) > 1 and all(len(_SIGN.findall(piece)) == 2 for piece in pieces):
        return [_SIGN.split(piece.strip()) for piece in pieces]
    if not _SIGN.search(cell):
        return _divide_unsigned(cell, width)
    tokens = _SIGN.split(cell)
    for size in dict.fromkeys((width, 3, 2)):
        if (len(tokens) - 1) % (size - 1) == 0 and (rows := _divide_tokens(tokens, size)):
            return rows
    return None


def _divide_unsigned(cell: str, width: int) -> list[list[str]] | None:
    flat = one_line(cell)
    if match := _STATED.match(flat):
        return [[match["name"], match["r1"] or match["r2"], match["l1"] or match["l2"]]]
    parts = _SLASH.split(flat)
    if len(parts) == width and len(parts) > 1:
        return [parts]
    names = split_names(cell)
    return [[name] for name in names] if all(map(_is_name, names)) else None


def _divide_tokens(tokens: list[str], size: int) -> list[list[str]] | None:
    """Tokens of several items whose last and first parts stand in one token: `≤0.5mg/kg 噻虫胺`."""
    rows: list[list[str]] = []
    row = [tokens[0]]
    for place, token in enumerate(tokens[1:], 1):
        if place % (size - 1) or place == len(tokens) - 1:
            row.append(token)
            continue
        split = _split_boundary(token)
        if split is None:
            return None
        row.append(split[0])
        rows.append(row)
        row = [split[1]]
    return [*rows, row]


def _split_boundary(token: str) -> tuple[str, str] | None:
    lines = token.split("\n")
    # Of several lines, those that begin the next name are the fewest that leave a whole limit above.
    for at in range(len(lines) - 1, 0, -1):
        above, below = "".join(lines[:at]).strip(" ;；,，、"), "".join(lines[at:]).strip()
        if _is_name(below) and (is_analyte(below) or at == 1) and above:
            return above, below
    if match := _LIMIT_THEN_NAME.match(one_line(token)):
        return match["limit"].strip(" ;；,，、"), match["name"]
    return None


def _is_name(text: str) -> bool:
    """Whether a text can name what was measured: letters, no amount."""
    text = _NUMBERING.sub("", text.strip())
    return (
        0 < len(text) <= 60
        and not re.match(r"[\d.<>≤≥＜＞]+(?:\D{0,3}$|[^\d,\-]*/)|[<>≤≥＜＞]", text)
        and bool(re.search(r"[\u3400-\u9fffA-Za-zα-ω]", text))
    )


def _assign(parts: list[str], order: Sequence[str]) -> SampleItem | None:
    """One item from its parts. Labels within the cell and the form of a limit outweigh the order in the head."""
    found: dict[str, str] = {}
    left = []
    for part in parts:
        text = one_line(part).strip(" ;；")
        if match := _LABEL.match(text):
            kind = (match.lastgroup or "item").removesuffix("2")
            found.setdefault(kind, text[match.end() :].strip())
        else:
            left.append(text)
    if left and "item" not in found:
        place = order.index("item") if "item" in order and len(left) == len(order) == 3 else 0
        if not _is_name(left[place]):
            place = next((at for at, text in enumerate(left) if _is_name(text)), -1)
            if place < 0:
                return None
        found["item"] = left.pop(place)
    rest = [name for name in (order or ("result", "limit")) if name != "item" and name not in found] or [
        "result",
        "limit",
    ]
    if len(left) == 2 and len(rest) < 2:
        rest = ["result", "limit"]
    if len(left) > 2:
        return None
    if len(left) == 1 and len(rest) == 2 and _SURE_LIMIT.search(left[0]):
        rest = ["limit"]
    found.update(zip(rest, left, strict=False))
    result, limit = found.get("result"), found.get("limit")
    if result and limit and _SURE_LIMIT.search(result) and not _SURE_LIMIT.search(limit) and not is_blank(limit):
        result, limit = limit, result
    name = found.get("item", "")
    return make_item(name, result, limit) if _is_name(name) else None


def split_names(cell: str) -> list[str]:
    """The names a cell lists, apart at commas, 、, semicolons and line breaks outside brackets. A line break parts only
    names that can stand alone; elsewhere it is a wrap within a name."""
    cell = clean_cell(cell)
    lines = cell.split("\n")
    if len(lines) > 1 and not all(is_analyte(_NUMBERING.sub("", line).strip(" ,，、;；")) for line in lines):
        cell = one_line(cell)
    names = [_NUMBERING.sub("", name).strip(" .。:：") for name in _split_outside(cell, _LIST)]
    parted: list[str] = []
    for name in names:
        words = re.split(r"\s+|/", name)
        parted += words if len(words) > 1 and all(map(is_analyte, words)) else [name]
    return [name for name in parted if name and not is_blank(name)][:MAX_ITEMS]


def split_values(cell: str, count: int) -> list[str] | None:
    """The `count` values a cell lists beside `count` names; None if it lists another number of them."""
    cell = clean_cell(cell)
    if count == 1:
        return [one_line(cell)]
    for separator in (
        re.compile(r"\n"),
        re.compile(r"[;；]"),
        re.compile(r"[、]"),
        re.compile(r"[,，]"),
        re.compile(r"\s+"),
        _SLASH,
    ):
        values = [_NUMBERING.sub("", one_line(value)).strip() for value in _split_outside(cell, separator)]
        values = [value for value in values if value]
        if len(values) == count:
            return values
    return None


def _split_outside(text: str, separator: re.Pattern[str]) -> list[str]:
    """`text` split where `separator` matches outside brackets."""
    depth, start, parts = 0, 0, []
    inside = []
    for character in text:
        depth = max(0, depth + (character in _OPEN) - (character in _CLOSE))
        inside.append(depth > 0)
    for match in separator.finditer(text):
        if not inside[match.start()]:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def make_item(name: str, result: str | None, limit: str | None, unit: str | None = None) -> SampleItem:
    """An item from texts as printed, with the numbers that are certain; `unit` is what the head of the column says."""
    result = None if result is None or is_blank(result) else one_line(result).strip()
    limit = None if limit is None or is_blank(limit) else one_line(limit).strip()
    value, stated = read_amount(result), read_amount(limit)
    return SampleItem(
        name=one_line(_NUMBERING.sub("", name)).strip(),
        result=result,
        value=value.value if value.operator is None else None,
        unit=value.unit or (unit if value.value is not None else None),
        limit=limit,
        operator=stated.operator,
        limit_value=stated.value,
    )
