"""Dates: what sites and feeds print, what it means, and why the rest is refused. Values were worked out by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

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
DAY = "2019-07-05"
MINUTE = "2019-07-05 08:29"
EVENING = "2019-07-05 20:29"

READ = [
    # Chinese and ISO days
    ("2019-07-05", DAY),
    ("2019-7-5", DAY),
    ("2019/07/05", DAY),
    ("2019/7/5", DAY),
    ("2019.07.05", DAY),
    ("2019. 7. 5", DAY),
    ("2019年7月5日", DAY),
    ("2019年07月05日", DAY),
    ("2019 年 7 月 5 日", DAY),
    ("2019年7月5号", DAY),
    ("2019年7月5", DAY),
    ("2019-07/05", DAY),
    ("[2019-07-05]", DAY),
    ("( 2019-07-05)", DAY),
    ("（2019年7月5日）", DAY),
    ("【2019-07-05】", DAY),
    ("２０１９－０７－０５", DAY),
    ("２０１９年７月５日", DAY),
    ("2019—07—05", DAY),
    ("2019–07–05", DAY),
    ("2019年7月5日 星期五", DAY),
    ("2019年7月5日（周五）", DAY),
    ("星期五 2019年7月5日", DAY),
    ("2019年元月5日", "2019-01-05"),
    ("2000年2月29日", "2000-02-29"),
    ("1998-12-01", "1998-12-01"),
    ("\u3000\u00a02019-07-05\u200b\r\n", DAY),
    ("2019\n-\n07-05", DAY),
    # Chinese numerals
    ("二〇一九年七月五日", DAY),
    ("二○一九年七月五日", DAY),
    ("二零一九年七月五日", DAY),
    ("二Ｏ一九年七月五日", DAY),
    ("二O一九年七月五日", DAY),
    ("二0一九年七月五日", DAY),
    ("二〇一九年十二月三十日", "2019-12-30"),
    ("二〇二〇年十月二十一日", "2020-10-21"),
    ("二〇二〇年十一月十日", "2020-11-10"),
    ("一九九八年元月一日", "1998-01-01"),
    ("2019年七月五日", DAY),
    # minutes
    ("2019-07-05 08:29", MINUTE),
    ("2019-07-05 8:29", MINUTE),
    ("2019-07-05  08：29", MINUTE),
    ("2017—04—12 21∶37", "2017-04-12 21:37"),
    ("２０１９－０７－０５　０８：２９", MINUTE),
    ("2019-07-0508:29", MINUTE),
    ("2019-07-0508:29:00", MINUTE),
    ("2019年07月05日08:29", MINUTE),
    ("2019年07月05日 08时29分", MINUTE),
    ("2019年07月05日08时29分00秒", MINUTE),
    ("2019年7月5日 8点29分", MINUTE),
    ("2019年7月5日8点半", "2019-07-05 08:30"),
    ("2019年7月5日9时整", "2019-07-05 09:00"),
    ("2019.07.05 08:29", MINUTE),
    ("2019/07/05 08:29", MINUTE),
    ("2019-07-05&#32;08:29", MINUTE),
    ("2019-07-05&nbsp;&nbsp;08:29", MINUTE),
    ("2019-07-05 | 08:29", MINUTE),
    ("2019-07-05, 08:29", MINUTE),
    ("2019-07-05，08:29", MINUTE),
    ("2019-07-05 / 08:29", MINUTE),
    ("2019-07-05_08:29", MINUTE),
    ("日期：2019-07-05 时间：08:29", MINUTE),
    ("2019 07/05 08:29:00", MINUTE),
    ("2019 / 07 / 05 08:29:00", MINUTE),
    ("08:29 2019-07-05", MINUTE),
    ("2019-07-05 00:00", "2019-07-05 00:00"),
    ("2019-7-5 8:29:00.0", MINUTE),
    ("2019-07-05 08:29:41", "2019-07-05 08:29:41"),
    ("2019-07-05 08:29:41.123456", "2019-07-05 08:29:41"),
    ("2019-07-05 24:00", "2019-07-06 00:00"),
    ("2019年12月31日24:00", "2020-01-01 00:00"),
    ("2019-07-05 23:59:59", "2019-07-05 23:59:59"),
    ("北京时间2019年7月5日 08:29", MINUTE),
    ("2019-07-05 星期五 08:29", MINUTE),
    ("2019-07-05 (Fri) 08:29", MINUTE),
    # an hour alone is no minute
    ("2019年7月5日8时", DAY),
    # parts of the day
    ("2019年7月5日 上午8:29", MINUTE),
    ("2019年7月5日 星期五 上午8:29", MINUTE),
    ("2019年7月5日 下午8:29", EVENING),
    ("2019年7月5日下午8时29分", EVENING),
    ("2019-07-05 晚8:29", EVENING),
    ("2019-07-05 晚上8:29", EVENING),
    ("2019-07-05 晚上20:29", EVENING),
    ("2019-07-05 下午20:29", EVENING),
    ("2019-07-05 凌晨3:05", "2019-07-05 03:05"),
    ("2019-07-05 凌晨12:05", "2019-07-05 00:05"),
    ("2019-07-05 早上8:29", MINUTE),
    ("2019-07-05 中午12:29", "2019-07-05 12:29"),
    ("2019-07-05 中午1:29", "2019-07-05 13:29"),
    ("2019-07-05 傍晚6:29", "2019-07-05 18:29"),
    ("2019/7/5 上午12:29", "2019-07-05 00:29"),
    ("2019/7/5 下午12:29", "2019-07-05 12:29"),
    ("2019-07-05 08:29 PM", EVENING),
    ("2019-07-05 8:29pm", EVENING),
    ("2019-07-05 08:29 a.m.", MINUTE),
    ("2019-07-05 AM 08:29", MINUTE),
    ("二〇一九年七月五日上午八时二十九分", MINUTE),
    ("2019年7月5日 二十时二十九分", EVENING),
    ("2019年7月5日 凌晨零点三十分", "2019-07-05 00:30"),
    ("2019年7月5日 下午三点一刻", "2019-07-05 15:15"),
    ("贰零壹玖年柒月伍日", DAY),
    # labels and debris
    ("发布时间：2019-07-05 08:29", MINUTE),
    ("发布日期 : 2019-07-05", DAY),
    ("时间  : 2019-07-05 08:29:00", MINUTE),
    ("时间发布：2019-07-05 08:29", MINUTE),
    ("发表于2019-07-05 08:29", MINUTE),
    ("更新于 2019-07-05 08:29", MINUTE),
    ("發佈時間：2019-07-05 08:29", MINUTE),
    ("日　期：2019-07-05", DAY),
    ("成文日期: 2019年7月5日", DAY),
    ("Date: 2019-07-05", DAY),
    ("2019-07-05 08:29来源", MINUTE),
    ("2019-07-05 08:29来源:青田县政府 编辑:李玉堂", MINUTE),
    ("2019-07-05 08:29更新", MINUTE),
    ("2019-07-05 浏览：1024次", DAY),
    ("发布时间：2019-07-05 更新时间：2020-01-02", DAY),
    ("2019-07-05 08:29 更新时间：2020-01-02 10:00", MINUTE),
    ("发布：2019-07-05", DAY),
    # digits alone
    ("20190705", DAY),
    ("201907050829", MINUTE),
    ("20190705082900", MINUTE),
    ("20190705082900123", MINUTE),
    ("20190705 08:29", MINUTE),
    ("20190705T082900", MINUTE),
    ("20190705T002900Z", MINUTE),
    ("1562286540", MINUTE),
    ("1562286540000", MINUTE),
    ("1562286540.25", MINUTE),
    ("/Date(1562286540000)/", MINUTE),
    ("/Date(1562286540000+0800)/", MINUTE),
    # ISO 8601 with zones
    ("2019-07-05T08:29", MINUTE),
    ("2019/07/05T08:29Z", "2019-07-05 16:29"),
    ("2019-07-05T00:29:00Z", MINUTE),
    ("2019-07-05T00:29:00.000Z", MINUTE),
    ("2019-07-05T08:29:00+08:00", MINUTE),
    ("2019-07-05T08:29:00+0800", MINUTE),
    ("2019-07-05 08:29:00+08", MINUTE),
    ("2019-07-05T08:29+08:00", MINUTE),
    ("2019-07-04T20:29:00-04:00", MINUTE),
    ("2019-07-04T19:29:00-05:00", MINUTE),
    ("2019-07-05 05:59:00 +05:30", MINUTE),
    ("2019-07-05 08:29 CST", MINUTE),
    ("2019-07-05 00:29 UTC", MINUTE),
    ("2019-07-05 08:29 UTC+8", MINUTE),
    ("2019-07-05 08:29:00 GMT+08:00", MINUTE),
    ("2019-07-05T08:29:00+08:00[Asia/Shanghai]", MINUTE),
    ("2019-07-05t00:29:00z", MINUTE),
    ("2019-07-05 00:29 (UTC)", MINUTE),
    # RFC 2822, HTTP, asctime, programs' own forms
    ("Fri, 05 Jul 2019 00:29:00 GMT", MINUTE),
    ("Fri, 05 Jul 2019 08:29:00 +0800", MINUTE),
    ("Fri, 5 Jul 2019 08:29 +0800", MINUTE),
    ("Thu, 04 Jul 2019 19:29:00 -0500", MINUTE),
    ("Thu, 04 Jul 2019 20:29:00 EDT", MINUTE),
    ("05 Jul 2019 08:29:00", MINUTE),
    ("Fri Jul  5 08:29:00 2019", MINUTE),
    ("Fri Jul 05 08:29:00 CST 2019", MINUTE),
    ("Fri Jul 5 00:29:00 UTC 2019", MINUTE),
    ("Fri Jul 05 2019 08:29:00 GMT+0800 (中国标准时间)", MINUTE),
    # English
    ("Jul 5, 2019", DAY),
    ("July 5, 2019", DAY),
    ("Jul. 5, 2019", DAY),
    ("July 5th, 2019", DAY),
    ("5 July 2019", DAY),
    ("5th July 2019", DAY),
    ("05-Jul-2019", DAY),
    ("2019 Jul 5", DAY),
    ("Friday, July 5, 2019", DAY),
    ("July 5, 2019 8:29 PM", EVENING),
    ("July 5, 2019, 8:29 p.m.", EVENING),
    ("July 5, 2019 at 8:29 AM", MINUTE),
    ("Published on July 5, 2019", DAY),
    ("Sept 5, 2019", "2019-09-05"),
    ("the 5th of July, 2019", DAY),
    ("星期五, 七月 5, 2019 - 08:29", MINUTE),
    ("5 七月 2019", DAY),
    # turned round, with only one reading
    ("05 2019-07", DAY),
    ("05/2019-07", DAY),
    ("2019-07 05", DAY),
    ("07-05 2019", DAY),
    ("25/12/2019", "2019-12-25"),
    ("12/25/2019 08:29", "2019-12-25 08:29"),
    ("05/05/2019", "2019-05-05"),
    # told from now
    ("刚刚", "2026-11-23 12:00"),
    ("刚才", "2026-11-23 12:00"),
    ("30秒前", "2026-11-23 11:59:30"),
    ("5分钟前", "2026-11-23 11:55"),
    ("5 分钟前", "2026-11-23 11:55"),
    ("半小时前", "2026-11-23 11:30"),
    ("3小时前", "2026-11-23 09:00"),
    ("三小时前", "2026-11-23 09:00"),
    ("两个小时前", "2026-11-23 10:00"),
    ("13小时前", "2026-11-22 23:00"),
    ("2天前", "2026-11-21"),
    ("1周前", "2026-11-16"),
    ("今天", "2026-11-23"),
    ("今天 10:20", "2026-11-23 10:20"),
    ("今天10:20", "2026-11-23 10:20"),
    ("昨天", "2026-11-22"),
    ("昨日", "2026-11-22"),
    ("昨天 10:20", "2026-11-22 10:20"),
    ("昨天 下午3:20", "2026-11-22 15:20"),
    ("前天", "2026-11-21"),
    ("前天 08:05", "2026-11-21 08:05"),
    ("大前天", "2026-11-20"),
    ("上周五", "2026-11-20"),
    ("上周日", "2026-11-22"),
    ("上周一", "2026-11-16"),
    ("上个星期天", "2026-11-22"),
    ("上上周五", "2026-11-13"),
    ("本周一", "2026-11-23"),
    ("上周五 10:20", "2026-11-20 10:20"),
    ("发布于3小时前", "2026-11-23 09:00"),
    ("发布时间：昨天 10:20", "2026-11-22 10:20"),
    ("2 hours ago", "2026-11-23 10:00"),
    ("an hour ago", "2026-11-23 11:00"),
    ("just now", "2026-11-23 12:00"),
    ("yesterday", "2026-11-22"),
    ("3 days ago", "2026-11-20"),
    ("1小时30分钟前", "2026-11-23 10:30"),
    ("昨晚 10:20", "2026-11-22 22:20"),
    ("今早8:29", "2026-11-23 08:29"),
    ("去年7月5日", "2025-07-05"),
    ("今年7月5日 08:29", "2026-07-05 08:29"),
    # within a day of now
    ("2026-11-24 11:00", "2026-11-24 11:00"),
    ("2026-11-24", "2026-11-24"),
]

REFUSED = [
    ("", "empty"),
    (" \u3000\u200b", "empty"),
    ("最新消息", "no_date"),
    ("第12期", "no_date"),
    ("v1.2", "no_year"),
    ("13812345678", "no_date"),
    ("0578-6823456", "no_date"),
    ("共1024条", "no_date"),
    ("7月5日", "no_year"),
    ("07-05", "no_year"),
    ("07-05 08:29", "no_year"),
    ("07/05", "no_year"),
    ("12月30日", "no_year"),
    ("七月五日", "no_year"),
    ("发布时间：10-0812:00", "no_year"),
    ("19-07-05", "two_digit_year"),
    ("19/07/05 08:29", "two_digit_year"),
    ("19年7月5日", "two_digit_year"),
    ("'19-07-05", "two_digit_year"),
    ("05-Jul-19", "two_digit_year"),
    ("Friday, 05-Jul-19 08:29:00 GMT", "two_digit_year"),
    ("一九年七月五日", "two_digit_year"),
    ("2019年7月", "no_day"),
    ("2019-07", "no_day"),
    ("2019.07", "no_day"),
    ("2019年", "no_day"),
    ("2019", "no_day"),
    ("二〇一九年七月", "no_day"),
    ("July 2019", "no_day"),
    ("2019年7月上旬", "no_day"),
    ("08:29", "time_only"),
    ("上午8:29", "time_only"),
    ("8时29分", "time_only"),
    ("农历二〇一九年六月初三", "lunar"),
    ("农历2019年6月3日", "lunar"),
    ("己亥年六月初三", "lunar"),
    ("2019年正月初五", "lunar"),
    ("腊月廿三", "lunar"),
    ("星期五", "weekday_only"),
    ("Friday", "weekday_only"),
    ("05/07/2019", "ambiguous"),
    ("7/5/2019 08:29", "ambiguous"),
    ("2019-07-05 晚上12:30", "ambiguous"),
    ("2019-07-05 晚上2:30", "ambiguous"),
    ("2019-07-05 2019-07-06", "several"),
    ("2019年7月5日-7日", "range"),
    ("2019-07-05至2019-07-10", "range"),
    ("2019-07-05 ~ 2019-07-10", "range"),
    ("2019-07-05 08:29-10:00", "range"),
    ("2019年7月5日、6日", "range"),
    ("2019-02-30", "impossible"),
    ("2019年2月29日", "impossible"),
    ("2019-13-01", "impossible"),
    ("2019-07-00", "impossible"),
    ("2019-00-05", "impossible"),
    ("20190230", "impossible"),
    ("2019-07-05 25:00", "impossible"),
    ("2019-07-05 08:60", "impossible"),
    ("2019-07-05 24:01", "impossible"),
    ("2019-07-05 上午13:20", "impossible"),
    ("0000-00-00 00:00:00", "impossible"),
    ("3019-07-05", "impossible"),
    ("二〇一九年二月三十日", "impossible"),
    ("1970-01-01 08:00:00", "null"),
    ("1970-01-01", "null"),
    ("1900-01-01", "null"),
    ("2026-11-25", "future"),
    ("2029-01-01", "future"),
    ("2026-11-24 12:01", "future"),
    ("1924905600", "future"),
    ("明天", "future"),
    ("下周五", "future"),
    ("2个月前", "vague"),
    ("1年前", "vague"),
    ("2 months ago", "vague"),
    ("美东时间2019年7月5日 08:29", "zone"),
    ("2019-07-05T08:29:00+25:00", "zone"),
    ("2019-07-05 08:29 IST", "zone"),
    ("2019-07-05 08:29:00 America/New_York", "zone"),
    ("数小时前", "vague"),
    ("-1562286540", "no_date"),
    ("x" * 300, "too_long"),
    ("今日要闻", "no_date"),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_read(text: str, expected: str) -> None:
    reading = read_date(text, NOW)
    precision = "minute" if ":" in expected else "day"
    moment = datetime.fromisoformat(expected).replace(tzinfo=CST)
    assert (reading.moment, reading.precision, reading.reason) == (moment, precision, None)
    assert reading.moment is not None
    assert reading.moment.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refused(text: str, reason: str) -> None:
    reading = read_date(text, NOW)
    assert (reading.moment, reading.precision, reading.reason) == (None, None, reason)
    assert reason in REASONS


def test_table_is_large_enough() -> None:
    assert len(READ) + len(REFUSED) >= 150


def test_now_in_another_zone_is_the_same_now() -> None:
    utc = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # 04:00 on the 24th in China
    assert read_date("今天", utc).moment == datetime(2026, 11, 24, tzinfo=CST)
    assert read_date("昨天 10:20", utc).moment == datetime(2026, 11, 23, 10, 20, tzinfo=CST)
    assert read_date("3小时前", utc).moment == utc - timedelta(hours=3)


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
    assert (reading.moment, reading.precision) == (datetime.fromisoformat(expected).replace(tzinfo=CST), "day")


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
    assert read_month_day(text, NOW, hint, neighbours).moment == expected


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
    assert (reading.moment is None) == (reading.reason in REASONS)
    assert reading.moment is None or reading.moment <= NOW + timedelta(days=1)
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
