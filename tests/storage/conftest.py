"""Invented articles, and a store of the test's own database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.items import Article
from crawler.parsing.urls import article_id, canonical_url
from crawler.storage.store import Store, open_store

Build = Callable[..., dict[str, Any]]
Opened = Callable[[], AbstractAsyncContextManager[Store]]


def _article(url: str, text: str, site: str | None = "xishan", **fields: Any) -> dict[str, Any]:
    canonical = canonical_url(url)
    article = Article(
        url=url,
        canonical_url=canonical,
        site={"code": site, "name": f"{site}县政府", "kind": "county", "province": "虚构省"} if site else None,
        title="米粉抽检",
        body=text,
        content_hash=f"hash of {text}",
        fetched_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
        run="run-1",
    )
    return {"_id": article_id(canonical), **asdict(article), **fields}


@pytest.fixture
def article() -> Build:
    """Builds the document of an article: `article(url, text, site="xishan", **fields)`."""
    return _article


@pytest.fixture
def opened(mongo_uri: str, database: str) -> Opened:
    """Opens the store of this test's database: `async with opened() as store`."""

    @asynccontextmanager
    async def open_and_close() -> AsyncIterator[Store]:
        store = await open_store(mongo_uri, database, None)
        try:
            yield store
        finally:
            await store.close()

    return open_and_close
