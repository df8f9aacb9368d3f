"""Names in credits: editors and authors, by their roles, in headers, brackets and lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.parsing.date_forms import plain_marks
from crawler.parsing.person_names import is_person, is_surname, is_unit

_EDITOR = re.compile(
    r"(?<![总主副])(?<!美术)(?<!图片)(?<!摄影)(?<!视觉)(?<!审核)"
    r"(?P<label>(?:责任|責任|值班|执行|本期|网络|网页|网站|新媒体|融媒体|版面|图文|文字|内容|在线|见习|实习)?\s{0,8}"
    r"(?:编\s{0,8}辑|編\s{0,8}輯|(?<![A-Za-z])Editor)|责\s{0,8}编|責\s{0,8}編)(?![部室站局员員学學委页推器权])"
    r"(?P<mark>[^\S\n]{0,8}[:/|｜][^\S\n]{0,8}|(?=[(（])|[^\S\n]{1,4})"
)
_EDITS = re.compile(r"[编編]|Editor")
_BEFORE_EDITS = 11
"""The most characters of a label before it: 融媒体 and eight spaces."""
_BY = re.compile(
    r"(?P<label>作\s{0,8}者(?!单位|简介|介绍|系)|撰\s{0,8}稿人?|撰\s{0,8}文|供\s{0,8}稿人?|执\s{0,8}笔人?|采\s{0,8}写"
    r"|记\s{0,8}者|通讯员|文(?<![\u4e00-\u9fff]文)(?:字)?)[^\S\n]{0,8}[:/|｜][^\S\n]{0,8}"
)
_WRITES = (
    r"(?:(?:特约|特邀|见习|实习|首席)?(?:记\s{0,4}者|通讯员|评论员|观察员|研究员|撰稿人?)|作\s{0,4}者(?!单位|简介|介绍|系)"
    r"|撰\s{0,4}[稿文]|供\s{0,4}稿人?|执\s{0,4}笔人?|采\s{0,4}写|实习生|(?:图文|文图|文[/、]图|图[/、]文|文并[图摄]|文[/、]摄|摄影报道)|文字?(?=\s?[:/|｜]))"
)
_DOES_ELSE = (
    r"(?:摄影?|拍摄|摄像|视频|图片?|供图|制图|漫画|海报|设计|排版|剪辑|配音|朗读|音频|(?:[责責]任)?(?:编辑|編輯)|责编|主编|总编辑?|值班\S{0,4}"
    r"|校\s{0,4}对|审\s{0,4}[核稿校]|[初复终一二三]审|监\s{0,4}制|总监制|策划|统筹|来\s{0,4}源|翻译|编译|整理|发布(?:者|人)?|录入|上传|签发)"
)
_OPENS_ROLE = (
    "特见实首记通评观研撰作供执采图文摄/|｜拍视制漫海设排剪配朗音责責编編主总值校审初复终一二三监策统来翻整发录上签"
)
"""What a role begins with: asked first, it spares most characters of a text the long list."""
_ROLE = re.compile(
    rf"(?=[{_OPENS_ROLE}])(?:(?P<writes>{_WRITES})"
    rf"|(?P<behind>(?<=[\u4e00-\u9fff\s])[/|｜]\s?文(?!字)|(?<=\s)文(?![\u4e00-\u9fff]))|{_DOES_ELSE})"
)
_PHOTO = re.compile(r"摄影?|拍摄|摄像|供?图片?|供图|视频|制图")
_NEXT_LABEL = re.compile(
    r"\s{0,8}(?:(?:责任|值班|执行|网络|初审|一审)?(?:编\s{0,6}辑|編輯)|责编|校\s?对|审[核校稿]|[终复初一二三]审|监制|来\s{0,6}源|作\s{0,6}者"
    r"|记者\s?:|通讯员|摄影|图片|时\s{0,4}间|日\s{0,4}期|发布|更新|浏览|阅读|点击|字[体号]|分享|打印|关闭|上一[篇页]|下一[篇页]|相关|标签|关键"
    r"|版权|返回|扫一扫|原标题|来稿|主编|总编|值班|签发|电话|投稿|排版|设计|【)"
)
_END = re.compile(r"[|｜丨】\])）〕〗〉>。！？!?…]|\d{4}[-年]")
_BRACKET = re.compile(r"[(（【\[〔]([^()（）【】\[\]〔〕\n]{2,80})[)）】\]〕]")
_SIGNATURE = re.compile(r"(?<![:/])\s{0,2}(?<![:/\s])[(（【\[〔]([^()（）【】\[\]〔〕\n]{2,40})[)）】\]〕]\s{0,8}$")
_CLOSING = (")", "）", "】", "]", "〕")
_DATELINE = re.compile(r"(?:电|讯|消息|报道|快讯)\s{0,3}[(（]([^()（）\n]{2,40})[)）]")
_LABEL_FIRST = re.compile(r"^\s{0,8}(?:作者|文|撰文|撰稿|执笔)\s?[:/|｜].{1,40}$", re.M)
_SPLIT = re.compile(r"[\s、,，;；/&＆|｜:]+|(?<=[\u4e00-\u9fff])和(?=[\u4e00-\u9fff]{2,3}(?:$|[\s、]))")
_ASIDE = re.compile(r"(?<=[\u4e00-\u9fff])\s?[(（][^()（）]{2,40}[)）]?")
"""What a bracket says of the person before it: the unit, the role."""
_OTHER_LABEL = re.compile(r"\s[\u4e00-\u9fff]{2,6}\s?:")
"""A word before a colon names the next thing of a header (字体：), not one more person."""
_DONE = re.compile(r"(?:综合|联合|现场)?(?:报道|整合|综合|采写|整理|撰文|撰稿|摄影|摄|文图|图文)$")
_NOBODY = frozenset(
    [
        "佚名",
        "匿名",
        "未知",
        "不详",
        "无名",
        "无",
        "admin",
        "管理员",
        "系统管理员",
        "网站管理员",
        "超级管理员",
        "本站",
        "本网",
    ]
)
_LONGEST_LINE = 60


@dataclass(frozen=True)
class Credit:
    """Names in the order of the page, and the label they were found by (`()` for a bare signature in brackets)."""

    names: tuple[str, ...]
    label: str


def editor_credit(header: str, tail: str) -> Credit | None:
    """The 责任编辑 of header or tail, else another 编辑; None where there is none or its label is empty."""
    best: tuple[int, Credit] | None = None
    for flat in (plain_marks(text) for text in (header, tail)):
        # What a text holds before its first 编 is passed over, but for the words that may stand before it.
        edits = _EDITS.search(flat)
        for found in _EDITOR.finditer(flat, max(0, edits.start() - _BEFORE_EDITS)) if edits else ():
            bare = not found["mark"].strip() and flat[found.end() : found.end() + 1] not in {"(", "（"}
            names = _names_after(flat, found.end(), people_only=bare)
            label = _closed(found["label"])
            rank = 0 if label in {"责任编辑", "責任編輯", "责编", "責編"} else 1 if label in {"编辑", "編輯"} else 2
            if names and (best is None or rank < best[0]):
                best = rank, Credit(tuple(names), label)
    return best[1] if best else None


def author_credit(header: str, tail: str = "", lead: str = "") -> Credit | None:
    """Who wrote it, the surest place first: a person named by a role in the header, at the end or in the first line of
    the body; a bare name in brackets at the end or after 电; last, the pen name or unit after 作者 in the header."""
    head, end, start = (plain_marks(text) for text in (header, tail, lead))
    in_header, pen_name = _first(map(_credit, _lines(head))), _pen_name(head)
    if not in_header and pen_name and not is_unit(pen_name.names[0]):
        return pen_name
    return (
        in_header
        or _first(map(_credit, _credit_texts(end)), last=True)
        or _first(map(_credit, _credit_texts(start)))
        or _first(_signature(found[1]) for found in _DATELINE.finditer(start))
        or _pen_name("\n".join(_LABEL_FIRST.findall(start)))
        or _first(map(_signature, _signatures(end)), last=True)
        or pen_name
    )


def _first(credits: Iterator[Credit | None], last: bool = False) -> Credit | None:
    found = [credit for credit in credits if credit]
    chosen = found[-1 if last else 0] if found else None
    return next((credit for credit in found if chosen and set(chosen.names) < set(credit.names)), chosen)


def _lines(flat: str) -> Iterator[str]:
    return (line for line in flat.split("\n") if len(line) <= 2 * _LONGEST_LINE)


def _credit_texts(flat: str) -> Iterator[str]:
    """The places of a body where credits stand: brackets, and short lines (a role a line is one credit)."""
    block: list[str] = []
    for line in [*flat.split("\n"), ""]:
        short = line.strip(" □■◎○●▲△◆◇☆★-()（）【】[]")
        if len(short) <= _LONGEST_LINE and not short.endswith(("。", "？", "！")) and _ROLE.search(short):
            block.append(short)
        elif block:
            yield "  ".join(block)
            block = []
        yield from _BRACKET.findall(line)


def _signatures(flat: str) -> Iterator[str]:
    """What stands in brackets at the end of a line."""
    for line in flat.split("\n"):
        if line.rstrip().endswith(_CLOSING) and (found := _SIGNATURE.search(line)):
            yield found[1]


def _pen_name(flat: str) -> Credit | None:
    for found in _BY.finditer(flat):
        names = _names_after(flat, found.end(), people_only=False)
        if not names or (is_unit(names[0]) and "作" not in found["label"]):
            continue
        people = [name for name in names if not is_unit(name)]
        return Credit(tuple(people or names), _closed(found["label"]))
    return None


def _signature(text: str) -> Credit | None:
    """The people of a bare signature: `甲 乙`, `县图书馆 甲`; None if it holds anything but people and units."""
    names = _split_names(text)
    people = [name for name in names if is_person(name)]
    if people and all(is_person(name, sure=True) or is_unit(name) for name in names):
        return Credit(tuple(people), "()")
    return None


def _credit(text: str) -> Credit | None:
    """The writers of a credit such as `本报记者 甲 乙 通讯员 丙 摄影 丁`; None where it names none."""
    roles = list(_ROLE.finditer(text))
    people: list[str] = []
    label = ""
    before = 0
    for index, found in enumerate(roles):
        stop = roles[index + 1].start() if index + 1 < len(roles) else len(text)
        names = _leading_people(text[found.end() : stop])
        if found["behind"] or (not names and index == 0 and re.match("[文图供撰]", found.group())):
            names = _leading_people(text[before : found.start()])
        if not (found["writes"] or found["behind"]):
            if (
                not names
                and _PHOTO.fullmatch(found.group())
                and not re.search(r"文\s?[/、并]\s?$", text[: found.start()])
            ):
                people = [name for name in people if name not in _leading_people(text[before : found.start()])]
            names = []
        people += [name for name in names if name not in people]
        label = label or (_closed(found.group()).strip("/|｜") if names else "")
        before = found.end()
    return Credit(tuple(people), label) if people else None


def _leading_people(text: str) -> list[str]:
    """The people's names a text begins with; units before the first are passed over."""
    people: list[str] = []
    text = _OTHER_LABEL.split(text.lstrip(" :/|(（】]"), maxsplit=1)[0]
    for name in _split_names(_ASIDE.sub(" ", text)):
        bare = name if is_person(name) and not name.endswith("摄") else _DONE.sub("", name)
        if is_person(bare):
            people.append(bare)
        elif people or not is_unit(name):
            break
    return people


def _names_after(flat: str, at: int, people_only: bool) -> list[str]:
    """The names that follow a label: up to a bracket, bar, line end or the next label. On the next line, and with
    `people_only`, only people's names are taken; else the first may be a pen name or a unit."""
    window = flat[at : at + 80].lstrip(" ([（［【")
    line, _, below = window.partition("\n")
    wrapped = not line.strip()
    text = below.lstrip().partition("\n")[0] if wrapped else line
    for pattern in (_NEXT_LABEL, _END):
        if stop := pattern.search(text):
            text = text[: stop.start()]
    names = _split_names(text)
    if wrapped and not (len(text) <= 20 and names and all(is_person(name) for name in names)):
        return []
    kept: list[str] = []
    for name in names:
        latin = name.isascii()
        if is_person(name) or (not kept and not people_only and len(name) <= 20 and _is_somebody(name)):
            kept.append(name)
        elif kept and latin and kept[-1].isascii() and name.isalpha():
            kept[-1] += f" {name}"
        elif not (kept and not people_only and 2 <= len(name) <= 4 and len(kept) < 6 and "、" in text and not latin):
            break
        else:
            kept.append(name)
    return kept


def _is_somebody(name: str) -> bool:
    return name.lower() not in _NOBODY and re.search(r"[A-Za-z\u3400-\u9fff]", name) is not None


def _split_names(text: str) -> list[str]:
    """The words of a list of names, spaced names (`熊 武`) closed up, worker codes (`_NN6565`) cut off."""
    names: list[str] = []
    joining = False
    for word in _SPLIT.split(text.strip()):
        name = re.sub(r"_?[A-Z]{0,3}\d+$", "", word).strip("·.-—_'\"“” *#@<>《》")
        if not name:
            continue
        single = len(name) == 1 and "\u4e00" <= name <= "\u9fff"
        if single and joining:
            names[-1] += name
            joining = False
            continue
        joining = single and is_surname(name)
        names.append(name)
    return names


def _closed(label: str) -> str:
    return re.sub(r"\s", "", label)
