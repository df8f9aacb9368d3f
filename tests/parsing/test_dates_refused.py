"""What is no whole date, and why: each row read by a person."""

from __future__ import annotations

from datetime import datetime

import pytest

from crawler.parsing.dates import CST, REASONS, read_date

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)  # a Monday


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


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refused(text: str, reason: str) -> None:
    reading = read_date(text, NOW)
    assert (reading.value, reading.precision, reading.reason) == (None, None, reason)
    assert reason in REASONS
