"""What a crawl was worth: the sentence it ends with decides the exit status."""

import pytest

from crawler.runs.summary import find_failure, summarize


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
            "no page contained an article (not_article 1)",
        ),
        ({"downloader/response_status_count/200": 4, "lists/pages": 4}, "finished", "no article link was found"),
        ({"articles/new": 3}, "store_unavailable", "the database is unavailable"),
        ({"articles/new": 3}, "shutdown", "ended early (shutdown)"),
        ({}, "not started", "the crawl could not start; see the error above"),
    ],
)
def test_find_failure(stats, reason, expected):
    why = find_failure(stats, reason)
    assert why is None if expected is None else expected in why


def test_the_summary_counts_every_outcome():
    stats = {"articles/new": 12, "articles/changed": 1, "articles/reprint": 2, "rejects": 3, "links/known": 40}
    assert summarize({**stats, "lists/pages": 5, "downloader/request_count": 21}) == (
        "12 new, 1 changed, 2 reprints, 3 rejected, 40 already known (5 list pages, 21 requests)"
    )


def test_the_summary_leaves_out_zeros_and_has_the_right_plurals():
    stats = {
        "articles/duplicate": 1,
        "articles/near_duplicate": 1,
        "articles/reprint": 1,
        "downloader/request_count": 1,
    }
    assert summarize({**stats, "lists/pages": 1}) == (
        "0 new, 1 duplicate, 1 reprint, 1 near-duplicate (1 list page, 1 request)"
    )
    assert summarize({"articles/new": 1}) == "1 new (0 requests)"
