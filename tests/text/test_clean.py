"""Plain text as people read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.clean import clean_line, clean_text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\u3000\u3000第一段\u200b内容\u00a0 8 家\r\n\r\n\t第二段", "第一段内容 8 家\n第二段"),
        ("甲\u2028乙\x0b丙\x85丁", "甲\n乙\n丙\n丁"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("抽检，，，合格。。", "抽检，合格。"),
        ("等等。。。。。。", "等等……"),
        ("真的？？？", "真的？？？"),
        ("合格率98.5%……——", "合格率98.5%……——"),
        ("?quot;双县?quot;创建&amp;nbsp;开始", '"双县"创建 开始'),
        ("正文结束。【纠错】【打印】", "正文结束。"),
        ("\ufeff标题\u202e", "标题"),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@pytest.mark.parametrize(
    "line",
    [
        "扫一扫在手机打开当前页",
        "打印本页 关闭窗口",
        "【打印】 【关闭】",
        "[打印本页]",
        "分享到：微信 微博 QQ空间",
        "分享到",
        "字体：[大 中 小]",
        "上一篇：关于食品安全的通知",
        "当前位置：首页 > 要闻",
        "浏览次数：1024次",
        "返回顶部",
        "广告",
        "相关阅读：",
    ],
)
def test_furniture_goes(line: str) -> None:
    assert clean_text(f"前一段。\n{line}\n后一段。") == "前一段。\n后一段。"


@pytest.mark.parametrize(
    "line",
    [
        "打印店未取得食品经营许可证",
        "分享到这些经验的企业表示受益很多。",
        "扫一扫二维码，即可查询产品追溯信息。",
        "广告法实施条例修订",
        "关闭窗口期的三家企业",
        "推荐优秀企业12家",
        "苏老五（北京）食品有限公司 ¥12.50",
        "URL https://example.org/?a=1&b=2",
    ],
)
def test_sentences_and_names_stay(line: str) -> None:
    assert clean_text(line) == line


def test_clean_line() -> None:
    assert clean_line(" 关于\u3000召开\n会议的\u200b通知 ") == "关于 召开 会议的通知"
    assert clean_line("\u200b\u3000\n") is None


@given(st.text(max_size=200))
def test_cleaning_twice_changes_nothing_and_never_grows(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
