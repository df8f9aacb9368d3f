"""The index table of open-government pages (政府信息公开): 索引号, 发文字号, 发布机构, 成文日期, 发布日期, 主题分类."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from crawler.parsing.content import read_rows
from crawler.parsing.page_lines import Line, PageLines

_NAMES = {
    "索引号": "index_number",
    "索引": "index_number",
    "索取号": "index_number",
    "发文字号": "document_number",
    "文号": "document_number",
    "文件编号": "document_number",
    "发布机构": "issuer",
    "发布机关": "issuer",
    "发文机关": "issuer",
    "发文机构": "issuer",
    "发文单位": "issuer",
    "发布单位": "issuer",
    "责任部门": "issuer",
    "公开责任部门": "issuer",
    "制发机关": "issuer",
    "信息来源": "source",
    "成文日期": "written_on",
    "发文日期": "written_on",
    "成文时间": "written_on",
    "发布日期": "published_on",
    "公开日期": "published_on",
    "发布时间": "published_on",
    "生成日期": "published_on",
    "主题分类": "topic",
    "分类": "topic",
    "信息分类": "topic",
    "所属主题": "topic",
    "公开方式": "manner",
    "公开时限": "term",
    "公开范围": "scope",
    "公开形式": "manner",
    "有效性": "validity",
    "时效": "validity",
    "关键词": "keywords",
    "主题词": "keywords",
    "名称": "name",
    "信息名称": "name",
    "标题": "name",
    "体裁分类": "genre",
    "服务对象": "audience",
    "统一编号": "registration",
    "实施日期": "effective_on",
    "施行日期": "effective_on",
    "生效日期": "effective_on",
    "失效日期": "expires_on",
    "废止日期": "expires_on",
    "文件状态": "validity",
}
FIELDS = ("index_number", "document_number", "issuer", "written_on", "published_on", "topic")
_LABEL = re.compile(
    r"[\[【]?\s*("
    + "|".join(r"\s{0,4}".join(name) for name in sorted(_NAMES, key=len, reverse=True))
    + r")\s*[\]】]?\s*(?P<colon>[:：])?\s*"
)
_OPENINGS = ("索", "[", "【")
"""The first characters of the label of an 索引号."""
_ISSUERS = tuple(name for name, meaning in _NAMES.items() if meaning == "issuer")
_MAX_VALUE_LENGTH = 120
_MAX_LINES = 40


def read_gov_index(page_lines: PageLines) -> dict[str, str] | None:
    """Return the fields of the index table as the page prints them; None if the page has none.

    A table counts if it has an 索引号 and at least two more of the known labels.
    """
    lines = page_lines.lines
    first = next((i for i, line in enumerate(lines) if line.text.startswith(_OPENINGS) and _opens(line.text)), None)
    if first is None:
        return None
    found = _from_grid(page_lines, lines[first]) or _from_lines(lines, first)
    if found is None or "index_number" not in found:
        return None
    return {name: found[name] for name in FIELDS if found.get(name)}


def read_issuer(page_lines: PageLines) -> str | None:
    """Return the office in a table of at least three known labels, also if it has no 索引号; else None."""
    lines = page_lines.lines
    for index, line in enumerate(lines):
        if (
            line.text.startswith(_ISSUERS)
            and len(line.text) <= _MAX_VALUE_LENGTH
            and (found := _LABEL.match(line.text))
        ):
            fields = _from_lines(lines, index) if _name(found) == "issuer" else None
            if fields and fields.get("issuer"):
                return fields["issuer"]
    return None


def _from_grid(page_lines: PageLines, line: Line) -> dict[str, str] | None:
    """Return the fields of a table whose first row holds the labels and whose second the values."""
    table = next(line.node.iterancestors("table"), None)
    rows = read_rows(page_lines, table) if table is not None else []
    if len(rows) < 2 or len(rows[0]) < 3:
        return None
    labels = [_LABEL.fullmatch(cell) for cell in rows[0]]
    if sum(label is not None for label in labels) < 3 or _LABEL.fullmatch(rows[1][0] if rows[1] else ""):
        return None
    return {_name(label): value for label, value in zip(labels, rows[1], strict=False) if label and value}


def _from_lines(lines: list[Line], first: int) -> dict[str, str] | None:
    """Return the fields of a table or list that prints each label before its value."""
    found: dict[str, str] = {}
    index, end, labels = max(0, first - 4), first, 0
    while index < min(len(lines), first + _MAX_LINES):
        pairs, following = _pairs(lines, index)
        labels += len(pairs)
        for name, value in pairs:
            if value:
                found.setdefault(name, value)
        if pairs:
            end = following
        elif index > end + 2:
            break
        index = following
    return found if labels >= 3 else None


def _opens(text: str) -> bool:
    found = _LABEL.match(text) if len(text) <= 400 else None
    return found is not None and _name(found) == "index_number"


def _name(found: re.Match[str]) -> str:
    return _NAMES[re.sub(r"\s", "", found[1])]


def _pairs(lines: list[Line], index: int) -> tuple[list[tuple[str, str]], int]:
    """Return the labelled values that begin on one line, and the next line to read."""
    text = lines[index].text
    starts = [m for m in _LABEL.finditer(text) if m.start() == 0 or m["colon"]]
    if not starts or starts[0].start() != 0 or len(text) > 400:
        return [], index + 1
    if len(starts) == 1 and starts[0].end() == len(text):
        if index + 1 == len(lines):
            return [(_name(starts[0]), "")], index + 1
        following = lines[index + 1].text
        if (
            len(following) > _MAX_VALUE_LENGTH
            or _LABEL.match(following)
            or not _beside(lines[index].node, lines[index + 1].node)
        ):
            return [(_name(starts[0]), "")], index + 1
        return [(_name(starts[0]), following.strip("：: "))], index + 2
    if not starts[0]["colon"] and starts[0].end() == len(starts[0][0].rstrip()):
        return [], index + 1
    ends = [m.start() for m in starts[1:]] + [len(text)]
    return [(_name(m), _value(text[m.end() : end])) for m, end in zip(starts, ends, strict=True)], index + 1


def _beside(label: HtmlElement, value: HtmlElement) -> bool:
    """Return whether a value is in the cell next to its label's cell, if the label is in a cell."""
    cell = _cell(label)
    return cell is None or cell.getnext() is _cell(value)


def _cell(node: HtmlElement) -> HtmlElement | None:
    return node if node.tag in {"td", "th"} else next(node.iterancestors("td", "th"), None)


def _value(text: str) -> str:
    return re.split(r"\s{2,}|\s*(?:浏览|访问|阅读|点击|字体|来源)", text.strip(" ；;|"), maxsplit=1)[0][
        :_MAX_VALUE_LENGTH
    ]
