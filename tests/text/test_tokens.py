"""What search looks up: pairs, words, and the folding both sides share."""

from __future__ import annotations

from crawler.text.characters import to_simplified
from crawler.text.tokens import MAX_BODY_LENGTH, fold, tokens


def test_pairs_and_words_of_title_and_body():
    assert tokens("抽检12批次", "B族维生素 0.5g/kg。酒") == [
        *("^12", "^抽检", "^批次", "12", "抽检", "批次"),
        *("b", "0", "5g", "kg", "族维", "维生", "生素"),
    ]
    assert tokens(None, None) == []


def test_no_pair_across_punctuation_or_lines():
    assert tokens("", "食品，安全\n抽检") == ["食品", "安全", "抽检"]


def test_width_case_and_script_make_no_difference():
    assert fold("ＡＢＣ食品監管發揮著㎏") == "abc食品监管发挥着kg"
    assert tokens("", "食品監督") == tokens("", "食品监督")
    # Neither a lone surrogate nor a null byte is a reason to fail.
    assert fold("\ud800\0") == "\ud800\0"


def test_every_han_character_is_simplified():
    # GB 2312 holds these beside the characters that are written for them.
    assert fold("乾夥後徵捱摺於菸著袷麴麽") == "干伙后征挨折于烟着夹曲么"
    every = "\n".join(map(chr, range(0x4E00, 0xA000)))
    assert fold(every).replace("着", "著") == to_simplified(every).replace("着", "著")


def test_rare_characters_are_characters():
    assert tokens("", "𠮷野家〇三") == ["𠮷野", "野家", "家〇", "〇三"]


def test_only_what_a_reader_reads_is_searched():
    assert tokens("", "食品" * MAX_BODY_LENGTH + "尾巴") == ["食品", "品食"]
