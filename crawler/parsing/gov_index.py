"""The index table of open-government pages (政府信息公开): 索引号, 发文字号, 发布机构, 成文日期, 发布日期, 主题分类."""

from __future__ import annotations

import re

from crawler.parsing.outline import Line, Outline

_NAMES = {
    "索引号": "index_number",
    "索引": "index_number",
    "索取号": "index_number",
    "发文字号": "document_number",
    "文号": "document_number",
    "文件编号": "document_number",
    "发布机构": "issuer",
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
}
KEPT = ("index_number", "document_number", "issuer", "written_on", "published_on", "topic")
_LABEL = re.compile(
    r"[\[【]?\s*("
    + "|".join(r"\s{0,4}".join(name) for name in sorted(_NAMES, key=len, reverse=True))
    + r")\s*[\]】]?\s*(?P<colon>[:：])?\s*"
)
_LONGEST = 120
_SPAN = 40


def read_gov_index(outline: Outline, start: int = 0) -> tuple[dict[str, str], tuple[int, int]] | None:
    """`(fields, (start, end))`: the index table's fields as the page prints them and its lines; None where the page
    has none. A table counts where it names an 索引号 and at least two more of its labels."""
    lines = outline.lines
    first = next((i for i in range(start, len(lines)) if _opens(lines[i])), None)
    if first is None:
        return None
    found: dict[str, str] = {}
    labels, index, end = 0, max(start, first - 4), first
    while index < min(len(lines), first + _SPAN):
        taken = _pairs(lines, index)
        for name, value in taken[0]:
            labels += 1
            if value:
                found.setdefault(name, value)
        if taken[0]:
            end = taken[1]
        elif index > end + 2:
            break
        index = taken[1]
    if labels < 3:
        return None
    return {name: found[name] for name in KEPT if name in found}, (first, end)


def _opens(line: Line) -> bool:
    found = _LABEL.match(line.text) if len(line.text) <= 400 else None
    return found is not None and _name(found) == "index_number"


def _name(found: re.Match[str]) -> str:
    return _NAMES[re.sub(r"\s", "", found[1])]


def _pairs(lines: list[Line], index: int) -> tuple[list[tuple[str, str]], int]:
    """The labelled values that begin on one line, and the next line to read."""
    text = lines[index].text
    starts = [m for m in _LABEL.finditer(text) if m.start() == 0 or m["colon"]]
    if not starts or starts[0].start() != 0 or len(text) > 400:
        return [], index + 1
    if len(starts) == 1 and starts[0].end() == len(text):
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        if len(following) > _LONGEST or _LABEL.match(following):
            return [(_name(starts[0]), "")], index + 1
        return [(_name(starts[0]), following.strip("：: "))], index + 2
    if not starts[0]["colon"] and starts[0].end() == len(starts[0][0].rstrip()):
        return [], index + 1
    ends = [m.start() for m in starts[1:]] + [len(text)]
    return [(_name(m), text[m.end() : end].strip(" ；;|")[:_LONGEST]) for m, end in zip(starts, ends, strict=True)], index + 1
