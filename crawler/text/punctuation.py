"""Full-width marks back where a farm made them half-width: beside Chinese characters, not inside numbers or English."""

import re

from crawler.text.gbk_damage import MARKS

_CHINESE = "[\u3400-\u9fff\uf900-\ufaff。，、；：？！“”‘’（）《》〈〉【】「」『』…—％]"
_CHINESE_ONE = re.compile(_CHINESE)
_PAIR = re.compile(r"\(([^()\n]*)\)")
_LONE = re.compile(rf"(?<={_CHINESE})[()]|[()](?={_CHINESE})")
_MARK = re.compile(rf"(?<={_CHINESE})[,;:!?]|[,;:!?](?={_CHINESE})")
# 60%,RCEP: English puts a space after a comma, and a number's comma stands between digits.
_CLAUSE = re.compile(r"(?<=[%)\]\"℃+])[,;](?=[A-Za-z0-9])")


def widen(text: str) -> str:
    """Text with `, ; : ! ? ( )` in full width where a Chinese character or mark stands beside them.

    08:29, 1,000, URLs and English sentences keep theirs. A run of marks is read from its outer ones inwards.
    """
    text = _PAIR.sub(_bracket, text)
    text = _LONE.sub(_wide, text)
    text = _MARK.sub(_wide, text)
    text = _MARK.sub(_wide, text)
    return _CLAUSE.sub(_wide, text)


def _wide(mark: re.Match[str]) -> str:
    return MARKS[mark[0]]


def _bracket(pair: re.Match[str]) -> str:
    text = pair.string
    beside = text[max(0, pair.start() - 1) : pair.start()] + text[pair.end() : pair.end() + 1]
    if _CHINESE_ONE.search(pair[1]) or _CHINESE_ONE.search(beside):
        return f"（{pair[1]}）"
    return pair[0]
