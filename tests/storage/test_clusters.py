"""Stories in the store: originals whatever arrives first, races, kills, bounds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.parsing.urls import article_id, canonical_url
from crawler.storage.store import connect
from crawler.storage.stories import Clusters
from crawler.storage.writer import ArticleWriter
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.text.similarity import MAX_TEXTS_PER_HASH

WRITER = Path(__file__).with_name("write_stories.py")
TEXT = (
    "青田县市场监督管理局近日对全县十二家米粉作坊开展突击检查，现场快速检测米粉四十二批。\n"
    "该局已责令两家作坊三日内改正，并将在下周组织回头看。局长于向晚表示，米粉是当地人的早餐，不能有半点马虎。\n"
    "据介绍，当地今年已建成一个共享检测点，作坊主可以免费送检，结果当天张贴在村务公开栏。"
)
COUNTY, PORTAL, PAPER = (
    "http://www.qingtian.example.cn/art/1.html",
    "http://www.portal.example.cn/9.html",
    "http://paper.example.cn/5.html",
)
NAMES = {"331121": "青田县", "cfsn": "中国食品安全网", "paper": "虚构日报"}


def id_of(url: str) -> str:
    return article_id(canonical_url(url))


@pytest.fixture
def told(article: Any) -> Any:
    """Builds an article of a site of NAMES, with its keys."""

    def build(url: str, site: str, text: str, **fields: Any) -> dict[str, Any]:
        document = article(url, text, site, **fields)
        document["site"]["name"] = NAMES[site]
        keys = {"content_hash": content_hash(document["title"], text), "fingerprint": fingerprint(None, text)}
        return {**document, **keys}

    return build


async def write(store: Any, *documents: dict[str, Any]) -> list[str]:
    outcomes: list[str] = []
    writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: outcomes.append(outcome))
    for document in documents:
        await writer.add(document)
    await writer.close()
    return outcomes


async def stored(store: Any) -> dict[str, dict[str, Any]]:
    return {row["url"]: row async for row in store.database["articles"].find()}


def at(day: int, hour: int = 0) -> dict[str, Any]:
    return {"published_at": datetime(2026, 3, day, hour, tzinfo=UTC), "published_precision": "minute"}


def reprints(told: Any) -> list[dict[str, Any]]:
    """The portal's and a paper's reprint, and the county's article, which displays the latest time of all."""
    cut = "\n".join(TEXT.split("\n")[:2])
    return [
        told(PORTAL, "cfsn", f"本网讯 {TEXT}", source="青田县政府", **at(2)),
        told(PAPER, "paper", f"{cut}……", source="中国食品安全网", **at(3)),
        told(COUNTY, "331121", TEXT, source=None, **at(4)),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_the_site_named_as_source_is_the_original_whenever_it_arrives(opened, told, order, together):
    documents = [reprints(told)[number] for number in order]

    async def scenario():
        async with opened() as store:
            outcomes = []
            for batch in [documents] if together else [[document] for document in documents]:
                outcomes += await write(store, *batch)
            return outcomes, await stored(store)

    outcomes, articles = asyncio.run(scenario())
    assert {row["cluster"] for row in articles.values()} == {min(id_of(url) for url in (COUNTY, PORTAL, PAPER))}
    assert {url: row["original"] for url, row in articles.items()} == {
        COUNTY: None,
        PORTAL: id_of(COUNTY),
        PAPER: id_of(COUNTY),
    }
    assert articles[PAPER]["original_evidence"] == "its site is the 来源 of 1 of the others: 青田县"
    assert sorted(outcomes) == ["near_duplicate", "near_duplicate", "new"]


def test_the_choice_is_revised_and_says_why(opened, told):
    portal, paper, county = reprints(told)
    portal["source"] = paper["source"] = None

    async def scenario():
        async with opened() as store:
            steps = []
            for document in (county, paper, portal):
                await write(store, document)
                row = (await stored(store))[COUNTY]
                steps.append((row["original"], row["original_evidence"]))
            return steps

    assert asyncio.run(scenario()) == [
        (None, None),
        (id_of(PAPER), "displays the earliest time: 2026-03-03 08:00"),
        (id_of(PORTAL), "displays the earliest time: 2026-03-02 08:00"),
    ]


def test_notices_of_a_template_stay_apart(opened, told):
    notice = (
        "近期，我局组织抽检粮食加工品等食品{0}批次样品，其中不合格样品{1}批次。根据食品安全国家标准，个别项目不合格，"
        "其产品即判定为不合格产品。\n{2}销售的{3}，不符合食品安全国家标准规定，检出值为0.{0}g/kg。\n"
        "对上述抽检中发现的不合格产品，我局已依法予以查处。"
    )

    async def scenario():
        async with opened() as store:
            first = told(COUNTY, "331121", notice.format(213, 1, "好邻居超市", "云岭牌米粉"), title="抽检通告第7期")
            other = told(PORTAL, "cfsn", notice.format(186, 2, "方圆摊位", "早安豆浆"), title="抽检通告第9期")
            return await write(store, first, other), await stored(store)

    outcomes, articles = asyncio.run(scenario())
    assert outcomes == ["new", "new"]
    assert {row["cluster"] for row in articles.values()} == {id_of(COUNTY), id_of(PORTAL)}


def test_stories_that_turn_out_to_be_one_are_joined(opened, told):
    lines = TEXT.split("\n")
    head, tail = lines[0] * 2 + lines[1][:30], lines[1][10:] + lines[2]

    async def scenario():
        async with opened() as store:
            await write(store, told(PORTAL, "cfsn", head), told(PAPER, "paper", tail))
            apart = {row["cluster"] for row in (await stored(store)).values()}
            await write(store, told(COUNTY, "331121", TEXT))
            return apart, {row["cluster"] for row in (await stored(store)).values()}

    apart, joined = asyncio.run(scenario())
    assert len(apart) == 2
    assert joined == {min(id_of(url) for url in (COUNTY, PORTAL, PAPER))}


def test_a_hash_never_leads_to_more_than_a_few(opened, told):
    async def scenario():
        async with opened() as store:
            for start in range(0, 40, 10):
                batch = [
                    told(f"http://paper.example.cn/{n}.html", "paper", f"{TEXT}\n第{n}位读者看过")
                    for n in range(start, start + 10)
                ]
                await write(store, *batch)
            rows = list((await stored(store)).values())
            piece = fingerprint(None, TEXT)[3]
            return {row["cluster"] for row in rows}, sum(piece in row["fingerprint"] for row in rows)

    clusters, filed = asyncio.run(scenario())
    assert len(clusters) == 1
    assert filed <= MAX_TEXTS_PER_HASH + 10


def test_what_a_killed_process_left_is_settled_by_the_next(opened, told):
    portal, paper, _ = reprints(told)

    async def scenario():
        async with opened() as store:
            await write(store, portal, paper)
            # What the database holds where the process dies between its write and its look-up.
            rows = store.database["articles"]
            await rows.update_many({}, {"$set": {"cluster": None, "original": None, "original_evidence": None}})
            await write(store, told("http://paper.example.cn/other.html", "paper", "别的事"))
            return await stored(store), await Clusters(store).recover()

    articles, left = asyncio.run(scenario())
    assert articles[PORTAL]["cluster"] == articles[PAPER]["cluster"] == min(id_of(PORTAL), id_of(PAPER))
    assert left == 0


def test_a_story_of_its_own_keeps_what_another_process_settled_meanwhile(opened, told):
    other = told("http://paper.example.cn/other.html", "paper", "县图书馆周六起延长开放时间，凭身份证进馆。" * 4)

    async def scenario():
        async with opened() as store:
            await write(store, told(COUNTY, "331121", TEXT), other)
            rows = store.database["articles"]
            known = {row["_id"]: row async for row in rows.find()}
            await rows.update_one({"_id": id_of(COUNTY)}, {"$set": {"cluster": "joined elsewhere"}})
            await rows.update_one({"_id": other["_id"]}, {"$set": {"cluster": None}})
            await Clusters(store).assign(known, known)
            return await stored(store)

    articles = asyncio.run(scenario())
    assert articles[COUNTY]["cluster"] == "joined elsewhere"
    assert articles[other["url"]]["cluster"] == other["_id"]


@pytest.fixture
def databases(mongo_uri: str) -> Iterator[list[str]]:
    names = [f"test_{uuid.uuid4().hex[:12]}" for _ in range(2)]
    yield names
    with connect(mongo_uri, None) as client:
        for name in names:
            client.drop_database(name)


def start(uri: str, database: str, part: int, of: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), uri, database, str(part), str(of)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_after(process: subprocess.Popen[str], outcomes: int) -> None:
    assert process.stdout is not None
    for _ in range(outcomes):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_two_processes_killed_and_restarted_give_the_clusters_of_one(mongo_uri, databases):
    alone = start(mongo_uri, databases[0], 0, 1)
    alone.communicate(timeout=200)
    assert alone.returncode == 0
    for outcomes in (120, 430):
        both = [start(mongo_uri, databases[1], part, 2) for part in range(2)]
        for process, more in zip(both, (0, 70), strict=True):
            kill_after(process, outcomes + more)
    both = [start(mongo_uri, databases[1], part, 2) for part in range(2)]
    for process in both:
        process.communicate(timeout=200)
        assert process.returncode == 0
    fields = {"cluster": 1, "original": 1, "original_evidence": 1}
    with connect(mongo_uri, None) as client:
        serial, raced = ({row["_id"]: row for row in client[name]["articles"].find({}, fields)} for name in databases)
    assert len(serial) == len(raced) == 2000
    assert len({row["cluster"] for row in serial.values()}) == 1000
    assert sum(row["original"] is not None for row in serial.values()) == 1000
    assert raced == serial
