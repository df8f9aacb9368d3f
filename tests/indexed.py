"""For tests that put articles into a store by hand: the part of the batch writer that makes them findable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crawler.storage.search_index import fresh_segments


def make_findable(database: Any, articles: Iterable[Mapping[str, Any]]) -> None:
    """Write a segment of the `tokens` of articles into `database` (synchronous)."""
    database["segments"].insert_many(fresh_segments({row["_id"]: row["tokens"] for row in articles}))
