"""When a page that was fetched before is fetched again because of what it was then. Pure functions.

Nothing is closed for ever that may be a fault of the site: the wait grows with the time since the page was first seen
so, so that a page that stays so is fetched ever less often.
"""

from __future__ import annotations

from datetime import datetime, timedelta

TEMPORARY_REASONS = ("timeout", "unreachable", "given_up", "network_down", "http_5", "http_429", "http_408")
"""Prefixes of reject reasons that do not concern the page: the next crawl fetches it again."""
ADDRESS_REASONS = ("robots", "too_large", "ignored", "blocked_address", "scheme", "port", "private")
"""Prefixes of reject reasons that rarely change: they wait for at least REJECT_RETRY_DAYS."""
MIN_IRRELEVANT_WAIT = timedelta(days=30)
"""An irrelevant article was read correctly; its site may still put another text there."""
MAX_WAIT = timedelta(days=180)
GROWTH = 0.5
"""The wait is this share of the time between the first and the last sight: with a daily crawl a page is fetched again
after 1, 2, 3, 5, 8, 12 … days."""


def is_reject_due(
    reason: str, first_seen_at: datetime, last_seen_at: datetime, now: datetime, min_wait: timedelta
) -> bool:
    """Whether a rejected page is to be fetched again; `min_wait` is REJECT_RETRY_DAYS. All times are aware."""
    if reason.startswith(TEMPORARY_REASONS):
        return True
    floor = timedelta(0)
    if reason == "irrelevant":
        floor = MIN_IRRELEVANT_WAIT
    elif reason.startswith(ADDRESS_REASONS):
        floor = min_wait
    return is_due(first_seen_at, last_seen_at, now, floor)


def is_due(first_seen_at: datetime, last_seen_at: datetime, now: datetime, min_wait: timedelta) -> bool:
    """Whether the growing wait is over."""
    wait = min(MAX_WAIT, max(min_wait, GROWTH * (last_seen_at - first_seen_at)))
    return now - last_seen_at >= wait
