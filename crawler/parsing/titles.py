"""The headline of an article: what selectors, the page's head and the visible lines agree on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from crawler.parsing.body import find_prose_run
from crawler.parsing.line_kinds import is_header, is_legal, is_tool
from crawler.parsing.page import Page, first_meta
from crawler.parsing.page_lines import Line, PageLines
from crawler.parsing.rules import Rules

_CUT = re.compile(r"\s*(?:[_|｜丨]|(?<=\s)[-–—]+(?=\s)|(?<=[^\W\d_a-zA-Z])\s*-+\s*(?=[^\W\d_a-zA-Z])|--+|»|>{1,2})\s*")
_HEADING = re.compile(r"title|(?:^|[-_\s])tit(?:$|[-_\s\d])|headline|biaoti|(?:^|[-_\s])bt(?:$|[-_\s\d])", re.I)
_FOLD = re.compile(r"[\W_]+")
_SITE = re.compile(r"(?:网站?|门户|政府|首页|频道|官网|委员会|客户端|公司)$")
_SITE_ITSELF = re.compile(r"(?:网站|门户|首页|官网)$")
_HEADER_PART = re.compile(
    r"[\s(（\[【]*(?:(?:发布|更新|发表)?(?:时间|日期)\s*[:：]|(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?[\s)）\d:：]*(?=$|\s|来源)"
    r"|(?:信息|文章)?来\s*源\s*[:：])"
)
_PLACE = re.compile(r"(?:您?当前|现在)?的?位置|首页\s*[->》]|正在阅读")
_SUBTITLE = ("——", "—", "--")
_BADGES = ("原创", "转载", "置顶", "推荐", "独家", "首发")
_TAGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_MAX_TITLE_LENGTH = 120
_MAX_HEADING_LINES = 4
_MIN_H1_LENGTH = 5
_MAX_DISTANCE = 14
_MIN_LINKED_LENGTH = 8
_MIN_CUT_LENGTH = 8


@dataclass(frozen=True)
class Headline:
    """The headline's `text`, the `rule` that found it, and the index of its line if it is visible."""

    text: str
    rule: str
    line: int | None = None


def fold(text: str) -> str:
    """Return `text` without width differences, case, punctuation and spaces, so that spellings of a title are equal."""
    return _FOLD.sub("", unicodedata.normalize("NFKC", text)).lower()


def find_stated_headline(
    page: Page, page_lines: PageLines, rule_stack: Iterable[tuple[str, Rules]], embedded: tuple[str, str] | None = None
) -> Headline | None:
    """Return the headline named by selectors, by `embedded` (text and rule), by the national meta tag, or by `<title>`
    together with a visible line; else None.
    """
    tag = first_meta(page, ("articletitle",))
    whole = " ".join(filter(None, (tag, _title_tag(page), page.meta.get("og:title"))))
    for name, rules in rule_stack:
        for selector in rules.title:
            for element in page_lines.select(selector):
                if text := _read_selected(page_lines, element, fold(whole)):
                    return Headline(text, name, _line_of(page_lines, text) or page_lines.spans[element][0])
    if embedded:
        return Headline(embedded[0], embedded[1], _line_of(page_lines, embedded[0]))
    line = _line_of(page_lines, tag) if tag else None
    if tag and line is not None:
        return Headline(tag, "meta", line)
    if tag and (whole_line := _find_continued(page_lines, tag)):
        return whole_line
    site = first_meta(page, ("sitename", "og:site_name")) or ""
    repeated = _find_h1(page_lines, _title_tag(page), site) or _find_repeated(page_lines, whole, site)
    if tag and (repeated is None or len(repeated.text) < _MIN_CUT_LENGTH or _SITE.search(repeated.text)):
        return Headline(tag, "meta")
    return repeated


def _find_continued(page_lines: PageLines, tag: str) -> Headline | None:
    """Return the visible line that begins with a meta tag cut short (…)."""
    start = tag.rstrip(".…")
    if start == tag or len(start) < _MIN_CUT_LENGTH:
        return None
    found = (
        i
        for i, line in enumerate(page_lines.lines)
        if line.text.startswith(start) and len(line.text) <= _MAX_TITLE_LENGTH
    )
    index = next(found, None)
    return None if index is None else Headline(_clean(page_lines.lines[index].text), "generic", index)


def _read_selected(page_lines: PageLines, element: HtmlElement, whole: str) -> str | None:
    """Return the headline in a selected element, without a date or a source on the same line.

    That is the lines that the head repeats, else the first line.
    """
    texts = [text for line in page_lines.text(element).split("\n")[:4] if (text := _cut_header(line))]
    joined = _clean(" ".join(texts))
    repeated = [text for text in (joined, *texts) if len(fold(text)) > 3 and fold(text) in whole]
    best = max(repeated, key=len, default=texts[0] if texts else None)
    if best and best == texts[0] and len(texts) > 1 and texts[1].startswith(_SUBTITLE):
        best += texts[1]
    return best if best and len(best) <= 2 * _MAX_TITLE_LENGTH else None


def _find_h1(page_lines: PageLines, title: str, site: str) -> Headline | None:
    """Return the `<h1>` that `<title>` begins with: it wins over any longer line that `<title>` repeats.

    What follows in `<title>` must begin with a separator, so that 溪口县政府 in the page's banner is not the headline
    of 溪口县政府公布抽检结果.
    """
    for element in page_lines.select_tag("h1"):
        first, end = page_lines.spans[element]
        lines = page_lines.lines[first:end]
        if not 0 < len(lines) <= _MAX_HEADING_LINES or sum(line.link_chars for line in lines) * 2 > sum(
            len(line.text) for line in lines
        ):
            continue
        text = _join(lines)
        key = fold(text)
        if len(key) < _MIN_H1_LENGTH or key in fold(site) or is_legal(text) or _SITE.search(text):
            continue
        if _begins(title, key):
            return Headline(text, "generic", first)
    return None


def _begins(title: str, key: str) -> bool:
    """Return whether `title` is a text with the folded form `key`, or goes on behind it with a separator."""
    rest = key
    for index, character in enumerate(title):
        part = fold(character)
        if not rest:
            return bool(_CUT.match(title, index)) or character in " -_—–|｜(（【["
        if part and not rest.startswith(part):
            return False
        rest = rest[len(part) :]
    return not rest


def _join(lines: Sequence[Line]) -> str:
    """Return the lines of a heading as one text, without a badge before it."""
    return _clean("".join(_without_badge(line) for line in lines))


def _without_badge(line: Line) -> str:
    """Return a line without a badge (原创) that is an element of its own at its beginning."""
    if not line.text.startswith(_BADGES):
        return line.text
    badge = next((child for child in line.node.iter() if child is not line.node and (child.text or "").strip()), None)
    text = "" if badge is None else (badge.text or "").strip()
    outside = (line.node.text or "").strip()
    return line.text.removeprefix(text).strip() if text in _BADGES and not outside else line.text


def _cut_header(text: str) -> str:
    """Return the part of a line before a date or a label of the header."""
    return _clean(_HEADER_PART.split(text, maxsplit=1)[0])


def find_nearest_headline(page: Page, page_lines: PageLines, body: HtmlElement) -> Headline | None:
    """Return the headline of a page whose head does not name it.

    The last `<h1>` above the body, else the last heading there, else the line above the date, else the first part of
    `<title>`, else the first line of the body.
    """
    start = page_lines.spans[body][0]
    found: list[Headline] = []
    for element, (first, end) in page_lines.spans.items():
        if first > start + 5:
            break
        if first < start - _MAX_DISTANCE or not 0 < end - first <= 2 or not _is_heading(element):
            continue
        text = _clean(" ".join(_without_badge(line) for line in page_lines.lines[first:end]))
        if _can_be_title(text, sum(line.link_chars for line in page_lines.lines[first:end])):
            found.append(Headline(text, "h1" if element.tag == "h1" else "generic", first))
    best = next((one for one in reversed(found) if one.rule == "h1"), found[-1] if found else None)
    if best is not None:
        return Headline(best.text, "generic", best.line)
    return (
        _find_above_date(page_lines, start)
        or _from_head(page)
        or _find_plain_line(page_lines, start)
        or _find_whole_h1(page_lines, start, _title_tag(page))
    )


def _find_whole_h1(page_lines: PageLines, start: int, title: str) -> Headline | None:
    """Return the `<h1>` above the body that `<title>` begins with although it ends like the name of a site (…网站)."""
    for element in page_lines.select_tag("h1"):
        first, end = page_lines.spans[element]
        text = _join(page_lines.lines[first:end])
        if (
            first <= start
            and len(fold(text)) > _MIN_H1_LENGTH
            and _begins(title, fold(text))
            and fold(text) != fold(title)
        ):
            return Headline(text, "generic", first)
    return None


def _from_head(page: Page) -> Headline | None:
    for text in (page.meta.get("og:title", ""), _title_tag(page)):
        if text and (part := _CUT.split(_clean(text))[0].strip()) and not _SITE.search(part):
            return Headline(part, "meta")
    return None


def _find_above_date(page_lines: PageLines, start: int) -> Headline | None:
    for index in range(max(0, start - _MAX_DISTANCE), min(start + _MAX_DISTANCE, len(page_lines.lines) - 1)):
        line = page_lines.lines[index]
        if is_header(page_lines.lines[index + 1].text) and _can_be_title(line.text, line.link_chars):
            return Headline(_clean(line.text), "generic", index)
    return None


def _find_plain_line(page_lines: PageLines, start: int) -> Headline | None:
    for index in (*range(start - 1, max(0, start - 4), -1), start):
        line = page_lines.lines[index] if 0 <= index < len(page_lines.lines) else None
        if line is not None and line.punctuation <= 2 and _can_be_title(line.text, line.link_chars):
            return Headline(_clean(line.text), "generic", index)
    return None


def site_names(page: Page) -> frozenset[str]:
    """Return the folded names that the page's head gives to its site: meta tags, and all but the first part of
    `<title>`."""
    names = [page.meta.get("sitename"), page.meta.get("og:site_name"), *_CUT.split(_title_tag(page))[1:]]
    return frozenset(key for name in names if name and 2 <= len(key := fold(name)) <= 16)


def _title_tag(page: Page) -> str:
    element = page.title
    return _clean(" ".join(str(text) for text in element.itertext())) if element is not None else ""


def _line_of(page_lines: PageLines, title: str) -> int | None:
    key = fold(title)
    for index, line in enumerate(page_lines.lines):
        if line.link_chars * 2 < len(line.text) and len(line.text) < 2 * len(title) + 60 and key == fold(line.text):
            return index
    return next(
        (
            i
            for i, x in enumerate(page_lines.lines)
            if title in x.text and x.link_chars * 2 < len(x.text) < len(title) + 80
        ),
        None,
    )


def _find_repeated(page_lines: PageLines, whole: str, site: str) -> Headline | None:
    """Return the longest visible line that `<title>` repeats."""
    key_of_all, site = fold(whole), fold(site)
    found: list[tuple[int, Headline]] = []
    longest = 0
    for index, line in enumerate(page_lines.lines):
        if (
            not 4 <= len(line.text) <= _MAX_TITLE_LENGTH
            or line.link_chars * 2 > len(line.text)
            or line.text[:2] not in whole
        ):
            continue
        key = fold(_without_badge(line))
        heading = line.node.tag in _TAGS
        if len(key) <= longest or key not in key_of_all or key in site:
            continue
        if len(key) < (4 if line.node.tag == "h1" or key_of_all.startswith(key) else 8):
            continue
        if (
            is_legal(line.text)
            or _SITE_ITSELF.search(line.text)
            or (_SITE.search(line.text) and (not heading or key == key_of_all))
        ):
            continue
        found.append((index, Headline(_clean(_without_badge(line)), "generic", index)))
        longest = len(key)
    best = found[-1][1] if found else None
    if len(found) > 1 and (run := find_prose_run(page_lines)):
        # A line below the prose belongs to another article or to the footer.
        above = [headline for index, headline in found if index <= run[0] + 2]
        best = above[-1] if above else best
    return _join_heading(page_lines, best, whole) if best else _find_linked_heading(page_lines, key_of_all, site)


def _join_heading(page_lines: PageLines, part: Headline, whole: str) -> Headline:
    """Return `part` joined with the other lines of its element if `<title>` repeats them together.

    That is a headline broken by `<br>` or by blocks inside the heading. A subtitle (——…) is added in any case.
    """
    assert part.line is not None
    lines = page_lines.lines
    node = lines[part.line].node
    heading = next((above for above in (node, *islice(node.iterancestors(), 2)) if above.tag in _TAGS), None)
    if heading is not None:
        first, end = page_lines.spans[heading]
    else:
        first = part.line
        while first > 0 and lines[first - 1].node is node:
            first -= 1
        end = part.line + 1
        while end < len(lines) and lines[end].node is node:
            end += 1
    text = _join(lines[first:end])
    if 1 < end - first <= _MAX_HEADING_LINES and len(text) <= _MAX_TITLE_LENGTH and fold(text) in fold(whole):
        return Headline(text, part.rule, first)
    written = "".join(whole.split())
    for first in (part.line - 1, part.line):
        # lxml moves a <p> out of the <h2> around it.
        pair = lines[max(first, 0) : first + 2]
        text = _join(pair)
        if len(pair) == 2 and not any(line.link_chars for line in pair) and written.startswith("".join(text.split())):
            return Headline(text, part.rule, first)
    if part.line + 1 < end and lines[part.line + 1].text.startswith(_SUBTITLE):
        return Headline(part.text + _clean(lines[part.line + 1].text), part.rule, part.line)
    return part


def _find_linked_heading(page_lines: PageLines, key_of_all: str, site: str) -> Headline | None:
    """Return the heading that `<title>` begins with and that is a link: blogs link a headline to its page."""
    for index, line in enumerate(page_lines.lines):
        key = fold(line.text)
        named = (
            line.node.tag in _TAGS and line.link_chars and len(key) >= _MIN_LINKED_LENGTH and key_of_all.startswith(key)
        )
        if named and key not in site and not _SITE.search(line.text):
            return Headline(_clean(line.text), "generic", index)
    return None


def _is_heading(element: HtmlElement) -> bool:
    if element.tag in _TAGS:
        return True
    return bool(_HEADING.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _can_be_title(text: str, link_chars: int) -> bool:
    if not 6 <= len(text) <= _MAX_TITLE_LENGTH or link_chars * 2 > len(text) or text.endswith(("。", "：", ":")):
        return False
    return not (is_tool(text) or is_legal(text) or is_header(text) or _PLACE.match(text) or _SITE.search(text))


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
