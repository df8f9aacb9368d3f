"""Pinyin glosses: out where they read the character before them, in everywhere else."""

import pytest

from crawler.text.glosses import is_reading, list_readings, strip_glosses, strip_tones

# Its last byte and the letter F are 團 to a table of byte pairs.
STRADDLED = bytes.fromhex("b988").decode("gbk")


@pytest.mark.parametrize(
    ("glossed", "plain"),
    [
        ("安全網(wǎng)站", "安全網站"),
        ("會(hui)(hui)議(yi)", "會議"),
        ("都(yào / yāo)要(yào)", "都(yào / yāo)要"),
        ("要(yào / yāo)講(jiǎng)", "要講"),
        ("了(le/liǎo)解", "了解"),
        ("質( zhì )量", "質量"),
        ("質（zhì）量", "質量"),
        ("綠(lǜ)色、綠(lv)色、綠(lü)色、女(nǚ)、女(nu)", "綠色、綠色、綠色、女、女"),
        ("銀行(háng)行(xíng)長(zhǎng)長(cháng)", "銀行行長長"),
        (f"{STRADDLED}F(tuán)結", f"{STRADDLED}F結"),
    ],
)
def test_glosses_that_read_their_character_go(glossed: str, plain: str) -> None:
    assert strip_glosses(glossed)[0] == plain


@pytest.mark.parametrize(
    "kept",
    ["苯(benzene)", "(潘媛)", "(dōng)", "東(西)", "F(x)", "記者(王小明)", "網(wang1)", "質(hǎo)", "網 (wǎng)", "A(ā)"],
)
def test_other_brackets_stay(kept: str) -> None:
    assert strip_glosses(kept) == (kept, [])


def test_every_gloss_is_listed_with_its_place() -> None:
    assert strip_glosses("東(dōng)海和會(hui)(hui)議")[1] == [(1, "(dōng)"), (10, "(hui)"), (15, "(hui)")]


def test_readings_hold_toned_and_bare_forms() -> None:
    assert {"zhòng", "chóng", "zhong", "chong"} <= list_readings("重")
    assert list_readings("A") == list_readings("") == frozenset()
    assert (strip_tones("lǜ"), strip_tones("nüè"), strip_tones("xiàn")) == ("lv", "nve", "xian")


def test_one_right_alternative_is_enough() -> None:
    assert is_reading("和", "hé / huò")
    assert not is_reading("和", "wǎng / bēi")
