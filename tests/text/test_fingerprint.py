"""Hashes of whole texts and of pieces: what must be equal, what must not, and how much work a text may cause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.text.fingerprint import MAX_HASHES, content_hash, fingerprint, normalise

STORY = (
    "西山县市场监督管理局近日对全县十二家米粉作坊开展突击检查。执法人员重点查看了原料进货票据、"
    "浸泡用水和成品留样，现场快速检测米粉四十二批，发现两家作坊未按规定公示从业人员健康证明。\n"
    "该局已责令两家作坊三日内改正，并将在下周组织回头看。局长于向晚表示，米粉是当地人的早餐，不能有半点马虎。\n"
    "据介绍，西山县今年已建成一个共享检测点，作坊主可以免费送检，结果当天张贴在村务公开栏。"
)


def test_normalise_keeps_letters_and_digits_alone() -> None:
    assert normalise("ＡＢＣ１２３，“食品”　安全\n(通告)①") == "abc123食品安全通告1"


def test_copies_are_equal_whatever_their_width_and_breaks() -> None:
    copy = STORY.replace("，", ", ").replace("。", "．\n\n　　").replace("、", "/")
    assert content_hash("甲", STORY) == content_hash("乙", copy)


def test_one_other_digit_is_another_text() -> None:
    assert content_hash("甲", STORY) != content_hash("甲", STORY.replace("四十二批", "四十三批"))


def test_a_short_body_counts_with_its_title_alone() -> None:
    assert content_hash("关于甲超市的通告", "请点击附件查看") != content_hash("关于乙超市的通告", "请点击附件查看")
    assert content_hash("关于甲超市的通告", "请点击附件查看") == content_hash("关于甲超市的通告", "请点击附件查看。")


def test_a_page_of_pictures_is_a_copy_of_nothing() -> None:
    assert content_hash("图片新闻", "") is None
    assert content_hash("图片新闻", None) is None
    assert content_hash("图片新闻", "……\n——") is None
    assert fingerprint("图片新闻", "") == []
    assert fingerprint("图片新闻", "请点击附件查看") == []


def test_counters_and_stamps_are_no_version() -> None:
    page = "浏览次数：{} 分享：{}\n" + STORY + "\n页面生成时间：2026-03-0{} 08:00:0{}"
    assert content_hash("甲", page.format(318, 2, 1, 5)) == content_hash("甲", page.format(4711, 13, 2, 7))
    assert content_hash("甲", f"阅读{STORY}") != content_hash("甲", f"阅读100本{STORY}")


def test_a_reprint_keeps_most_pieces() -> None:
    lines = STORY.split("\n")
    cut = f"本报讯（记者 白一桥）{lines[0]}\n{lines[1]}……\n（责任编辑：古月）"
    shared = set(fingerprint("甲", STORY)) & set(fingerprint("乙", cut))
    assert len(shared) >= 6
    moved = "\n".join(reversed(lines))
    assert len(set(fingerprint(None, STORY)) & set(fingerprint(None, moved))) >= 10


def test_pieces_fit_a_database() -> None:
    pieces = fingerprint(None, STORY)
    assert 8 <= len(pieces) <= MAX_HASHES
    assert pieces == sorted(set(pieces))
    assert all(-(2**63) <= piece < 2**63 for piece in pieces)


def test_pieces_are_the_same_in_every_process_and_version() -> None:
    # Stored in databases: a change here needs `scrapy reindex`.
    assert fingerprint(None, STORY)[:2] == [-8748062548067692561, -8628421793927446451]
    assert content_hash(None, STORY) == "ffac0b13200ff57f0ef956d0b97040d8"


def test_five_megabytes_are_bounded_work() -> None:
    assert 8 <= len(fingerprint(None, STORY * 9000)) <= MAX_HASHES
    assert content_hash(None, STORY * 9000) != content_hash(None, STORY * 8999)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_has_keys(text: str) -> None:
    assert len(fingerprint(text, text)) <= MAX_HASHES
    assert content_hash(text, text) == content_hash(text, text + " ")
