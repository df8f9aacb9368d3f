"""What crawls did and how the sites are: collections `runs` and `sites`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne, UpdateOne

from crawler.errors import StoreUnavailable
from crawler.storage.store import Store

Document = dict[str, Any]


class RunStore:
    """Reads and writes `runs` (a document per crawl and one per site of it) and `sites` (a document per site). All
    raise StoreError."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def update(self, run: str, values: Mapping[str, Any]) -> None:
        """Set fields of a crawl's document, which is made where there is none."""
        await self.write([{"_id": run, **values}])

    async def write(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """Set the fields given (all but `_id`) of each run. While the database is unavailable they go to the spool."""
        rows = [dict(run) for run in runs]
        operations = [UpdateOne({"_id": run["_id"]}, {"$set": run}, upsert=True) for run in rows]
        try:
            if operations:
                await self.store.retrying(lambda: self.store.database["runs"].bulk_write(operations, ordered=False))
        except StoreUnavailable:
            if self.store.spool is None:
                raise
            self.store.spool([{"kind": "run", "document": run} for run in rows])

    async def states(self, codes: Iterable[str]) -> dict[str, Document]:
        """The documents of `sites` with these codes."""
        wanted = list(codes)
        return await self.store.retrying(lambda: self._states(wanted)) if wanted else {}

    async def write_states(self, states: Iterable[Document]) -> None:
        """Replace documents of `sites`."""
        operations = [ReplaceOne({"_id": state["_id"]}, state, upsert=True) for state in states]
        if operations:
            await self.store.retrying(lambda: self.store.database["sites"].bulk_write(operations, ordered=False))

    async def doubt(self, articles: Iterable[str], kind: str, evidence: str) -> None:
        """Note a doubt about stored articles (ids), so that later crawls fetch them again; those that were rejected as
        irrelevant are fetched again, too."""
        ids, database = list(articles), self.store.database
        if not ids:
            return
        doubt = {"$set": {"doubts": [{"kind": kind, "evidence": evidence}]}}
        await self.store.retrying(lambda: database["articles"].update_many({"_id": {"$in": ids}}, doubt))
        rejects = {"_id": {"$in": [f"{key}:irrelevant" for key in ids]}}
        await self.store.retrying(lambda: database["rejects"].delete_many(rejects))

    async def forget(self, before: datetime) -> None:
        """Delete the runs and alarms of before a moment (aware)."""
        database = self.store.database
        await self.store.retrying(lambda: database["runs"].delete_many({"started_at": {"$lt": before}}))
        await self.store.retrying(lambda: database["alarms"].delete_many({"at": {"$lt": before}}))

    async def _states(self, codes: list[str]) -> dict[str, Document]:
        return {row["_id"]: row async for row in self.store.database["sites"].find({"_id": {"$in": codes}})}


# What earlier crawls left of each section (栏目): collection `sections`, one document a list page.


class SectionStore:
    """Reads and writes `sections`. A document: `_id` (site and section key), `site`, `key`, `name`, `url`, `open`,
    `complete_at`, `complete_since`, `gone_at`, `found_at` (dates, aware UTC, or null). All raise StoreError."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def load(self, site: str) -> dict[str, dict[str, Any]]:
        """The stored sections of a site by key."""
        return await self.store.retrying(lambda: self._load(site))

    async def begin(self, site: str, sections: Mapping[str, tuple[str, str]]) -> None:
        """Mark the sections `{key: (name, url)}` of a site as begun and not ended."""
        await self._update(
            site, {key: {"name": name, "url": url, "open": True} for key, (name, url) in sections.items()}
        )

    async def found(self, site: str, sections: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
        """Remember sections (by key: `name`, `url`) that a look at the site's home page found."""
        await self._update(site, {key: {**row, "found_at": now} for key, row in sections.items()})

    async def complete(self, site: str, histories: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the history (`complete_at`, `complete_since`, `open`) of sections that were walked to their end."""
        await self._update(site, histories)

    async def gone(self, site: str, keys: Iterable[str], now: datetime) -> None:
        """Remember that optional sections do not exist on the site."""
        await self._update(site, {key: {"gone_at": now, "open": False} for key in keys})

    async def _load(self, site: str) -> dict[str, dict[str, Any]]:
        return {row["key"]: row async for row in self.store.database["sections"].find({"site": site})}

    async def _update(self, site: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        operations = [
            UpdateOne({"_id": f"{site}:{key}"}, {"$set": {"site": site, "key": key, **value}}, upsert=True)
            for key, value in values.items()
        ]
        if operations:
            await self.store.retrying(lambda: self.store.database["sections"].bulk_write(operations, ordered=False))
