"""What people write for a moment."""

from datetime import datetime, timedelta

import pytest

from crawler.parsing.dates import CST, parse_user_datetime

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=CST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=CST)),
        ("2026-11-01 08:30", datetime(2026, 11, 1, 8, 30, tzinfo=CST)),
        ("2026年11月1日", datetime(2026, 11, 1, tzinfo=CST)),
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("2周", NOW - timedelta(days=14)),
        ("昨天", datetime(2026, 11, 22, tzinfo=CST)),
        ("today", datetime(2026, 11, 23, tzinfo=CST)),
    ],
)
def test_read_moment(text, expected):
    assert parse_user_datetime(text, NOW) == expected


def test_until_a_day_means_its_end():
    assert parse_user_datetime("2026-11-01", NOW, end=True) == datetime(2026, 11, 1, 23, 59, 59, 999999, tzinfo=CST)
    assert parse_user_datetime("昨天", NOW, end=True) == datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=CST)
    assert parse_user_datetime("2026-11-01 08:30", NOW, end=True) == datetime(2026, 11, 1, 8, 30, tzinfo=CST)
