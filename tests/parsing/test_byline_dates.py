"""Dates of bylines in the rarer forms: in several blocks, of blogs, of laws, below the text, relative."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.items import Article
from crawler.parsing.article import extract
from crawler.parsing.byline import Byline, read_byline
from crawler.parsing.dates import CST
from crawler.parsing.page import Page

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
TEXT = "县市场监管局今天检查了三所学校的食堂，要求严格落实责任，检查结果将在网站公布。"


def read(header: str, tail: str = "", **options: bool) -> Byline:
    return read_byline(header, tail, now=NOW, **options)


def day(found: Byline) -> str | None:
    return f"{found.published.value:%Y-%m-%d %H:%M}" if found.published and found.published.value else None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        # day and month in neighbouring blocks
        ("05\n2024-03\n来源：东湖晨报", "2024-03-05 00:00"),
        ("5\n2024年3月", "2024-03-05 00:00"),
        ("05\n3月\n2024\n字体", "2024-03-05 00:00"),
        ("03-05\n2024", "2024-03-05 00:00"),
        ("2020\n07/08\n16:37", "2020-07-08 16:37"),
        ("12\nMar 2024", "2024-03-12 00:00"),
        # month names of blogs
        ("三月 5, 2024", "2024-03-05 00:00"),
        ("三月 5, 2024 陈小雨", "2024-03-05 00:00"),
        ("发表于 5 十二月, 2023 | 留言", "2023-12-05 00:00"),
        # the day on which a law was adopted is not the day of publication
        ("（2024年1月5日溪口县第十七届人民代表大会常务委员会第三次会议通过）", None),
        ("（2019年5月1日起施行）", None),
        ("2023年12月1日县人大常委会会议通过 2024年3月1日起施行\n发布时间：2024-01-02", "2024-01-02 00:00"),
        # numbers in neighbouring blocks that are not a date
        ("12\n345\n评论", None),
    ],
)
def test_header(header: str, expected: str | None) -> None:
    assert day(read(header)) == expected


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (f"{TEXT}\n2024-03-05 11:42:03\n举报", "2024-03-05 11:42"),
        (f"{TEXT}\n2024年3月5日 09:10\n分享到", "2024-03-05 09:10"),
        # a signature below a notice has no time, a comment follows its writer's name
        (f"{TEXT}\n溪口县市场监管局\n2024年3月5日", None),
        (f"{TEXT}\n评论\n路人甲\n2024-03-05 11:42:03", None),
    ],
)
def test_below_the_text(tail: str, expected: str | None) -> None:
    assert day(read("", tail)) == expected


@pytest.mark.parametrize("header", ["昨天 10:20", "3小时前 东湖晨报", "刚刚"])
def test_a_saved_page_has_no_relative_date(header: str) -> None:
    assert day(read(header)) is not None
    assert day(read(header, relative=False)) is None
    html = f"<h1>溪口县检查学校食堂</h1><p>{header}</p><div>" + f"<p>{TEXT}</p>" * 4 + "</div>"
    dates = []
    for is_saved in (False, True):
        article = extract(Page.from_bytes(html.encode(), is_saved=is_saved), (), NOW)
        assert isinstance(article, Article)
        dates.append(article.published_at is not None)
    assert dates == [True, False]
