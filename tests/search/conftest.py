"""A database with invented articles, written as crawls write them, and its search index."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Article
from crawler.parsing.urls import article_id
from crawler.search.index import SearchIndex
from crawler.sites.registry import load
from crawler.storage.store import connect, open_store
from crawler.storage.writer import ArticleWriter
from crawler.text.fingerprint import content_hash, fingerprint


def make_article(number: int, title: str, body: str | None, site: str = "331121", **fields: Any) -> dict[str, Any]:
    """A document as the pipelines hand it to the writer, published on 1 March 2026 at noon (UTC) if not said
    otherwise."""
    url = f"http://news{number}.example.cn/art.html"
    item = Article(url, url, load().get(site).as_publisher(), title=title, body=body)
    item.published_at = item.fetched_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for name, value in fields.items():
        setattr(item, name, value)
    item.content_hash, item.fingerprint = content_hash(title, body), fingerprint(title, body)
    return {"_id": article_id(url), **asdict(item)}


Write = Callable[..., None]


@pytest.fixture
def write(mongo_uri: str, database: str) -> Write:
    """Stores articles in the database of the test."""

    def run(*articles: dict[str, Any]) -> None:
        async def add() -> None:
            store = await open_store(mongo_uri, database, None)
            writer = ArticleWriter(store, on_outcome=lambda kind, outcome, document: None)
            for article in articles:
                await writer.add(article)
            await writer.close()
            await store.close()

        asyncio.run(add())

    return run


@pytest.fixture
def there(mongo_uri: str, database: str) -> Iterator[Any]:
    """The database of the test, as pymongo has it."""
    with connect(mongo_uri, None) as client:
        yield client[database]


@pytest.fixture
def index(tmp_path: Path, mongo_uri: str, database: str) -> SearchIndex:
    """Its search index, not built yet."""
    return SearchIndex(tmp_path / "data", mongo_uri, database)
