"""Half-width marks back to full width, by context."""

import pytest

from crawler.text.restore import to_fullwidth


@pytest.mark.parametrize(
    ("half", "wide"),
    [
        ("会议强调,要抓好落实;同时:做到!真的吗?", "会议强调，要抓好落实；同时：做到！真的吗？"),
        ("全县(含乡镇)8家,共(3家)", "全县（含乡镇）8家，共（3家）"),
        ("今天(8月13日),交易会开幕", "今天（8月13日），交易会开幕"),
        ("一种装置(202120983042.7)、另一种", "一种装置（202120983042.7）、另一种"),
        ("占60%,RCEP生效后", "占60%，RCEP生效后"),
        ("什么?!", "什么？！"),
    ],
)
def test_marks_beside_chinese_are_widened(half: str, wide: str) -> None:
    assert to_fullwidth(half) == wide


@pytest.mark.parametrize(
    "kept",
    ["08:29", "1,000", "https://example.org/a?b=1;c", "Hello, world! (ok)", "f(a,b)", "15:0", "React (2024), Vue"],
)
def test_numbers_addresses_and_english_stay(kept: str) -> None:
    assert to_fullwidth(kept) == kept
