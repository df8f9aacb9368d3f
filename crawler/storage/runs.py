"""What crawls did and how the sites are: collections `runs` and `sites`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReplaceOne, UpdateOne

from crawler.storage.errors import StoreAway

if TYPE_CHECKING:
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
        """Set the fields given (all but `_id`) of each run. While the store is away they wait in the spool."""
        rows = [dict(run) for run in runs]
        operations = [UpdateOne({"_id": run["_id"]}, {"$set": run}, upsert=True) for run in rows]
        try:
            if operations:
                await self.store.retrying(lambda: self.store.database["runs"].bulk_write(operations, ordered=False))
        except StoreAway:
            if self.store.keep is None:
                raise
            self.store.keep([{"kind": "run", "document": run} for run in rows])

    async def states(self, codes: Iterable[str]) -> dict[str, Document]:
        """The documents of `sites` with these codes."""
        wanted = list(codes)
        return await self.store.retrying(lambda: self._states(wanted)) if wanted else {}

    async def write_states(self, states: Iterable[Document]) -> None:
        """Replace documents of `sites`."""
        operations = [ReplaceOne({"_id": state["_id"]}, state, upsert=True) for state in states]
        if operations:
            await self.store.retrying(lambda: self.store.database["sites"].bulk_write(operations, ordered=False))

    async def forget(self, before: datetime) -> None:
        """Delete the runs and alarms of before a moment (aware)."""
        database = self.store.database
        await self.store.retrying(lambda: database["runs"].delete_many({"started_at": {"$lt": before}}))
        await self.store.retrying(lambda: database["alarms"].delete_many({"at": {"$lt": before}}))

    async def _states(self, codes: list[str]) -> dict[str, Document]:
        return {row["_id"]: row async for row in self.store.database["sites"].find({"_id": {"$in": codes}})}
