"""Dates inside longer texts, addresses and list rows; any text at all."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.parsing.dates import (
    CST,
    REASONS,
    YearMonth,
    date_from_url,
    find_dates,
    label_rank,
    month_from_url,
    read_date,
    read_month_day,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)  # a Monday


def test_find_dates_in_a_header() -> None:
    header = "发布时间：2019-07-05 08:29  更新时间: 2019年7月6日  来源：青田县政府 浏览次数：12"
    first, second = find_dates(header, NOW)
    assert (first.label, first.reading.precision) == ("发布时间", "minute")
    assert header[first.start : first.end] == "2019-07-05 08:29"
    assert (second.label, second.reading.precision) == ("更新时间", "day")
    assert header[second.start : second.end] == "2019年7月6日"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("开始时间：2024-05-08 结束时间：2024-05-10", ["开始时间", "结束时间"]),
        ("成文日期: 2023年5月11日 发布日期：2023-05-16", ["成文日期", "发布日期"]),
        ("新华网河北频道 ( 2012-06-04 09:20:26 ) 稿件来源： 河北日报", [None]),
        ("来源：某某日报 2024-10-17 08:03", [None]),
        ("发稿时间：\n2024-05-20 13:15:00", ["发稿时间"]),
        ("日　　期：2024-05-20", ["日期"]),
        ("Fri, 05 Jul 2019 00:29:00 GMT and July 6, 2019", [None, None]),
        ("文号 20190705 号，电话 13812345678", []),
    ],
)
def test_find_dates_labels(text: str, labels: list[str | None]) -> None:
    assert [found.label for found in find_dates(text, NOW)] == labels


def test_find_dates_tells_why_one_is_no_date() -> None:
    found = find_dates("2019-02-30 与 2030-01-01 与农历2019年6月3日 与 2019-07-05", NOW)
    assert [hit.reading.reason for hit in found] == ["impossible", "future", "lunar", None]


def test_label_rank_prefers_publication() -> None:
    labels = ["成文日期", "更新时间", None, "发布时间"]
    assert sorted(labels, key=label_rank) == ["发布时间", None, "更新时间", "成文日期"]
    assert label_rank("开始时间") == label_rank("成文日期") == 3


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.example.gov.cn/202306/t20230608_2213652.shtml", "2023-06-08"),
        ("http://www.example.gov.cn/art/2022/1/20/art_12377_1486865.html", "2022-01-20"),
        ("http://www.example.gov.cn/xw/2019-07-05/1234.html", "2019-07-05"),
        ("http://www.example.gov.cn/2022/08-11/2559082.html", "2022-08-11"),
        ("http://www.example.gov.cn/20240511/0f1e2d3c4b5a69788796a5b4c3d2e1f0.html", "2024-05-11"),
        ("http://www.example.gov.cn/10462/10595/2020/9/15/0f1e2d3c4b5a69788796a5b4c3d2e1f0.shtml", "2020-09-15"),
        ("http://paper.example.cn/html/2026-08/13/content_193654.htm", "2026-08-13"),
        ("http://paper.example.cn/xzrb/202202/13/content_128707.html", "2022-02-13"),
        ("http://www.example.cn/n1/2019/0705/c1001-31215555.html", "2019-07-05"),
        ("http://www.example.edu.cn/2022/0930/c123a456/page.htm", "2022-09-30"),
        ("http://www.example.com/a/20190705A0B1C2D3.html", "2019-07-05"),
        ("http://www.example.gov.cn/files/P020190705512345678.pdf", "2019-07-05"),
    ],
)
def test_date_from_url(url: str, expected: str) -> None:
    reading = date_from_url(url)
    assert (reading.value, reading.precision) == (datetime.fromisoformat(expected).replace(tzinfo=CST), "day")


@pytest.mark.parametrize(
    ("url", "reason", "hint"),
    [
        ("http://www.example.gov.cn/ycsrmzf/tjgb/202305/0f1e2d3c4b5a6978.shtml", "no_day", YearMonth(2023, 5)),
        ("http://www.example.gov.cn/jyt/c110634/202511/174240943.shtml", "no_day", YearMonth(2025, 11)),
        ("http://www.example.gov.cn/2023/10/abc.html", "no_day", YearMonth(2023, 10)),
        ("http://www.example.gov.cn/art/2025/art_0f1e2d3c.html", "no_day", YearMonth(2025)),
        ("http://www.example.gov.cn/content/post_9360641.html", "no_date", None),
        ("http://www.example.gov.cn/info/1042/20311.htm", "no_date", None),
        ("http://www.example.gov.cn/t18993630.shtml", "no_date", None),
        ("http://www.example.gov.cn/content/detail/62a5b2019070512ff.html", "no_date", None),
        ("http://www.example.gov.cn/a.html?d=20190705", "no_date", None),
        ("http://www.example.gov.cn/20190230/1.html", "impossible", YearMonth(2019, 2)),
        ("http://[broken", "no_date", None),
    ],
)
def test_url_without_a_day(url: str, reason: str, hint: YearMonth | None) -> None:
    assert date_from_url(url).reason == reason
    assert month_from_url(url) == hint


def test_url_of_the_future_is_refused() -> None:
    assert date_from_url("http://www.example.gov.cn/20291231/1.html", NOW).reason == "future"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CST)


@pytest.mark.parametrize(
    ("text", "hint", "neighbours", "expected"),
    [
        ("07-05", YearMonth(2019, 7), [], at("2019-07-05")),
        ("[07-05]", YearMonth(2019), [], at("2019-07-05")),
        ("7月5日", YearMonth(2019, 7), [], at("2019-07-05")),
        ("07/05 08:29", YearMonth(2019, 7), [], at("2019-07-05 08:29")),
        ("12-31", YearMonth(2020, 1), [], at("2019-12-31")),
        ("01-02", YearMonth(2019, 12), [], at("2020-01-02")),
        ("12-31", None, [at("2020-01-02")], at("2019-12-31")),
        ("01-02", None, [at("2019-12-31")], at("2020-01-02")),
        ("07-05", None, [at("2019-07-09"), at("2018-01-01")], at("2019-07-05")),
        ("02-29", None, [at("2020-03-09")], at("2020-02-29")),
    ],
)
def test_month_and_day_of_a_list_row(
    text: str, hint: YearMonth | None, neighbours: list[datetime], expected: datetime
) -> None:
    assert read_month_day(text, NOW, hint, neighbours).value == expected


@pytest.mark.parametrize(
    ("text", "hint", "reason"),
    [
        ("07-05", None, "no_year"),
        ("07-05", YearMonth(2019, 1), "no_year"),
        ("02-30", YearMonth(2019, 2), "impossible"),
        ("12-01", YearMonth(2026, 12), "future"),
        ("19-07-05", YearMonth(2019, 7), "no_date"),
        ("2019-07-05", YearMonth(2019, 7), "no_date"),
        ("更多", YearMonth(2019, 7), "no_date"),
    ],
)
def test_list_row_refused(text: str, hint: YearMonth | None, reason: str) -> None:
    assert read_month_day(text, NOW, hint).reason == reason


PIECES = st.sampled_from(
    [
        *"0123456789年月日时分:-/. 十二〇前天周上下午TZ+",
        "2019",
        "二〇一九",
        "Jul",
        "昨",
        "GMT",
        "小时前",
        "农历",
        "&#32;",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)))
def test_any_text_gives_a_reading(text: str) -> None:
    reading = read_date(text, NOW)
    assert (reading.value is None) == (reading.reason in REASONS)
    assert reading.value is None or reading.value <= NOW + timedelta(days=1)
    for found in find_dates(text, NOW):
        assert 0 <= found.start < found.end <= len(text)
    date_from_url(text)
    read_month_day(text, NOW, YearMonth(2019, 7))


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "2",
        "2019-",
        "2019年7月",
        "2019-07-05 ",
        "：",
        "时间：",
        "（",
        "Jul ",
        "&#32;",
        "&",
        "二〇一九年",
        "\n",
        "a",
        "上午",
        "-",
    ],
)
def test_a_megabyte_takes_less_than_a_second(unit: str) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    started = time.process_time()
    read_date(text, NOW)
    find_dates(text, NOW)
    date_from_url(text)
    read_month_day(text, NOW)
    assert time.process_time() - started < 1
