from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.parsing.urls import article_id, canonical_url
from crawler.storage import operations
from crawler.storage.writer import ArticleWriter

FIRST, SECOND = "http://www.xishan.example.cn/art/1.html", "http://www.xishan.example.cn/art/2.html"
ELSEWHERE = "http://www.portal.example.cn/news/9.html"


def id_of(url: str) -> str:
    return article_id(canonical_url(url))


async def write(store: Any, *documents: dict[str, Any]) -> list[str]:
    """The outcomes of one batch, in the order they were told."""
    told: list[str] = []
    writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: told.append(f"{kind} {outcome}"))
    for document in documents:
        await writer.add(document)
    await writer.close()
    return told


async def rows(store: Any, collection: str) -> dict[str, dict[str, Any]]:
    return {row["_id"]: row async for row in store.database[collection].find()}


def test_new_then_unchanged(opened, article):
    later = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    async def scenario():
        async with opened() as store:
            assert await write(store, article(FIRST, "一批米粉不合格")) == ["article new"]
            assert await write(store, article(FIRST, "一批米粉不合格", fetched_at=later, run="run-2")) == [
                "article unchanged"
            ]
            return await rows(store, "articles"), await rows(store, "revisions")

    articles, revisions = asyncio.run(scenario())
    (stored,) = articles.values()
    assert stored["_id"] == id_of(FIRST)
    assert stored["first_seen_at"] == stored["changed_at"] == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert stored["last_seen_at"] == later
    assert (stored["revision"], stored["run"], stored["also_at"]) == (1, "run-1", [])
    assert (stored["cluster"], stored["original"]) == (stored["_id"], None)
    assert revisions == {}


def test_changed_keeps_the_old_version_whole(opened, article):
    times = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 5)]

    async def scenario():
        async with opened() as store:
            await write(store, article(FIRST, "初稿", fetched_at=times[0]))
            await write(store, article(FIRST, "初稿", fetched_at=times[1]))
            told = await write(store, article(FIRST, "更正: $100", fetched_at=times[2], run="run-2"))
            return told, await rows(store, "articles"), await rows(store, "revisions")

    told, articles, revisions = asyncio.run(scenario())
    assert told == ["article changed"]
    (now,) = articles.values()
    assert (now["body"], now["revision"], now["run"]) == ("更正: $100", 2, "run-2")
    assert (now["first_seen_at"], now["changed_at"], now["last_seen_at"]) == (times[0], times[2], times[2])
    (before,) = revisions.values()
    assert before["_id"] == f"{now['_id']}:1"
    assert (before["article"], before["body"], before["title"]) == (now["_id"], "初稿", "米粉抽检")
    assert (before["seen_from"], before["seen_until"]) == (times[0], times[1])


def test_same_text_at_another_address_of_the_site_is_a_duplicate(opened, article):
    async def scenario():
        async with opened() as store:
            await write(store, article(FIRST, "同文"))
            told = await write(store, article(SECOND, "同文", section="通知公告"))
            told += await write(store, article(SECOND, "同文"))
            known = await store.known([id_of(FIRST), id_of(SECOND), id_of(ELSEWHERE)])
            return told, known, await rows(store, "articles")

    told, known, articles = asyncio.run(scenario())
    assert told == ["article duplicate", "article duplicate"]
    assert known == {id_of(FIRST), id_of(SECOND)}
    (stored,) = articles.values()
    (other,) = stored["also_at"]
    assert (other["_id"], other["url"], other["section"]) == (id_of(SECOND), SECOND, "通知公告")


def test_addresses_of_one_text_are_bounded(opened, article, monkeypatch):
    monkeypatch.setattr(operations, "MAX_ADDRESSES", 3)

    async def scenario():
        async with opened() as store:
            told = await write(
                store, *(article(f"http://www.xishan.example.cn/art/{n}.html", "同文") for n in range(6))
            )
            return told, await rows(store, "articles")

    told, articles = asyncio.run(scenario())
    assert Counter(told) == {"article new": 1, "article duplicate": 5}
    (stored,) = articles.values()
    assert len(stored["also_at"]) == 3


def test_same_text_on_another_site_is_a_reprint(opened, article):
    async def scenario():
        async with opened() as store:
            await write(store, article(FIRST, "同文"))
            later = datetime(2026, 3, 2, tzinfo=UTC)
            told = await write(store, article(ELSEWHERE, "同文", site="portal", fetched_at=later))
            third = article("http://www.third.example.cn/1.html", "同文", site=None, fetched_at=later)
            told += await write(store, third)
            return told, await rows(store, "articles")

    told, articles = asyncio.run(scenario())
    assert told == ["article reprint", "article reprint"]
    assert len(articles) == 3
    for url in (ELSEWHERE, "http://www.third.example.cn/1.html"):
        assert articles[id_of(url)]["original"] == id_of(FIRST)
    assert {row["cluster"] for row in articles.values()} == {min(articles)}


def test_all_outcomes_within_one_batch(opened, article):
    async def scenario():
        async with opened() as store:
            told = await write(
                store,
                article(FIRST, "甲"),
                article(FIRST, "甲"),
                article(SECOND, "甲"),
                article(ELSEWHERE, "甲", site="portal"),
                article("http://www.portal.example.cn/news/10.html", "甲", site="portal"),
                article(FIRST, "乙"),
            )
            return told, await rows(store, "articles"), await rows(store, "revisions")

    told, articles, revisions = asyncio.run(scenario())
    assert Counter(told) == {
        "article new": 1,
        "article unchanged": 1,
        "article duplicate": 2,
        "article reprint": 1,
        "article changed": 1,
    }
    assert {key: row["body"] for key, row in articles.items()} == {id_of(FIRST): "乙", id_of(ELSEWHERE): "甲"}
    assert [row["body"] for row in revisions.values()] == ["甲"]


def test_a_page_that_changes_at_every_fetch(opened, article):
    async def scenario():
        async with opened() as store:
            told = await write(store, *(article(FIRST, f"第{n}稿", fetched_at=minute(n)) for n in range(40)))
            return told, await rows(store, "articles"), await rows(store, "revisions")

    def minute(number: int) -> datetime:
        return datetime(2026, 3, 1, 8, number, tzinfo=UTC)

    told, articles, revisions = asyncio.run(scenario())
    assert told == ["article new"] + ["article changed"] * 39
    (stored,) = articles.values()
    assert (stored["revision"], stored["body"]) == (40, "第39稿")
    history = {row["revision"]: row["body"] for row in revisions.values()}
    assert history == {number + 1: f"第{number}稿" for number in range(39)}


def test_texts_without_hash_are_never_taken_for_copies(opened, article):
    async def scenario():
        async with opened() as store:
            bare = {"body": None, "content_hash": None}
            return await write(store, article(FIRST, "", **bare), article(SECOND, "", **bare))

    assert asyncio.run(scenario()) == ["article new", "article new"]


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"title": ""}, "invalid_document", "title not as the schema says"),
        ({"confidence": 1.5}, "invalid_document", "confidence not as the schema says"),
        ({"body": "坏\ud800字"}, "invalid_document", "surrogates not allowed"),
        ({"fingerprint": [2**70]}, "invalid_document", "8-byte ints"),
        ({"site": {"name": "无码县"}}, "invalid_document", "site not as the schema says"),
        ({"body": "长" * 6_000_000}, "too_large", "bytes"),
    ],
)
def test_what_the_store_cannot_hold_becomes_a_reject_and_the_rest_is_stored(opened, article, fields, reason, detail):
    async def scenario():
        async with opened() as store:
            told = await write(store, article(FIRST, "甲"), article(SECOND, "乙", **fields))
            return told, await rows(store, "articles"), await rows(store, "rejects")

    told, articles, rejects = asyncio.run(scenario())
    assert sorted(told) == ["article new", f"reject {reason}"]
    assert list(articles) == [id_of(FIRST)]
    (reject,) = rejects.values()
    assert (reject["url"], reject["reason"], reject["times"]) == (SECOND, reason, 1)
    assert detail in reject["detail"]


def test_a_refused_change_leaves_the_stored_article(opened, article):
    async def scenario():
        async with opened() as store:
            await write(store, article(FIRST, "甲"))
            told = await write(store, article(FIRST, "乙", title=""))
            return told, await rows(store, "articles")

    told, articles = asyncio.run(scenario())
    assert told == ["reject invalid_document"]
    assert (articles[id_of(FIRST)]["body"], articles[id_of(FIRST)]["revision"]) == ("甲", 1)


def test_rejects_are_counted_per_page_and_reason(opened):
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2)]
    page = {"url": FIRST, "detail": "", "site": None, "section": None, "run": "run-1"}

    async def scenario():
        told: list[tuple[str, str]] = []
        async with opened() as store:
            writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: told.append((kind, outcome)))
            for reason, day in (("blocked", days[0]), ("blocked", days[1]), ("no_title", days[1])):
                await writer.add_reject({**page, "reason": reason, "seen_at": day})
            await writer.close()
            week = timedelta(days=7)
            early = await store.known([id_of(FIRST)], week, now=days[1] + timedelta(hours=1))
            late = await store.known([id_of(FIRST)], week, now=days[1] + timedelta(days=1))
            return told, early, late, await rows(store, "rejects")

    told, early, late, rejects = asyncio.run(scenario())
    assert told == [("reject", "blocked"), ("reject", "blocked"), ("reject", "no_title")]
    blocked, no_title = rejects[f"{id_of(FIRST)}:blocked"], rejects[f"{id_of(FIRST)}:no_title"]
    assert (blocked["times"], blocked["first_seen_at"], blocked["last_seen_at"]) == (2, *days)
    assert (no_title["times"], no_title["detail"]) == (1, None)
    assert early == {id_of(FIRST)}
    assert late == set()


def test_written_at_the_count_and_after_the_time(opened, article):
    async def scenario():
        async with opened() as store:
            told = asyncio.Event()
            writer = ArticleWriter(store, max_items=2, max_seconds=0.01, on_outcome=lambda *told_of: told.set())
            await writer.add(article(FIRST, "甲"))
            async with asyncio.timeout(10):
                await told.wait()
            after_time = len(await rows(store, "articles"))
            slow = ArticleWriter(store, max_items=2, max_seconds=600, on_outcome=lambda kind, outcome, document: None)
            await slow.add(article(SECOND, "乙"))
            waiting = slow.pending
            await slow.add(article(ELSEWHERE, "丙"))
            after_count = len(await rows(store, "articles"))
            await slow.close()
            await writer.close()
            return after_time, waiting, after_count

    assert asyncio.run(scenario()) == (1, 1, 3)


def test_two_writers_at_once_store_each_article_once(opened, article):
    """The batches race for every article: whoever loses finds it unchanged, or a newer revision."""
    urls = [f"http://www.xishan.example.cn/art/{n}.html" for n in range(300)]

    async def scenario():
        told: Counter[str] = Counter()

        async def run(name: str, version: str) -> None:
            async with opened() as store:
                writer = ArticleWriter(store, max_items=50, on_outcome=lambda kind, outcome, _: told.update([outcome]))
                for url in urls:
                    await writer.add(article(url, f"{url} {version}", run=name))
                await writer.close()

        await asyncio.gather(run("run-1", "甲"), run("run-2", "甲"), run("run-3", "乙"))
        async with opened() as store:
            return told, await rows(store, "articles"), await rows(store, "revisions")

    told, articles, revisions = asyncio.run(scenario())
    assert len(articles) == told["new"] == 300
    assert sum(told.values()) == 900
    assert sum(row["revision"] - 1 for row in articles.values()) == told["changed"]
    assert sum(row["revision"] < articles[row["article"]]["revision"] for row in revisions.values()) == told["changed"]
