"""An article below the threshold is known for good, but only to crawls that would leave it out again."""

import asyncio
from datetime import UTC, datetime, timedelta

from crawler.parsing.urls import article_id, canonical_url
from crawler.storage.writer import ArticleWriter

LINK = "http://www.xishan.example.cn/art/1.html"
KEY = article_id(canonical_url(LINK))


def test_it_is_known_by_its_score_and_by_the_address_it_was_asked_for_at(opened):
    reject = {
        "url": "https://xishan.example.cn/moved/1.html",
        "canonical_url": canonical_url(LINK),
        "reason": "irrelevant",
        "detail": "relevance 0.300, kept from 0.5 on: 稻谷丰收",
        "score": 0.3,
        "site": None,
        "section": None,
        "run": "run-1",
        "seen_at": datetime(2026, 3, 1, tzinfo=UTC),
    }

    async def scenario():
        async with opened() as store:
            writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: None)
            await writer.add_reject(reject)
            await writer.close()
            (row,) = await store.database["rejects"].find({}).to_list()
            week, soon, late = timedelta(days=7), datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
            asked = [(week, 0.5, soon), (None, 0.5, late), (None, 0.3, soon), (week, None, soon), (week, 0.5, late)]
            return row, [await store.known([KEY], wait, threshold, now) for wait, threshold, now in asked]

    row, known = asyncio.run(scenario())
    assert (row["article"], row["score"]) == (KEY, 0.3)
    # Left out for a month; fetched again with a lower threshold, and if everything is kept.
    assert known == [{KEY}, {KEY}, set(), set(), set()]
