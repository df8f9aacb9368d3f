"""Lines that are not text of the article: about the site, buttons, players."""

from __future__ import annotations

import pytest

from crawler.parsing.line_kinds import is_legal, is_tool


@pytest.mark.parametrize(
    "line",
    [
        *(
            "版权所有：某县人民政府",
            "版权归某报所有",
            "免责声明",
            "未经授权不得转载",
            "禁止转载",
            "谢绝转载",
            "转载请注明出处",
        ),
        *(
            "浙ICP备12345678号",
            "浙icp备12345678号",
            "浙公网安备 3300号",
            "网站标识码：3311210001",
            "违法和不良信息举报",
        ),
        *(
            "互联网新闻信息服务许可证",
            "信息网络传播视听节目许可证",
            "广播电视节目制作经营许可证",
            "增值电信业务许可证",
        ),
        *(
            "网络文化经营许可证",
            "网站备案号：1",
            "网备案号：1",
            "侵权请联系删除",
            "侵犯权益的请联系",
            "建议使用IE浏览器",
        ),
        *("推荐使用谷歌浏览器", "客户端下载", "登录后查看", "注册账号", "仅代表作者本人", "不代表本网观点"),
        *("Copyright 2024", "COPYRIGHT", "all rights reserved", "ALL RIGHTS RESERVED"),
    ],
)
def test_rights_and_rules_of_a_site_are_known(line: str) -> None:
    assert is_legal(line)
    assert is_legal(f"某县 {line} 结束")


@pytest.mark.parametrize("line", ["食品经营许可证", "举报电话：12315", "依法承担法律责任", "公司不在转角"])
def test_what_food_news_says_is_not_taken_for_them(line: str) -> None:
    assert not is_legal(line)


@pytest.mark.parametrize(
    "line",
    [
        "00:00/03:12",
        "2.0X",
        "1.5倍",
        "倍速",
        "超清",
        "循环播放",
        "正在为您切换到高清,请稍候...",
        "展开全文",
        "微信扫码分享",
        "+关注",
        "举报",
        "不感兴趣",
    ],
)
def test_furniture_of_players_feeds_and_accounts(line: str) -> None:
    assert is_tool(line)


@pytest.mark.parametrize(
    "line", ["08:30", "29", "50%", "直播间带货须公示许可证", "关注食品安全", "举报电话：12315", "高清摄像头装进后厨"]
)
def test_short_lines_of_articles_stay(line: str) -> None:
    assert not is_tool(line)
