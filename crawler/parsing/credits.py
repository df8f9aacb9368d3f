"""Names in credits: editors and authors, by their roles, in headers, brackets and lines of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.parsing.date_forms import flatten
from crawler.parsing.person_names import is_person, is_surname, is_unit

_GAP = r"\s{0,8}"
_EDITOR = re.compile(
    r"(?<![总主副])(?<!美术)(?<!图片)(?<!摄影)(?<!视觉)"
    rf"(?P<label>(?:责任|責任|值班|执行|本期|网络|网页|网站|新媒体|融媒体|版面|图文|文字|内容|在线|见习|实习)?"
    rf"{_GAP}(?:编{_GAP}辑|編{_GAP}輯)|责{_GAP}编|責{_GAP}編)(?![部室站局员學学委页推器权])"
    rf"(?P<mark>{_GAP}[:/]{_GAP}|(?=[(（])|\s{{1,4}})"
)
_AUTHOR_LABEL = re.compile(
    rf"(?<!关于)(?<!原创)(?P<label>作{_GAP}者(?:单位)?|撰{_GAP}稿人?|撰{_GAP}文|供{_GAP}稿人?|执{_GAP}笔人?|采{_GAP}写|记{_GAP}者|特?约?通讯员"
    rf"|文{_GAP}字|图文|文图|文)(?P<mark>{_GAP}[:|｜]{_GAP}|{_GAP}/{_GAP})"
)
_ROLE = re.compile(
    r"(?P<role>(?:特约|特邀|本报|本网|本台|本刊|全媒体|融媒体|见习|实习|首席|特派|驻[\u4e00-\u9fff]{1,4})*"
    r"(?:记者|通讯员|作者|撰稿人?|撰文|供稿人?|采写|执笔人?|实习生|文字?/图片?|图片?/文字?|图文|文图|文字|文)"
    r"|摄影报道|摄影|摄制|摄像|视频|图片|制图|图|摄|责任编辑|责编|编辑|校对|审核|审稿|监制|终审|初审|复审|一审|二审|三审|来源|翻译|编译|整理|发布人?者?|录入)"
)
_AUTHOR_ROLE = re.compile(r"记者|通讯员|作者|撰稿|撰文|供稿|采写|执笔|实习生|文")
_END = re.compile(r"[\n|｜丨】\])）〕〗〉>。；;！？!?]|\s{2,}(?=[^\s]{5,})")
_NEXT_LABEL = re.compile(
    r"\s{0,8}(?:责任|值班|执行|网络|初审|一审)?(?:编\s{0,6}辑|編輯|责编|校对|审核|审校|审稿|终审|复审|二审|三审|监制|来\s{0,6}源|作\s{0,6}者|记者\s?:|摄影|图片|时间|日期"
    r"|发布|更新|浏览|阅读|点击|字体|字号|分享|打印|关闭|上一[篇页]|下一[篇页]|相关|标签|关键|版权|返回|扫一扫|原标题|来稿|主编|总编|值班|签发|电话|投稿|【)"
)
_BRACKET = re.compile(r"[(（【\[]([^()（）【】\[\]\n]{2,60})[)）】\]]")
_SPLIT = re.compile(r"[\s、,，;；/&＆|｜·]*[\s、,，;；/&＆|｜]+[\s、,，;；/&＆|｜·]*|和(?=[\u4e00-\u9fff]{2,3}$)")
_NOBODY = frozenset(
    [
        "佚名",
        "匿名",
        "未知",
        "不详",
        "无名",
        "admin",
        "管理员",
        "系统管理员",
        "网站管理员",
        "无",
        "本站",
        "本网",
        "原创",
    ]
)


@dataclass(frozen=True)
class Credit:
    """Names joined by `、`, and the label they were found by."""

    value: str
    label: str


def editor_names(header: str, tail: str) -> Credit | None:
    """The 责任编辑 of header or tail, else another 编辑; None where there is none or its label is empty."""
    best: tuple[int, Credit] | None = None
    for text in (header, tail):
        flat = _flat(text)
        for found in _EDITOR.finditer(flat):
            names = _names_after(
                flat, found.end(), strict=found["mark"].strip() == "" and "(" not in flat[found.end() : found.end() + 1]
            )
            if not names:
                continue
            label = re.sub(r"\s", "", found["label"])
            rank = 0 if label in {"责任编辑", "責任編輯", "责编", "責編"} else 1 if label in {"编辑", "編輯"} else 2
            if best is None or rank < best[0]:
                best = rank, Credit("、".join(names), label)
    return best[1] if best else None


def author_in_header(header: str) -> Credit | None:
    """Who a header says wrote it: after 作者, 记者, 通讯员, 撰稿 …; None where only a placeholder stands there."""
    flat = _flat(header)
    unit = None
    for found in _AUTHOR_LABEL.finditer(flat):
        label = re.sub(r"\s", "", found["label"])
        names = _names_after(flat, found.end(), strict=False)
        if not names:
            continue
        if any(not is_unit(name) for name in names):
            return Credit("、".join(names), label)
        unit = unit or Credit("、".join(names), label)
    return unit or _bare_reporters(flat)


def _bare_reporters(flat: str) -> Credit | None:
    for line in re.split(r"\n|\s{2,}", flat):
        if len(line) <= 60 and (credit := _credit(line)):
            return credit
    return None


def author_in_credits(tail: str, lead: str = "") -> Credit | None:
    """Who signs an article at its end, or in its first line: labelled, with a role, or by a bare name in brackets."""
    flat = _flat(tail)
    labelled = None
    for found in _AUTHOR_LABEL.finditer(flat):
        if names := [name for name in _names_after(flat, found.end(), strict=True) if is_person(name)]:
            labelled = Credit("、".join(names), re.sub(r"\s", "", found["label"]))
    if labelled:
        return labelled
    for text in (flat, _flat(lead)):
        signed = None
        for line in text.split("\n"):
            for inner in _BRACKET.findall(line):
                signed = _credit(inner) or signed
            if len(line.strip()) <= 40:
                signed = _credit(line.strip(" □■◎○●▲△◆◇☆★-—")) or signed
        if signed:
            return signed
    bare = None
    for line in flat.split("\n"):
        found = re.search(r"[(（【\[]([^()（）【】\[\]\n]{2,24})[)）】\]]\s{0,4}$", line)
        if found:
            names = _split_names(found[1])
            people = [name for name in names if is_person(name)]
            if people and all(is_person(name) or is_unit(name) for name in names):
                bare = Credit("、".join(people), "()")
    return bare


def _credit(text: str) -> Credit | None:
    """The authors of a credit such as `本报记者 甲 乙 通讯员 丙 摄影 丁`; None where it names no author's role."""
    roles = list(_ROLE.finditer(text))
    if not roles:
        return None
    people: list[str] = []
    label = ""
    for index, found in enumerate(roles):
        if not _AUTHOR_ROLE.search(found["role"]):
            continue
        stop = roles[index + 1].start() if index + 1 < len(roles) else len(text)
        names = _leading_people(text[found.end() : stop].lstrip(" :/|｜"))
        if not names and found["role"].startswith(("文", "供稿", "撰")) and index == 0:
            names = _leading_people(text[: found.start()].rstrip(" /|｜"))
        people += [name for name in names if name not in people]
        label = label or (found["role"] if names else "")
    return Credit("、".join(people), label) if people else None


def _leading_people(text: str) -> list[str]:
    people = []
    for name in _split_names(text):
        bare = re.sub(r"(?:报道|综合|整合|采写|整理|摄|文|图)$", "", name)
        if not is_person(bare):
            break
        people.append(bare)
    return people


def _names_after(flat: str, at: int, strict: bool) -> list[str]:
    """The names that follow a label: up to a bracket, bar, line end or the next label. `strict` wants people's names;
    otherwise the first may be a pen name or a unit."""
    window = flat[at : at + 60]
    line = window.lstrip(" ([（［【").split("\n")[0]
    wrapped = False
    if not line.strip():
        rest = window.lstrip().split("\n")[0].strip()
        line, wrapped = rest, True
    for pattern in (_NEXT_LABEL, _END):
        if stop := pattern.search(line):
            line = line[: stop.start()]
    names = _split_names(line)
    if wrapped and not (names and all(is_person(name) for name in names)):
        return []
    kept: list[str] = []
    for index, name in enumerate(names):
        if is_person(name):
            kept.append(name)
        elif index == 0 and not strict and len(name) <= 20 and name.lower() not in _NOBODY and not name.isdigit():
            kept.append(name)
        elif kept and not strict and re.fullmatch(r"[A-Za-z][a-z]+", name) and re.fullmatch(r"[A-Za-z. ]+", kept[-1]):
            kept[-1] += f" {name}"
        else:
            break
    return kept


def _split_names(text: str) -> list[str]:
    """The words of a list of names, spaced names (`熊 武`) closed up, worker codes (`_NN6565`) cut off."""
    words = [re.sub(r"_?[A-Z]{0,3}\d+$", "", word).strip("·.-—_:'\"“” ") for word in _SPLIT.split(text.strip())]
    names: list[str] = []
    joining = False
    for word in words:
        if not word:
            continue
        single = len(word) == 1 and "\u4e00" <= word <= "\u9fff"
        if single and joining and len(names[-1]) < 3:
            names[-1] += word
            joining = len(names[-1]) < 2
            continue
        joining = single and is_surname(word)
        names.append(word)
    return names


def _flat(text: str) -> str:
    return "\n".join(flatten(line) for line in text.split("\n"))
