"""Byte damage: a simulator of what the farms do, and the way back."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.gbk_repair import encode_pair, readings_at
from crawler.text.restore import restore

TABLE = {
    "國": "guó", "會": "huì", "縣": "xiàn", "業": "yè", "發": "fā", "產": "chǎn", "質": "zhì", "進": "jìn",
    "關": "guān", "個": "gè", "鎮": "zhèn", "達": "dá", "設": "shè", "監": "jiān", "導": "dǎo",
    "專": "zhuān", "驗": "yàn", "請": "qǐng",
}  # fmt: skip
OLD = str.maketrans(
    "国会县业发产质进关个镇达设监导专验请传议评检责员济开东湾红险顾为气响时",
    "國會縣業發產質進關個鎮達設監導專驗請傳議評檢責員濟開東灣紅險顧為氣響時",
)
MARKS = "！？，：；（）。"
HALF = str.maketrans("，；：！？（）", ",;:!?()")
SEPARATOR = b"\x00"


def farm(clean: str, glossed: str = "".join(TABLE)) -> str:
    """What a content farm makes of a text: the replace over GBK bytes that the module under test undoes."""
    raw = clean.translate(OLD).encode("gbk")
    for character in glossed:
        key = character.encode("gbk")
        raw = raw.replace(key, key + f"({TABLE[character]})".encode("gbk"))
    for mark in MARKS:
        raw = raw.replace(mark.encode("gbk"), SEPARATOR + mark.encode("gbk"))
    shown, at = [], 0
    while at < len(raw):
        if raw[at] < 0x80:
            shown.append(chr(raw[at]))
            at += 1
            continue
        pair = raw[at : at + 2]
        at += 2
        shown.append(pair.decode("gb18030") if len(pair) == 2 and pair[1] >= 0x40 and pair[0] > 0x80 else "?")
    return "".join(shown).replace("\0", "").translate(HALF)


HEAD = "全县农业产业质量监管工作会议进一步开展，各乡镇发展食品产业。"
SENTENCES = [
    "会议要求全县企业重视产品质量。县委领导出席会议。",
    "检查组在上海、北京等地开展了检查。",
    "认真传达会议精神。",
    "黄河流域的东海县正在建设检验中心。",
    "因为气候的影响而发生延迟，大家要注意。",
    "为确保食品安全，请各单位及时报告。",
]


def test_simulator_makes_the_forms_of_the_design() -> None:
    assert "會(huì)議??h(xiàn)委" in farm("会议。县委")
    assert farm("认真传达", "鎮達") == "认真?zhèn)鬟_(dá)"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_damage_is_undone(sentence: str) -> None:
    garbled = farm(HEAD + sentence)
    assert garbled != HEAD + sentence
    assert restore(garbled).text == HEAD + sentence


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_damage_is_undone_in_any_order_of_sentences(order: tuple[int, ...]) -> None:
    text = HEAD + "".join(SENTENCES[place] for place in order)
    assert restore(farm(text)).text == text


def test_a_lost_digit_is_marked_never_guessed() -> None:
    garbled = farm(HEAD + "抽检在上海、新疆等37个县开展。")
    assert "7個" in garbled
    assert "37" not in garbled
    restored = restore(garbled)
    assert restored.text == HEAD + "抽检在上海、新疆等□7个县开展。"
    assert [change.doubtful for change in restored.changes if "□" in change.after] == [True]


def test_repairs_are_listed_with_place_and_runner_up() -> None:
    garbled = farm(HEAD + SENTENCES[0])
    repairs = [change for change in restore(garbled).changes if change.kind == "gbk"]
    assert [change.after for change in repairs] == ["。縣"]
    assert garbled[repairs[0].position :].startswith(repairs[0].before)
    assert repairs[0].before.startswith("??h")
    assert repairs[0].runner_up


def test_a_gloss_between_bytes_names_the_lost_one() -> None:
    (found,) = readings_at("?zhèn)鬟_(dá)", 0, "真")
    assert ["傳" in found.slots[0], found.slots[1]] == [True, "達"]


def test_two_bytes_covers_private_use_and_nothing_longer() -> None:
    assert encode_pair("海") == bytes.fromhex("baa3")
    assert len(encode_pair("\ue1a2")) == 2
    assert encode_pair("𠮷") == encode_pair("A") == encode_pair("\ud800") == b""


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5))
def test_restoring_what_the_farm_made_gives_back_the_text(sentences: list[str]) -> None:
    clean = HEAD + "".join(sentences)
    assert restore(farm(clean)).text == clean


@given(st.text(alphabet="?？�国國會(huì)(guó)。，:;!（）ABhfu\ue1a2①缟鬟_8 \n", max_size=200))
def test_never_raises_and_never_grows(noise: str) -> None:
    text = farm(HEAD) + noise
    assert len(restore(text).text) <= len(text)
