"""What search looks up: one token for each character, word and sign, and the folding both sides share."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import crawler.text
from crawler.text.characters import to_simplified
from crawler.text.tokens import MAX_WORD, fold, sequence


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("抽检12批次", ["抽检", "检", "12", "批次", "次"]),
        ("食品，安全\n抽检", ["食品", "品", ",", "安全", "全", "抽检", "检"]),
        ("酒", ["酒"]),
        ("B族0.5g/kg", ["b", "族", "0", ".", "5g", "/", "kg"]),
        ("不合格", ["不合", "¬合格", "格"]),
        ("不不合", ["不不", "¬不合", "¬合"]),
        ("不，合格", ["不", ",", "合格", "格"]),
        ("玉米粉 小米粉", ["玉米", "¬米粉", "粉", "小米", "米粉", "粉"]),
        ("𠮷野家〇三", ["𠮷野", "野家", "家〇", "〇三", "三"]),
        ("\0a\u2003b\u3000\x1f", ["a", "b"]),
        ("", []),
    ],
)
def test_one_token_for_each_character_word_and_sign(text, tokens):
    assert sequence(fold(text)) == tokens


def test_long_words_are_cut():
    assert sequence("a" * (MAX_WORD + 5) + " b") == ["a" * MAX_WORD, "b"]


def test_words_that_others_are_a_part_of_have_two_characters():
    # A pair is marked by what stands before it: a query must know the whole word.
    data = tomllib.loads((Path(crawler.text.__file__).parent / "longer_words.toml").read_text("utf-8"))
    assert {len(word) for word in data["before"]} == {2}


def test_width_case_and_script_make_no_difference():
    assert fold("ＡＢＣ食品監管發揮著㎏") == "abc食品监管发挥着kg"
    assert sequence(fold("食品監督")) == sequence("食品监督")
    # Neither a lone surrogate nor a null byte is a reason to fail.
    assert fold("\ud800\0") == "\ud800\0"


def test_every_han_character_is_simplified():
    # GB 2312 holds these beside the characters that are written for them.
    assert fold("乾夥後徵捱摺於菸著袷麴麽") == "干伙后征挨折于烟着夹曲么"
    every = "\n".join(map(chr, range(0x4E00, 0xA000)))
    assert fold(every).replace("着", "著") == to_simplified(every).replace("着", "著")
