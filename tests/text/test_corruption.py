"""The gate: which documents are garbled or traditional."""

import pytest

from crawler.text.glosses import detect_corruption

GARBLED = "全縣食品安全監(jiān)管工作會議召開,各鄉(xiāng)鎮(zhèn)負責人參加會議。"


def test_toned_glosses_on_traditional_characters_are_garbled() -> None:
    found = detect_corruption(GARBLED)
    assert found.garbled
    assert found.traditional
    assert found.annotated == {"監", "鄉", "鎮"}


def test_untoned_glosses_need_more_of_them() -> None:
    assert detect_corruption("新(xin)華社記(ji)者(zhe)在北京(jing)報道會(hui)(hui)議(yi)").garbled
    assert not detect_corruption("新(xin)華社記(ji)者報道會議").garbled


def test_simplified_text_glossed_again_and_again_is_garbled() -> None:
    assert detect_corruption(
        "会(huì)议强调食(shí)品安全，会(huì)上通报食(shí)品抽检(jiǎn)，会(huì)后食(shí)品企业受检(jiǎn)。"
    ).garbled


@pytest.mark.parametrize(
    "sound",
    [
        "",
        "县市场监管局开展食品安全检查。",
        "亓(qí)某经营的小店未按规定索证。",
        "生僻字进身份证：犇(bēn)、骉(biāo)、羴(shān)、猋(biāo)、鱻(xiān)等字可以打印了。",
        "多音姓氏要读准：单(shàn)、任(rén)、华(huà)、解(xiè)、仇(qiú)、区(ōu)、朴(piáo)、查(zhā)、盖(gě)，登记时请核对。",
        "检出苯(benzene)和苯甲酸(benzoic acid)。",
        "店招“發記”与“龍鳳樓”均已备案，其余门店按期整改并接受复查，消费者可放心选购各类合格食品。",
    ],
)
def test_sound_simplified_text_passes(sound: str) -> None:
    assert not detect_corruption(sound)


def test_traditional_text_without_glosses_is_traditional_only() -> None:
    found = detect_corruption("臺北市政府衛生局公布抽驗結果,請業者儘速改善。")
    assert found.traditional
    assert not found.garbled
    assert not found.annotated
