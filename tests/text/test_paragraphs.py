from __future__ import annotations

from crawler.text.fingerprint import paragraph_changes


def test_what_went_and_what_came_in_the_order_of_the_text() -> None:
    old = "抽检四十二批。\n两家作坊改正。\n下周回头看。"
    new = "抽检四十三批。\n两家作坊改正。\n下周回头看。\n更正：批次有误。"
    assert paragraph_changes(old, new) == ["- 抽检四十二批。", "+ 抽检四十三批。", "…", "+ 更正：批次有误。"]


def test_equal_and_empty_texts() -> None:
    assert paragraph_changes("甲\n乙", "甲\n乙") == []
    assert paragraph_changes(None, None) == []
    assert paragraph_changes(None, "甲") == ["+ 甲"]
    assert paragraph_changes("甲", None) == ["- 甲"]


def test_versions_too_long_to_read_give_one_sentence() -> None:
    assert paragraph_changes("甲\n" * 3000, "乙\n" * 4000) == ["3000 paragraphs became 4000"]
    assert paragraph_changes("甲" * 150_000, "乙" * 150_000) == ["1 paragraphs became 1"]
