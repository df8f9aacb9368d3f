from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from crawler.storage.state import SectionStore

DAY, LATER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)


def test_what_a_crawl_leaves_of_its_sections(opened):
    async def scenario():
        async with opened() as store:
            named = {"k1": ("通知公告", "http://x.example/1"), "k2": ("动态", "http://x.example/2")}
            await SectionStore(store).begin("xishan", named)
            await SectionStore(store).begin("other", {"k1": ("要闻", "http://y.example/1")})
            await SectionStore(store).complete(
                "xishan", {"k1": {"complete_at": LATER, "complete_since": DAY, "open": False}}
            )
            await SectionStore(store).gone("xishan", ["k2"], LATER)
        async with opened() as store:
            return await SectionStore(store).load("xishan")

    sections = asyncio.run(scenario())
    assert set(sections) == {"k1", "k2"}
    assert sections["k1"] == {
        "_id": "xishan:k1",
        "site": "xishan",
        "key": "k1",
        "name": "通知公告",
        "url": "http://x.example/1",
        "open": False,
        "complete_at": LATER,
        "complete_since": DAY,
    }
    assert (sections["k2"]["gone_at"], sections["k2"]["open"]) == (LATER, False)
