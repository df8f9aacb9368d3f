"""Full-width marks back where a farm made them half-width: beside Chinese characters, never inside numbers or English."""

import re

from crawler.text.gbk_damage import MARKS

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_CHINESE = rf"[{_HAN}。，、；：？！“”‘’（）《》〈〉【】「」…—％]"
_MARK = re.compile(rf"(?<={_CHINESE})[,;:!?]|[,;:!?](?={_CHINESE})")
_PAIR = re.compile(r"\(([^()\n]*)\)")
_LONE = re.compile(rf"(?<={_CHINESE})[()]|[()](?={_CHINESE})")
_CHINESE_ONE = re.compile(_CHINESE)


def widen(text: str) -> str:
    """Text with `, ; : ! ? ( )` in full width where a Chinese character or mark stands beside them."""
    text = _MARK.sub(lambda mark: MARKS[mark[0]], text)
    text = _PAIR.sub(_bracket, text)
    return _LONE.sub(lambda mark: MARKS[mark[0]], text)


def _bracket(pair: re.Match[str]) -> str:
    beside = pair.string[pair.start() - 1 : pair.start()] + pair.string[pair.end() : pair.end() + 1]
    if _CHINESE_ONE.search(pair[1]) or _CHINESE_ONE.search(beside):
        return f"（{pair[1]}）"
    return pair[0]
