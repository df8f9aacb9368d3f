"""`scrapy history`, `scrapy duplicates` and `scrapy reindex` over a real store."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Article
from crawler.parsing.urls import article_id, canonical_url
from crawler.storage.store import connect, open_store
from crawler.storage.writer import ArticleWriter
from crawler.text.fingerprint import content_hash, fingerprint

ROOT = Path(__file__).resolve().parents[2]
TEXT = (
    "青田县市场监督管理局近日对全县十二家米粉作坊开展突击检查，现场快速检测米粉四十二批。\n"
    "该局已责令两家作坊三日内改正，并将在下周组织回头看。局长于向晚表示，米粉是当地人的早餐，不能有半点马虎。"
)
COUNTY, PORTAL = "https://www.qingtian.gov.cn/art/1.html", "https://www.cfsn.cn/9.html"


def told(url: str, site: str, name: str, text: str, day: int, **fields: Any) -> dict[str, Any]:
    article = Article(url, canonical_url(url), title="突击检查米粉作坊", body=text, **fields)
    article.site = {"code": site, "name": name}
    article.fetched_at = article.published_at = datetime(2026, 3, day, tzinfo=UTC)
    article.content_hash, article.fingerprint = content_hash(article.title, text), fingerprint(article.title, text)
    return {"_id": article_id(canonical_url(url)), **asdict(article)}


@pytest.fixture
def store(mongo_uri: str, database: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a store with a county's article in two versions, and the portal's reprint of the first."""

    async def write() -> None:
        opened = await open_store(mongo_uri, database, None)
        writer = ArticleWriter(opened, on_outcome=lambda kind, outcome, document: None)
        await writer.add(told(COUNTY, "331121", "青田县", TEXT, 1))
        await writer.add(told(PORTAL, "cfsn", "中国食品安全网", f"本网讯 {TEXT}", 2, source="青田县政府"))
        corrected = TEXT.replace("突击检查", "联合检查")
        await writer.add(told(COUNTY, "331121", "青田县", corrected, 3))
        await writer.add(told("https://www.qingtian.gov.cn/2.html", "331121", "青田县", "另一件事。" * 20, 3))
        await writer.close()
        await opened.close()

    asyncio.run(write())
    return {"MONGO_URI": mongo_uri, "MONGO_DATABASE": database, "CRAWLER_DATA": str(tmp_path)}


def run(store: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", *arguments]
    environment = {**os.environ, **store}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100)


def test_history(store: dict[str, str]) -> None:
    result = run(store, "history", COUNTY)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "突击检查米粉作坊",
        COUNTY,
        "",
        "version 2, seen from 2026-03-03 08:00 +08:00 to 2026-03-03 08:00 +08:00, current",
        f"    - {TEXT.splitlines()[0]}",
        f"    + {TEXT.splitlines()[0].replace('突击检查', '联合检查')}",
        "    …",
        "",
        "version 1, seen from 2026-03-01 08:00 +08:00 to 2026-03-01 08:00 +08:00: 突击检查米粉作坊",
    ]
    unknown = run(store, "history", "https://www.qingtian.gov.cn/404.html")
    assert unknown.returncode == 1
    assert unknown.stderr == (
        "scrapy history: no article is stored for https://www.qingtian.gov.cn/404.html; crawl it first\n"
    )


def test_duplicates(store: dict[str, str]) -> None:
    story = [
        "突击检查米粉作坊",
        f"  original  2026-03-03 08:00 +08:00  青田县  {COUNTY}",
        "            its site is the 来源 of 1 of the others: 青田县",
        f"  reprint   2026-03-02 08:00 +08:00  中国食品安全网, 来源 青田县政府  {PORTAL}",
        "",
        "1 story, 1 reprint",
    ]
    assert run(store, "duplicates").stdout.splitlines() == story
    assert run(store, "duplicates", "--site", "青田县").stdout.splitlines() == story
    elsewhere = run(store, "duplicates", "--site", "景宁畲族自治县")
    assert elsewhere.stdout == "0 stories, 0 reprints\n"
    unknown = run(store, "duplicates", "--site", "没有这个县")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert unknown.stderr.startswith("scrapy duplicates: ")
    assert run(store, "duplicates", PORTAL).stdout.splitlines() == story
    assert run(store, "duplicates", "联合检查").stdout.splitlines() == story
    assert run(store, "duplicates", "另一件事").stdout == "0 stories, 0 reprints\n"


def test_history_of_what_a_query_finds(store: dict[str, str]) -> None:
    found = run(store, "history", "米粉").stdout.splitlines()
    assert found[:2] == ["突击检查米粉作坊", COUNTY]
    assert found[-1] == "1 changed article"
    unchanged = run(store, "history", "另一件事")
    assert (unchanged.returncode, unchanged.stdout) == (0, "")
    nothing = run(store, "history")
    assert (nothing.returncode, nothing.stderr.count("\n")) == (2, 1)


def test_reindex_after_rules_changed_and_after_an_interruption(store: dict[str, str], mongo_uri: str) -> None:
    def rows() -> list[dict[str, Any]]:
        # `change` counts every write, also that of a reindex.
        return sorted(articles.find({}, {"change": 0}), key=lambda row: row["_id"])

    with connect(mongo_uri, None) as client:
        database = client[store["MONGO_DATABASE"]]
        articles = database["articles"]
        assert run(store, "reindex").returncode == 0
        before = rows()
        stale = {"fingerprint": [1], "content_hash": "old", "cluster": "old", "original": None, "relevance": None}
        articles.update_many({}, {"$set": stale})
        assert run(store, "reindex").returncode == 0
        assert rows() == before
        # As an interruption after the first article leaves it.
        articles.update_one({"_id": before[0]["_id"]}, {"$set": {"cluster": None, "original": None}})
        later = {"_id": {"$in": [row["_id"] for row in before[1:]]}}
        articles.update_many(later, {"$set": {"fingerprint": [1], "cluster": "old"}})
        database["maintenance"].insert_one({"_id": "reindex", "after": before[0]["_id"]})
        told = run(store, "duplicates")
        assert told.returncode == 0
        assert told.stderr == (
            "scrapy duplicates: `scrapy reindex` has not finished: stories and search results are incomplete. If it is "
            "not running, run it again.\n"
        )
        result = run(store, "reindex")
        assert result.returncode == 0, result.stderr
        assert [line for line in result.stderr.splitlines() if line] == [
            "articles: 3 of 3",
            "stories: 3 of 3",
            "3 articles recomputed.",
        ]
        assert rows() == before
        assert list(database["maintenance"].find({"_id": "reindex"})) == []
