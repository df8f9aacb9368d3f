"""What a crawl was worth: the sentence it ends with decides the exit status."""

import pytest

from crawler.runs.summary import summary, uselessness


@pytest.mark.parametrize(
    ("stats", "reason", "expected"),
    [
        ({"articles/new": 3}, "finished", None),
        ({"links/known": 15, "lists/pages": 2}, "finished", None),
        ({"links/outside_window": 15, "lists/pages": 2}, "finished", None),
        ({"failures/unreachable": 2}, "finished", "no page could be fetched (unreachable 2)"),
        (
            {"downloader/response_status_count/200": 1, "rejects": 1, "rejects/not_article": 1},
            "finished",
            "no page gave an article (not_article 1)",
        ),
        ({"downloader/response_status_count/200": 4, "lists/pages": 4}, "finished", "no article link was found"),
        ({"articles/new": 3}, "store_unavailable", "the store could not be reached"),
        ({"articles/new": 3}, "shutdown", "ended early (shutdown)"),
        ({}, "not started", "the crawl could not start; see the error above"),
    ],
)
def test_uselessness(stats, reason, expected):
    why = uselessness(stats, reason)
    assert why is None if expected is None else expected in why


def test_summary_counts_every_fate():
    stats = {"articles/new": 12, "articles/changed": 1, "articles/reprint": 2, "rejects": 3, "links/known": 40}
    assert summary({**stats, "lists/pages": 5, "downloader/request_count": 21}) == (
        "12 new, 1 changed, 0 unchanged, 0 duplicates, 2 reprints, 0 near-duplicates, 0 irrelevant, 3 rejected, "
        "40 known already (5 list pages, 21 requests)"
    )
