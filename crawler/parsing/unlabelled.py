"""Names that stand without a label beside the date: the medium, the account or the person who published an article.

News portals print `东湖晨报  2024-03-02`, blogs `陈小雨 2024-03-02`, accounts a link to their own page. One rule serves
all: the header is cut into tokens at its inline elements and wide gaps, and a token beside the date, or alone on the
line next to it, is a source if it reads as a medium, names the site or links to an account, and an author if it is a
person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from crawler.parsing.date_forms import find_written_dates, flatten, plain_marks
from crawler.parsing.page_lines import INLINE, Line, PageLines
from crawler.parsing.people import PLACE, is_person, is_unit
from crawler.parsing.titles import fold

MEDIA = re.compile(
    r"[\w·\-—]{1,16}(?:报|网|社|台|客户端|新媒体|周刊|杂志|频道|在线|融媒(?:体(?:中心)?)?|传媒|中文站|通讯|发布|网络版|海外版)"
    r"|(?:新浪|搜狐|腾讯|网易|凤凰|央视|央广|人民|新华)[\u4e00-\u9fff]{2,4}(?:-[\u4e00-\u9fff]{2,8})?"
)
"""The name of a medium, as a whole word."""
_MEDIA_NAME = re.compile(r"[\w·\-—]{2,12}(?:新闻|日报|晚报|晨报|时报|视频|财经|科技|观察|评论|在线)")
_ACCOUNT = re.compile(
    r"(?:/|\b)(?:author|authors|user|users|member|members|people|profile|space|account|mp|media|writer|columnist|zhuanlan|blog"
    r"|u|c/user|home\.php)(?:[/?=_-]|$)|[?&](?:author|authorid|uid|userid|mid|account)=",
    re.I,
)
"""The address of the page of an author or an account."""
_BADGE = re.compile(r"^[\[【(（]?(?:原创|整理|编译|综合|转载|独家|首发|作者|文|来自)[\]】)）]?\s?[:：/]?\s?")
_BADGE_AFTER = re.compile(r"\s?[\[【(（](?:整理|编译|综合|原创|作者|专栏作者)[\]】)）]$")
_BARS = re.compile(r"\s{2,}|\s?[|｜•]\s?|\s·\s|\s(?=[\u4e00-\u9fff]{1,6}\s?[:：])|(?<=[\]】])\s|\s(?=[\[【])")
_PAIR = re.compile(r"(?P<one>[\w·]{2,12})\s?[/／]\s?(?P<other>[\w·]{2,12})")
_EDGES = re.compile(r"^\W+|\W+$")
_BUTTON = re.compile(
    r"点击|更多|阅读|关注|登录|注册|评论|举报|收藏|下载|分享|打印|首页|返回|查看|订阅|微信|微博|客户端$|频道$|专题$|专栏$"
)
_MAX_TOKEN_LENGTH = 24
_YEAR = re.compile(r"(?:19|20)\d\d|[〇○零一二][〇○零一二三四五六七八九]{3}年")
"""Tested first, because reading dates takes ten times as long."""
_MAX_LINE_LENGTH = 120
_MAX_HEADER_LINES = 40
_MAX_TOKENS = 8
_NEXT_LINES = 2
"""How far from the date's line a name alone on its line may stand."""
_ACCOUNT_LINES = 4
"""How far below the headline a link to an account counts without a date beside it."""


@dataclass(frozen=True)
class Token:
    """A piece of a header line, and the address it links to."""

    text: str
    href: str | None


def find_unlabelled(
    page_lines: PageLines, start: int, end: int, site_names: Collection[str] = ()
) -> tuple[str | None, str | None]:
    """Return the source and the author without a label in the header lines `start:end`; None for what is missing.

    `site_names` are the folded names that the page's head gives to its site.
    """
    lines = page_lines.lines[start : min(max(end, start + _ACCOUNT_LINES), start + _MAX_HEADER_LINES)]
    dated = [index for index, line in enumerate(lines) if _has_date(line.text)]
    source = author = None
    for index, line in enumerate(lines):
        on_date = index in dated
        near = on_date or any(abs(index - at) <= _NEXT_LINES for at in dated)
        if not on_date and not _may_be_name(line, lines[index - 1] if index else None, near=near, first=index):
            continue
        tokens = list(_tokens(line.node, line.text))
        if not tokens or len(tokens) > _MAX_TOKENS or not (on_date or len(tokens) <= 2):
            continue
        for token in tokens:
            kind = _classify(token, site_names, beside_date=on_date or (near and len(tokens) == 1))
            for name, is_author in kind:
                if is_author:
                    author = author or name
                else:
                    source = source or name
        if source and author:
            break
    return source, author


def _may_be_name(line: Line, above: Line | None, *, near: bool, first: int) -> bool:
    """Return whether a line without a date is short, not the value of a label above it, and near a date or a link."""
    if len(line.text) > 2 * _MAX_TOKEN_LENGTH or (above is not None and above.text.endswith((":", "："))):
        return False
    return near or (first < _ACCOUNT_LINES and line.link_chars > 0)


def _has_date(text: str) -> bool:
    return len(text) <= _MAX_LINE_LENGTH and bool(_YEAR.search(text)) and bool(find_written_dates(flatten(text)))


def _tokens(node: HtmlElement, line: str) -> Iterator[Token]:
    """Yield the tokens of a line: its inline elements, cut at bars, wide gaps and dates; labelled ones are left out."""
    link = next((element for element in (node, node.getparent()) if element is not None and element.tag == "a"), None)
    labelled = False
    for text, href in _pieces(node, None if link is None else link.get("href")):
        for part in _BARS.split(text):
            for piece in _without_dates(part):
                token = _EDGES.sub("", piece)
                if not token:
                    continue
                is_label = piece.rstrip().endswith((":", "："))
                if not (labelled or is_label) and 2 <= len(token) <= _MAX_TOKEN_LENGTH and token in line:
                    yield Token(token, href)
                labelled = is_label


def _pieces(node: HtmlElement, href: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of an element and its inline descendants, each with the address it links to."""
    if node.text:
        yield node.text, href
    for child in node:
        if child.tag in INLINE:
            yield from _pieces(child, (child.get("href") if child.tag == "a" else None) or href)
        if child.tail:
            yield child.tail, href


def _without_dates(text: str) -> list[str]:
    """Return what stands before and after the dates of a text."""
    if not _YEAR.search(text):
        return [text]
    parts, done = [], 0
    for start, end, _ in find_written_dates(flatten(text)):
        parts.append(text[done:start])
        done = end
    return [*parts, text[done:]]


def _classify(token: Token, site_names: Collection[str], *, beside_date: bool) -> list[tuple[str, bool]]:
    """Return the names in a token, each with whether it is an author's."""
    text = _BADGE_AFTER.sub("", _BADGE.sub("", plain_marks(token.text)))
    text = _EDGES.sub("", text)
    if not text or ":" in text or _BUTTON.search(text):
        return []
    pair = _PAIR.fullmatch(text)
    if pair and beside_date:
        people = [is_person(pair[name], sure=True) for name in ("one", "other")]
        if sum(people) == 1:
            person, medium = (pair["one"], pair["other"]) if people[0] else (pair["other"], pair["one"])
            return [(person, True), (medium, False)] if _is_medium(medium, site_names) else [(person, True)]
    account = token.href is not None and _ACCOUNT.search(token.href) is not None
    if beside_date and _is_medium(text, site_names):
        return [(text, False)]
    if is_person(text, sure=True) and not PLACE.fullmatch(text) and (account or beside_date):
        return [(text, True)]
    return [(text, False)] if account and len(text) <= 16 and not text.isdigit() else []


def _is_medium(text: str, site_names: Collection[str]) -> bool:
    return bool(MEDIA.fullmatch(text) or _MEDIA_NAME.fullmatch(text) or fold(text) in site_names) and not (
        is_unit(text) and text.endswith(("局", "委", "办"))
    )
