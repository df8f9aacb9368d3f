"""When paging stops: each case is one page of a section whose history is known."""

from datetime import datetime, timedelta

import pytest

from crawler.parsing.dates import CST
from crawler.platforms.base import ListItem
from crawler.spiders.sections import Window, complete_history, stop_reason
from crawler.storage.crawl_state import History

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=CST)


def item(day: str | None, number: int = 1) -> ListItem:
    moment = datetime.fromisoformat(day).replace(tzinfo=CST) if day else None
    return ListItem(f"http://www.example.cn/art/{number}.html", "一则新闻", moment, "day" if day else None)


DONE = History(complete_at=NOON)
NEVER = History()
KILLED = History(complete_at=NOON, open=True)
SINCE_MAY = History(complete_at=NOON, complete_since=datetime(2026, 5, 1, tzinfo=CST))


@pytest.mark.parametrize(
    ("days", "fresh", "window", "history", "expected"),
    [
        ([], [], Window(), DONE, "empty"),
        (["2026-11-19", "2026-11-18"], [0], Window(), DONE, None),
        (["2026-11-19", "2026-11-18"], [], Window(), DONE, "nothing_new"),
        (["2026-11-19", "2026-11-18"], [], Window(), NEVER, None),
        # Killed after its first page was stored: the page is known, those behind it may not be.
        (["2026-11-19", "2026-11-18"], [], Window(), KILLED, None),
        (["2026-11-01", "2026-10-30"], [], Window(), KILLED, "nothing_new"),
        ([None, "2026-10-30"], [], Window(), KILLED, None),
        # Earlier crawls went back to May; this one wants everything, then this one wants June.
        (["2026-11-19"], [], Window(), SINCE_MAY, None),
        (["2026-11-19"], [], Window(since=datetime(2026, 6, 1, tzinfo=CST)), SINCE_MAY, "nothing_new"),
        (["2026-11-09", "2026-11-08"], [], Window(since=datetime(2026, 11, 10, tzinfo=CST)), NEVER, "before_window"),
        # A pinned old article above a new one does not end the paging.
        (["2020-01-01", "2026-11-19"], [1], Window(since=datetime(2026, 11, 10, tzinfo=CST)), NEVER, None),
        # The newest pages lie after `until`: go on to those inside.
        (["2026-11-19"], [], Window(until=datetime(2026, 11, 1, tzinfo=CST)), DONE, None),
    ],
)
def test_stop_reason(days, fresh, window, history, expected):
    items = [item(day, number) for number, day in enumerate(days)]
    assert stop_reason(items, [items[i] for i in fresh], False, window, history) == expected


def test_a_page_that_repeats_another_ends_the_section():
    items = [item("2026-11-19")]
    assert stop_reason(items, items, True, Window(), NEVER) == "repeat"


def test_a_row_that_shows_only_its_day_may_lie_after_a_since_within_that_day():
    window = Window(since=datetime(2026, 11, 19, 15, 0, tzinfo=CST))
    assert window.includes(item("2026-11-19"))
    assert not window.is_past(item("2026-11-19"))
    assert not window.includes(item("2026-11-18"))
    minute = ListItem("u", "t", datetime(2026, 11, 19, 14, 59, tzinfo=CST), "minute")
    assert not window.includes(minute)


@pytest.mark.parametrize(
    ("history", "since", "reason", "expected_since"),
    [
        (NEVER, None, "last_page", None),
        (NEVER, datetime(2026, 11, 1, tzinfo=CST), "before_window", datetime(2026, 11, 1, tzinfo=CST)),
        (SINCE_MAY, None, "last_page", None),
        (SINCE_MAY, datetime(2026, 11, 1, tzinfo=CST), "before_window", datetime(2026, 5, 1, tzinfo=CST)),
        (SINCE_MAY, datetime(2026, 4, 1, tzinfo=CST), "before_window", datetime(2026, 4, 1, tzinfo=CST)),
        # A window that begins after the last complete crawl leaves a gap: the old stretch no longer counts.
        (DONE, NOON + timedelta(days=5), "before_window", NOON + timedelta(days=5)),
        (DONE, None, "nothing_new", None),
    ],
)
def test_completed(history, since, reason, expected_since):
    now = NOON + timedelta(days=9)
    assert complete_history(history, Window(since=since), reason, now) == History(now, expected_since, False)


def test_a_crawl_bounded_by_until_leaves_the_section_open():
    window = Window(until=NOON)
    assert complete_history(DONE, window, "last_page", NOON + timedelta(days=9)) == History(NOON, None, open=True)
