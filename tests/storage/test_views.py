"""What readers see through the views."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from crawler.errors import StoreError
from crawler.storage.store import ensure
from crawler.storage.views import VIEWS
from crawler.storage.writer import ArticleWriter

# 2026-03-31 16:30 UTC is the 1st of April in Beijing.
EVENING = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
MARCH = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


def test_views_show_originals_latest_revisions_and_county_months(opened, article):
    text = "县市场监管局近日对十二家米粉作坊开展检查，抽取样品四十二份，结果全部合格。" * 3

    async def scenario():
        async with opened() as store:
            writer = ArticleWriter(store, on_outcome=lambda *told: None)
            first = article("https://a.example/1", text, content_hash="1", published_at=MARCH)
            await writer.add(first | {"provenance": {"title": "label"}})
            await writer.add(article("https://a.example/2", "另一件事。", content_hash="2", published_at=EVENING))
            copy = article("https://b.example/3", text, site="nanhe", content_hash="1", published_at=EVENING)
            await writer.add(copy)
            undated = article("https://b.example/4", "没有日期的一篇。", site="nanhe", content_hash="4")
            await writer.add(undated)
            await writer.close()
            rows = {name: await store.database[name].find().to_list() for name in VIEWS}
            april = {"published_on": {"$gte": "2026-04-01", "$lt": "2026-05-01"}}
            return rows, await store.database["originals"].find(april).to_list()

    rows, april = asyncio.run(scenario())
    assert sorted(row["url"] for row in rows["latest"]) == [
        *("https://a.example/1", "https://a.example/2", "https://b.example/3", "https://b.example/4")
    ]
    assert sorted(row["url"][-1] for row in rows["originals"]) == ["1", "2", "4"]
    assert [row["url"][-1] for row in april] == ["2"]
    assert all(not {"change", "fingerprint", "provenance", "content_hash"} & row.keys() for row in rows["latest"])
    assert {row["url"][-1]: row["published_on"] for row in rows["latest"]} == {
        "1": "2026-03-10",
        "2": "2026-04-01",
        "3": "2026-04-01",
        "4": None,
    }
    months = sorted((row["county"], row["month"], row["articles"], row["reprints"]) for row in rows["county_months"])
    assert months == [
        ("nanhe县政府", "2026-04", 1, 1),
        ("xishan县政府", "2026-03", 1, 0),
        ("xishan县政府", "2026-04", 1, 0),
    ]


def test_a_view_of_an_older_program_is_replaced(opened):
    async def scenario():
        async with opened() as store:
            await store.database.drop_collection("latest")
            older = {"create": "latest", "viewOn": "articles", "pipeline": [{"$match": {"gone": 1}}]}
            await store.database.command(older)
            await ensure(store.database)
            listed = await (await store.database.list_collections(filter={"name": "latest"})).to_list()
            return listed[0]["options"]["pipeline"]

    assert asyncio.run(scenario()) == VIEWS["latest"].pipeline


def test_a_collection_in_the_place_of_a_view_is_told(opened):
    async def scenario():
        async with opened() as store:
            await store.database.drop_collection("originals")
            await store.database["originals"].insert_one({"mine": True})
            await ensure(store.database)

    with pytest.raises(StoreError, match="has a collection originals, which is the name of one of our views: rename"):
        asyncio.run(scenario())
