"""Generated articles for benchmarks of search and export: `seed(uri, "whole", 20_000)`.

Lengths follow the bodies of real news pages (lognormal; measured on 87 pages: mu 6.92, sigma 1.03, median 1,038
characters), words a Zipf distribution over the terms of the relevance lexicon, the counties of the registry and 12,000
words of two characters drawn at random, so that common terms are in most articles and rare ones in few.
"""

from __future__ import annotations

import asyncio
import random
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import crawler
from crawler.items import Article, Image
from crawler.parsing.urls import article_id
from crawler.sites.registry import load as load_registry
from crawler.sites.site import Site
from crawler.storage import changes
from crawler.storage.operations import make_first_version
from crawler.storage.store import open_store
from crawler.text.fingerprint import content_hash

RARE, RARE_EVERY = "栖霞溪", 5000
"""A place that no registry has, in every so many articles."""
PHRASE, PHRASE_EVERY = "米粉抽检不合格", 50
_MU, _SIGMA, _LONGEST = 6.92, 1.03, 20_000
_START = datetime(2018, 1, 1, tzinfo=UTC)
_DAYS = 3200
_BLOCK = 500


def seed(uri: str, name: str, number: int) -> None:
    """Store `number` articles in the collection `articles` of the database `name`; the same
    ones at every call, which goes on where an earlier one was interrupted. They are made in another process while these
    are stored."""
    asyncio.run(_seed(uri, name, number))


async def _seed(uri: str, name: str, number: int) -> None:
    store = await open_store(uri, name, None)
    articles = store.database["articles"]
    there = await articles.estimated_document_count() // 10 * 10
    with ProcessPoolExecutor(1, get_context("spawn")) as maker:
        ahead = maker.submit(_block, there, number)
        for start in range(there + _BLOCK, number + _BLOCK, _BLOCK):
            batch = ahead.result()
            ahead = maker.submit(_block, start, number)
            if batch:
                change = await changes.begin(store.database)
                await articles.insert_many([{**row, "change": change.number} for row in batch], ordered=False)
                await changes.finish(store.database, change)
    await store.close()


def _block(start: int, number: int) -> list[dict[str, Any]]:
    return list(generated(min(start, number), min(start + _BLOCK, number)))


def generated(start: int, end: int) -> Iterator[dict[str, Any]]:
    """The documents of `articles` from number `start`, a multiple of ten, to before `end`; every tenth is a reprint of
    the one before."""
    sites = _counties()
    original: dict[str, Any] = {}
    for place in range(start, end):
        chance = random.Random(place)
        site = chance.choice(sites)
        url = f"http://{site.pinyin or 'x'}.example.cn/art/{site.code}/{place}.html"
        published = _START + timedelta(days=chance.random() * _DAYS)
        title, body = _headline(chance), _body(chance, place)
        if place % 10 == 9:
            title, body = original["title"], original["body"]
        item = Article(
            url, url, site.as_publisher(), section=chance.choice(("要闻", "监管", "公示公告")), platform="trs"
        )
        item.title, item.body, item.source = title, body, f"{site.name}融媒体中心"
        item.published_at, item.published_precision = published.replace(second=0, microsecond=0), "minute"
        item.images = [Image(f"{url}/{each}.jpg", "图") for each in range(place % 3)]
        item.relevance = {"score": round(chance.random(), 3), "terms": ["食品安全", "抽检"]}
        item.places, item.place_codes = [site.name], [site.code]
        item.content_hash, item.run = content_hash(title, body), "bench"
        item.fingerprint = [chance.getrandbits(62) for _ in range(16)]
        item.provenance = {"title": "platform:trs", "body": "platform:trs"}
        fields = {**asdict(item), "fetched_at": published, "last_seen_at": published}
        document = make_first_version({"_id": article_id(url), **fields})
        document["cluster"] = document["_id"]
        if place % 10 == 9:
            document |= {"cluster": original["_id"], "original": original["_id"], "original_evidence": "it is earlier"}
        else:
            original = document
        yield document


@cache
def _counties() -> list[Site]:
    return [site for site in load_registry() if site.kind == "county"]


@cache
def _vocabulary() -> tuple[list[str], list[float]]:
    """Words, the most frequent first, and the sums of their weights."""
    chance = random.Random("words")
    common = "".join(bytes((high, low)).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFA))
    lexicon = tomllib.loads((Path(crawler.__file__).parent / "text/lexicon.toml").read_text("utf-8"))
    terms = sorted({term for group in lexicon["groups"].values() for term in group["terms"]})
    places = sorted({site.name for site in _counties()})
    made = {"".join(chance.choices(common, k=2)) for _ in range(12_000)}
    words = chance.sample(terms, len(terms)) + chance.sample(places, 500) + sorted(made)
    chance.shuffle(words)
    words[:0] = ["食品安全", "抽检", "市场监管局", "检查", "不合格"]
    return words, list(accumulate(1 / (rank + 3) for rank in range(len(words))))


def _words(chance: random.Random, characters: int) -> Iterator[str]:
    words, sums = _vocabulary()
    while characters > 0:
        for word in chance.choices(words, cum_weights=sums, k=max(1, characters // 4)):
            characters -= len(word)
            yield word


def _headline(chance: random.Random) -> str:
    return "".join(_words(chance, chance.randint(12, 24)))


def _body(chance: random.Random, place: int) -> str:
    pieces = list(_words(chance, min(_LONGEST, int(chance.lognormvariate(_MU, _SIGMA)) + 20)))
    for at in range(6, len(pieces), 7):
        pieces[at] += "。\n" if at % 5 == 0 else "，"
    if place % RARE_EVERY == 0:
        pieces[len(pieces) // 2] += RARE
    if place % PHRASE_EVERY == 0:
        pieces[len(pieces) // 3] += PHRASE
    return "".join(pieces)
