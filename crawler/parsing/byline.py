"""Who published an article and when: read by label from the lines around its body.

A header prints date, 来源, 作者 and 编辑 in any order, with or without spaces; the tail of the body holds the credits
(`（记者 甲 乙）`, `责任编辑：丙`). The rules depend on the meaning of labels, never on class names or columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lxml.html import HtmlElement

from crawler.parsing.date_forms import plain_marks
from crawler.parsing.dates import DateReading, FoundDate, find_dates, label_rank, read_date
from crawler.parsing.line_kinds import ends_article, is_legal, opens_with_date
from crawler.parsing.page_lines import PageLines
from crawler.parsing.people import PLACE, author_credit, editor_credit
from crawler.parsing.titles import fold
from crawler.parsing.unlabelled import MEDIA
from crawler.text.restore import restore_fields

_BEFORE_SOURCE = (
    r"(?<!资料)(?<!图片)(?<!图文)(?<!数据)(?<!视频)(?<!照片)(?<!素材)(?<!封面)(?<!题图)(?<!资金)(?<!经费)(?<!收入)"
)
_SOURCE = re.compile(
    rf"{_BEFORE_SOURCE}(?P<label>(?:信息|文章|稿件|新闻|内容|作品|消息|原文|本文|来稿|转载|稿)?"
    r"(?:来|來)\s{0,8}源(?:\s{0,2}(?:于|自|单位|网站|媒体|部门))?|稿\s{0,4}[源件]|出\s{0,6}处|(?:转载?|转发|摘|来|选|引|综合)自|(?<![A-Za-z])Source(?=:))"
    r"\s{0,6}(?::\s{0,8}|\|[^\S\n]{0,4}|(?P<bare>))"
)
_ISSUER = re.compile(
    r"(?P<label>发布机[构关]|发文机[关构]|制发机关|发布单位|发文单位|发布部门|责任部门|公开主体|信息提供)\s{0,4}:\s{0,8}(?P<bare>)??"
)
_STOP = re.compile(
    r"\n|\s{2,}|\s?[|【】〖〗「」]|\s(?=\d)|(?=(?:19|20)\d\d\s?[-/.年]\s?\d{1,2})"
    r"|\s?(?=(?:(?:责任|责|值班|执行|网络)?编\s{0,6}辑|責任編輯|編輯|责编|(?:文章|稿件|本文)?作\s{0,6}者|记者|通讯员|供稿|撰稿|审核|校对|监制"
    r"|发布[者人]?|发稿|刊发"
    r"|字\s{0,4}[体号]|浏\s?览\w{0,2}|阅\s?读\w{0,2}|点\s?击\w{0,2}"
    r"|访\s?问\w{0,2}|评\s?论\w{0,1}|人气|分享[到至]?|打印|收藏)\s{0,4}:)"
    r"|\s?(?=(?:发布|发表|发稿|更新|刊发|录入)?(?:时\s{0,4}间|日\s{0,4}期)\s{0,4}[:\d]|(?:信息|文章|稿件|新闻)?来\s{0,4}源\s{0,4}:)"
    r"|\s?(?=(?:发布|发表|更新)于?\s{0,4}\d|字\s{0,4}[体号]\s{0,4}[\[(（大]|作者[\u4e00-\u9fff]{2,3}(?:\s|$)|责任编辑|责编|扫一扫)"
    r"|\s(?=(?:记者|通讯员|作者|编辑"
    r"|评论|参与|我要|大 中 小|打印|分享|收藏|关闭|浏览|阅读|点击|访问|手机|字[体号]|人气|发布|更新|时间|日期))"
    r"|\s(?=(?:Editor|Author|Time|Date):)|\s(?=[\u4e00-\u9fff]{2,6}\s{0,4}:)|\s(?=[(（]\s?\d)"
)
_OFFICE = re.compile(
    r"(?:局|委|办|厅|政府|办公室|委员会|街道|镇|乡|法院|检察院|(?<!融媒体)(?<!传媒)(?<!新闻)中心|大学|学院|医院|研究院|协会|学会|联合会|总队|支队|大队)$"
)
_DATED = re.compile(r"(?:\d[-/.]\d{1,2}|\d:\d{2}|[日时分秒])[\])]?\s{0,8}[(\[【|]?\s{0,8}$")
"""The end of a date, after which a header continues with its next label."""
_RELATIVE = re.compile(r"[前刚昨今周]|星期|礼拜|ago|now|day", re.I)
_MONTH = "[一二三四五六七八九十]{1,2}月"
_BLOG_DATE = re.compile(rf"(?<![\d年])(?:{_MONTH} ?\d{{1,2}},? |\d{{1,2}} {_MONTH},? )(?:19|20)\d\d(?!\d)")
"""三月 5, 2024 and 5 三月, 2024."""
_ADOPTED = re.compile(r"[^\n。；]{0,60}?(?:通过|批准|修订|修正|起施行|起实施|公布施行)")
"""What follows the date on which a law was adopted."""
_PARTS = re.compile(r"\n|\s{2,}|[|｜]")
_MAX_PARTS = 200
_MAX_DATE_LENGTH = 40
_MAX_DATE_PART = 10
_SENTENCE_ENDS = tuple("。！？”…）")
_MAX_NAME_LENGTH = 30
_MAX_PART_LENGTH = 8000
_NO_SOURCE = frozenset(["转载", "转载文章", "网络转载", "未知", "不详", "无", "暂无", "其他", "其它", "其他来源"])
PLACEHOLDERS = frozenset(
    [
        "本网",
        "本站",
        "本网站",
        "网络",
        "互联网",
        "网站",
        "原创",
        "本站原创",
        "本网原创",
        "本网讯",
        "本站讯",
        "网络整理",
        "综合",
    ]
)
"""Sources that name nobody: any labelled office is better."""
_LABEL_AS_VALUE = re.compile(r"[\u4e00-\u9fff]{2,6}\s?[:：]")
_CITY = re.compile(rf"[(（](?:{PLACE.pattern})[)）]$")
_OPEN, _CLOSE = "([{（［《〈", ")]}）］》〉"


@dataclass(frozen=True)
class Byline:
    """The date and names in the lines around a body. Unknown is None; authors are joined by a space, editors by `、`.

    `found_by` names the label of each field: `来源`, `责任编辑`, `记者`, `()` for a signature in brackets, "" for a
    date or source without a label. A date whose label ranks 3 (`label_rank`: 成文日期, 开始时间) is there only because
    the header has nothing better. `source_cut` is True if the page cuts the source with an ellipsis, so that another
    place may have all of it.
    """

    published: DateReading | None = None
    source: str | None = None
    author: str | None = None
    editor: str | None = None
    source_cut: bool = False
    is_relative: bool = False
    """The date is a distance from the time of fetching (3天前), which any written date is better than."""
    found_by: dict[str, str] = field(default_factory=dict)


def read_byline(header: str, tail: str = "", *, now: datetime, opening: str = "", relative: bool = True) -> Byline:
    """Return the date, source, author and editor of an article.

    `header` is the visible text between title and body (blocks on lines of their own), `tail` the last paragraphs of
    the body and about 300 characters after it, `opening` the first lines of the body; `now` as in `read_date`. The
    header wins for date and source; a credit in the tail serves for author and editor. Of each part at most 8,000
    characters are read, those nearest the body.
    """
    header, tail, opening = header[-_MAX_PART_LENGTH:], tail[-_MAX_PART_LENGTH:], opening[:_MAX_PART_LENGTH]
    found_by: dict[str, str] = {}
    published = _published(header, now, found_by) or _published_below(tail, now, found_by)
    counted = _relative_date(header, now, found_by) if relative and published is None else None
    source, cut = _source(header, _SOURCE, found_by)
    if source is None:
        source, cut = _source(_labelled_lines(tail), _SOURCE, found_by, strict=True)
    if source is None or source in PLACEHOLDERS:
        issuer, issuer_cut = _source(header, _ISSUER, found_by)
        source, cut = (source, cut) if issuer is None else (issuer, issuer_cut)
    if source is None and (beside := source_beside_date(header, now)):
        source, found_by["source"] = beside, ""
    editor = editor_credit(header, tail)
    author = author_credit(header, tail, opening)
    if editor:
        found_by["editor"] = editor.label
    if author:
        found_by["author"] = author.label
    return Byline(
        published=published or counted,
        source=source,
        author=_written_by(author.names) if author else None,
        editor="、".join(editor.names) if editor else None,
        source_cut=cut,
        is_relative=counted is not None,
        found_by=found_by,
    )


def _written_by(names: tuple[str, ...]) -> str:
    return ("、" if any(" " in name for name in names) else " ").join(names)


def _published(text: str, now: datetime, found_by: dict[str, str]) -> DateReading | None:
    """Return the date of a header: with the best label, else written in several lines or as blogs do."""
    found = [hit for hit in find_dates(text, now) if hit.reading.value and label_rank(hit.label) < 4]
    found = [hit for hit in found if hit.label or not _ADOPTED.match(text, hit.end)]
    if found:
        return _best(found, found_by)
    for part in (*_split_dates(text), *_BLOG_DATE.findall(text)):
        if (reading := read_date(part, now, relative=False)).value:
            found_by["published"] = ""
            return reading
    return None


def _relative_date(text: str, now: datetime, found_by: dict[str, str]) -> DateReading | None:
    """Return a date that a header states by its distance from `now` (昨天, 3小时前)."""
    for part in _PARTS.split(text)[:_MAX_PARTS]:
        if not 1 < len(part) < _MAX_DATE_LENGTH or not _RELATIVE.search(part) or find_dates(part, now):
            continue
        if (reading := read_date(part, now)).value:
            found_by["published"] = ""
            return reading
    return None


def _published_below(tail: str, now: datetime, found_by: dict[str, str]) -> DateReading | None:
    """Return the date below a text: with a label or beside a source, else alone on the first line, with a time."""
    credits = _labelled_lines(tail)
    found = [hit for hit in find_dates(credits, now) if hit.reading.value and label_rank(hit.label) < 4]
    labelled = [hit for hit in found if hit.label or _SOURCE.search(_line_of(credits, hit))]
    if labelled:
        return _best(labelled, found_by)
    lines = [line for line in tail.split("\n") if line]
    for index, line in enumerate(lines):
        if len(line) <= _MAX_DATE_LENGTH and any(character.isdigit() for character in line):
            reading = read_date(line, now)
            if reading.precision == "minute" and not _RELATIVE.search(line):
                below_text = index == 0 or lines[index - 1].endswith(_SENTENCE_ENDS)
                found_by["published"] = ""
                return reading if below_text else None
    return None


def _best(found: list[FoundDate], found_by: dict[str, str]) -> DateReading:
    best = min(found, key=_preference)
    same_day = [hit for hit in found if _same_day(hit, best) and label_rank(hit.label) == label_rank(best.label)]
    best = next((hit for hit in same_day if hit.reading.precision == "minute"), best)
    found_by["published"] = best.label or ""
    return best.reading


def _split_dates(text: str) -> Iterator[str]:
    """Yield neighbouring short lines joined, which may hold the parts of one date (`08`, `2020-07`)."""
    lines = text.split("\n")
    for size in (3, 2):
        for at in range(len(lines) - size + 1):
            parts = lines[at : at + size]
            if all(len(part) <= _MAX_DATE_PART and any(map(str.isdigit, part)) for part in parts):
                yield " ".join(parts)


def _line_of(text: str, hit: FoundDate) -> str:
    start = text.rfind("\n", 0, hit.start) + 1
    return plain_marks(text[start:].partition("\n")[0])


def _preference(hit: FoundDate) -> tuple[int, int]:
    return label_rank(hit.label), hit.start


def _same_day(one: FoundDate, other: FoundDate) -> bool:
    assert one.reading.value is not None
    assert other.reading.value is not None
    return one.reading.value.date() == other.reading.value.date()


def _labelled_lines(text: str) -> str:
    """Return the lines of a tail that are short enough to be credits."""
    return "\n".join(line for line in text.split("\n") if len(line.strip()) <= 160)


def _source(
    text: str, pattern: re.Pattern[str], found_by: dict[str, str], strict: bool = False
) -> tuple[str | None, bool]:
    flat = plain_marks(text)
    for found in pattern.finditer(flat):
        start = found.end()
        before = flat[: found.start()].rstrip(" ")[-1:]
        if found["bare"] is not None:
            if strict or before.isalpha() or found["label"].startswith("来自"):
                continue
        elif (
            strict
            and before
            and before not in "\n(（[【《。!?！？；;"
            and not _DATED.search(flat, max(0, found.start() - 24), found.start())
        ):
            continue
        if "\n" in found.group() and len(flat[start:].partition("\n")[0]) > _MAX_NAME_LENGTH:
            continue
        value, cut = _clip(text, flat, start)
        if _LABEL_AS_VALUE.match(value):
            continue
        if strict and value.startswith(("综合", "网络", "互联网")):
            continue
        if value and value not in _NO_SOURCE and re.search(r"\w", value):
            found_by["source"] = re.sub(r"\s", "", found["label"])
            return value, cut
    return None, False


def _clip(text: str, flat: str, start: int) -> tuple[str, bool]:
    """Return the value that starts at `start`, and whether it ends in an ellipsis.

    It ends at the next label, date, double space, bar or end of line.
    """
    end = min(len(flat), start + 80)
    stop = _STOP.search(flat, start, end)
    value = text[start : stop.start() if stop else end].strip(" \t\u00a0\u3000:：,，;；。、-—–·")
    cut = value.endswith(("…", "...", "．．．"))
    return _CITY.sub("", _balance(_first_name(value.rstrip("….． ")))), cut


def _first_name(value: str) -> str:
    """Return the first of several words, unless they are Latin or two offices that publish jointly.

    What follows a source after a space is the site's own name, a place or a button.
    """
    wrapped = re.match(r"[\[(（【［]\s?([^\])）】］]{1,40}?)\s?[\])）】］]", value)
    words = (wrapped[1] if wrapped else value).split()
    kept = words[:1]
    for word in words[1:]:
        joint = _OFFICE.search(kept[-1]) and _OFFICE.search(word)
        if joint or len(kept[-1]) == 1 or (kept[-1].isascii() and word.isascii()) or kept[-1][-1:] in "[（([—-：:":
            kept.append(word)
        else:
            break
    return " ".join(kept)


def _balance(value: str) -> str:
    """Return `value` without unmatched brackets and without a pair around the whole."""
    while value and value[0] in _OPEN and value[-1] in _CLOSE and value[0] != "《":
        value = value[1:-1].strip()
    depth = 0
    for index, character in enumerate(value):
        if character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
            if depth < 0:
                return value[:index].strip()
    while depth > 0 and (place := max(value.rfind(c) for c in _OPEN)) > 0:
        value, depth = value[:place].strip(), depth - 1
    return value.strip()


def source_beside_date(header: str, now: datetime) -> str | None:
    """Return the medium without a label beside the date, as news portals print it; else None.

    It is on the date's line or alone on the line above.
    """
    flat = plain_marks(header)
    for hit in find_dates(header, now):
        if not hit.reading.value or hit.label:
            continue
        line_start = header.rfind("\n", 0, hit.start) + 1
        before = _words(header[line_start : hit.start])
        above = _words(header[header.rfind("\n", 0, max(0, line_start - 1)) + 1 : line_start])
        start = hit.end + len(header[hit.end :]) - len(header[hit.end :].lstrip(" \u00a0\u3000·|｜"))
        after = _words(_clip(header, flat, start)[0])
        for words in (after[:1], before[-1:], [] if before or len(above) > 1 else above):
            if words and MEDIA.fullmatch(words[0]):
                return words[0]
    return None


def _words(text: str) -> list[str]:
    return text.strip(" \n\u00a0\u3000·|｜").split()


# --- The lines around a body ---

_MAX_HEADER_SIZE = 600
_LINES_ABOVE = 8
_MAX_TAIL_SIZE = 300
_TAIL_PARAGRAPHS = 4
_OPENING_LINES = 4
_MAX_OPENING_LENGTH = 80
"""Of the lines after the first only the beginning may be a credit."""
_MAX_CREDIT_LINES = 10
_MAX_CREDIT_LENGTH = 30
"""Short lines count a little further down: a credit may follow a list of key points."""
_MAX_LINK_LENGTH = 12
_MAX_CONTEXT_LENGTH = 1500
_CORRUPTED_LABEL = re.compile("[來編輯責佈發時間記員點擊覽閱訪問āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜɡ]")
"""Characters that no label of an undamaged simplified header has: traditional ones, and vowels of glosses."""


@dataclass(frozen=True)
class BylineBlock:
    """The text around an article: `header` between title and text, `above` the title, the first lines
    of the text `opening`, and     `tail`, the last paragraphs with about 300 characters below them.
    """

    header: str
    above: str
    opening: str
    tail: str
    header_lines: tuple[int, int] = (0, 0)
    """Where the header stands on the page."""


def find_byline_block(
    page_lines: PageLines, element: HtmlElement, text: tuple[int, int], title: str, headline: int | None
) -> BylineBlock:
    """Return the lines around an article.

    `element` is the body, `text` the range of its text; `title` is the headline, on the line `headline` if it is known.
    """
    start, end = text
    line = _title_line(page_lines, start, fold(title))
    if line < 0 and headline is not None and headline < start:
        line = headline
    header = _take_last(page_lines, max(line + 1, 0), start)
    if line >= 0:
        header = f"{_beside_title(page_lines.lines[line].text, title)}\n{header}".strip()
    above = _take_last(page_lines, max(0, line - _LINES_ABOVE), line) if line > 0 else ""
    stop = max(end, page_lines.spans[element][1])
    below = (
        _take_first(page_lines, end, stop, _MAX_TAIL_SIZE * 2)
        + "\n"
        + _take_first(page_lines, stop, len(page_lines.lines), _MAX_TAIL_SIZE)
    )
    last = "\n".join(line.text for line in page_lines.lines[max(start, end - _TAIL_PARAGRAPHS) : end])
    opening = "\n".join(
        line.text[: _MAX_OPENING_LENGTH if index else None]
        for index, line in enumerate(page_lines.lines[start : min(start + _MAX_CREDIT_LINES, end)])
        if index < _OPENING_LINES or len(line.text) <= _MAX_CREDIT_LENGTH
    )
    place = (line + 1 if line >= 0 else max(0, start - _LINES_ABOVE), start)
    return BylineBlock(header, above, opening, f"{last}\n{below}".strip(), place)


def restore_block(around: BylineBlock, body: str | None) -> BylineBlock:
    """Return `around` restored like the text if its labels are garbled (编輯(jí)) or traditional."""
    if not _CORRUPTED_LABEL.search(f"{around.header}{around.above}{around.tail}"):
        return around
    fields = {"header": around.header, "above": around.above, "opening": around.opening, "tail": around.tail}
    restored, changed = restore_fields(fields, (body or "")[:_MAX_CONTEXT_LENGTH])
    if not changed:
        return around
    header, above, opening, tail = (restored[name] or "" for name in fields)
    return BylineBlock(header, above, opening, tail, around.header_lines)


def _title_line(page_lines: PageLines, start: int, title: str) -> int:
    """Return the line of the headline nearest above the text, or -1."""
    if len(title) < 2:
        return -1
    for index in range(start - 1, -1, -1):
        line = page_lines.lines[index]
        if len(line.text) > 2 * len(title) + 120:
            continue
        key = fold(line.text)
        if key == title or (key.startswith(title) and len(key) < len(title) + 80):
            return index
    return -1


def _beside_title(line: str, title: str) -> str:
    """Return what follows the title on its own line (`标题 2024-05-11 来源：…`)."""
    return line.split(title, 1)[1].strip() if title and title in line else ""


def _take_last(page_lines: PageLines, start: int, end: int) -> str:
    """Return the last 600 characters of the lines `start:end`, in whole lines, without links to other pages."""
    kept: list[str] = []
    size = 0
    for line in reversed(page_lines.lines[start:end]):
        if ends_article(line.text) or (
            line.link_chars > max(_MAX_LINK_LENGTH, 0.6 * len(line.text)) and not opens_with_date(line.text)
        ):
            continue
        size += len(line.text)
        if kept and size > _MAX_HEADER_SIZE:
            break
        kept.append(line.text[:_MAX_HEADER_SIZE])
    return "\n".join(reversed(kept))


def _take_first(page_lines: PageLines, start: int, end: int, limit: int) -> str:
    kept: list[str] = []
    size = 0
    for line in page_lines.lines[start:end]:
        if line.link_chars > 0.6 * len(line.text) or is_legal(line.text):
            continue
        size += len(line.text)
        if size > limit:
            break
        kept.append(line.text)
    return "\n".join(kept)
