"""When a page is fetched again: the wait grows, and never ends."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.storage.retries import MAX_WAIT, is_due, is_reject_due

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = 7 * DAY


def fetches(reason: str, days: int) -> list[int]:
    """The days on which a daily crawl fetches a page that stays rejected."""
    last, found = FIRST, []
    for day in range(1, days):
        if is_reject_due(reason, FIRST, last, FIRST + day * DAY, WEEK):
            last = FIRST + day * DAY
            found.append(day)
    return found


@pytest.mark.parametrize(
    ("reason", "days"),
    [
        ("timeout", list(range(1, 12))),
        ("http_503", list(range(1, 12))),
        ("http_404", [1, 2, 3, 5, 8]),
        ("not_found", [1, 2, 3, 5, 8]),
        ("redirect_loop", [1, 2, 3, 5, 8]),
        ("repeated_text", [1, 2, 3, 5, 8]),
        ("robots", [7]),
        ("irrelevant", []),
    ],
)
def test_the_wait_grows_with_the_time_since_the_first_sight(reason, days):
    assert fetches(reason, 12) == days


def test_no_reason_is_for_ever():
    assert fetches("irrelevant", 200) == [30, 60, 90, 135]
    assert fetches("robots", 40) == [7, 14, 21, 32]
    long_ago = FIRST - 4000 * DAY
    assert is_due(long_ago, FIRST, FIRST + MAX_WAIT, DAY)
    assert not is_due(long_ago, FIRST, FIRST + MAX_WAIT - DAY, DAY)
