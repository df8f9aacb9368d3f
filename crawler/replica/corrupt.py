"""What a content farm does to a text, forwards: a replacing of bytes in GBK that does not know where characters begin.

The farm makes the text traditional, then replaces bytes: some characters get their reading behind them, and every
full-width mark a blank before it. Where the two bytes looked for lie across two characters, the replacement tears both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

MARKS = "，？！：；（）"
HALF_WIDTH = str.maketrans(MARKS, ",?!:;()")
# One traditional character of three is in the farm's list of readings.
GLOSSED_SHARE = 3


def corrupt(line: str) -> str:
    """`line` (clean simplified text) as the farm shows it: traditional, with glosses and lost bytes."""
    traditional = _converter().convert(line)
    data = traditional.encode("gb18030")
    for entry, replacement in _entries(traditional).items():
        data = data.replace(entry, replacement)
    shown = _read_pairs(data)
    for mark in MARKS:
        shown = shown.replace(f" {mark}", mark)
    return shown.translate(HALF_WIDTH)


def _entries(traditional: str) -> dict[bytes, bytes]:
    """What is looked for and what it becomes, for the characters of `traditional`."""
    from pypinyin import Style, lazy_pinyin

    simplified = _converter("tw2s.json").convert(traditional)
    entries = {mark.encode("gb18030"): b" " + mark.encode("gb18030") for mark in MARKS}
    for old, new in zip(traditional, simplified, strict=True):
        if old != new and ord(old) % GLOSSED_SHARE == 0:
            reading = lazy_pinyin(old, style=Style.TONE)[0]
            entries[old.encode("gb18030")] = f"{old}({reading})".encode("gb18030")
    return entries


def _read_pairs(data: bytes) -> str:
    """`data` as a GBK reader without recovery sees it: a pair it does not know is a question mark."""
    shown: list[str] = []
    place = 0
    while place < len(data):
        size = 1 if data[place] < 0x80 else 2
        pair = data[place : place + size]
        place += size
        try:
            shown.append(pair.decode("gbk"))
        except UnicodeDecodeError:
            shown.append("?")
    return "".join(shown)


@lru_cache(maxsize=2)
def _converter(name: str = "s2tw.json") -> Any:
    from opencc import OpenCC

    return OpenCC(name)
