"""Traditional → simplified."""

import pytest

from crawler.text.characters import simplified_only, simplify_character, to_simplified, traditional_only


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("發揮著重要作用", "发挥着重要作用"),
        ("讀原著、學原文", "读原著、学原文"),
        ("顯著提升 著名 專著", "显著提升 著名 专著"),
        ("餓了么", "饿了么"),
        ("菜薹上市", "菜薹上市"),
        ("衆多羣衆在臺灣關注産品爲何漲價", "众多群众在台湾关注产品为何涨价"),
        ("北京ABC 123", "北京ABC 123"),
    ],
)
def test_conversion(old: str, new: str) -> None:
    assert to_simplified(old) == new


def test_single_characters() -> None:
    assert [simplify_character(character) for character in "縣后里A。"] == ["县", "后", "里", "A", "。"]


def test_what_belongs_to_one_script_only() -> None:
    assert {"縣", "國", "發"} <= traditional_only()
    assert traditional_only().isdisjoint("后里于著么乾安全")
    assert {"县", "国", "发"} <= simplified_only()
