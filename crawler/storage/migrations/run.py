"""From an older version of the schema to this program's, one module a step: `from_1` leads from version 1 to 2.

A step computes the changes of each document from the document alone. Documents carry their version, so a migration
that was killed goes on with those it had not reached; the database carries the version all of them follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from crawler.storage.ensure import check_version, ensure, is_fresh, store_version, stored_version
from crawler.storage.migrations import from_1
from crawler.storage.schema import VERSION
from crawler.storage.segments import Segments
from crawler.storage.store import Store
from crawler.text.tokens import tokens

CHUNK = 200
Progress = Callable[[str, int, int], None]


Document = Mapping[str, Any]
Step = Mapping[str, Callable[[Document], dict[str, Any]]]
"""What leads to the next version: the changes of a document, by collection."""

STEPS: Mapping[int, Step] = {
    1: {"articles": from_1.article, "revisions": from_1.revision},
    2: {"articles": lambda document: {}},
}
SEGMENTED = 2
"""From this version to the next, every article gets into a segment, in place of the index `by_token`."""
_NO_INDEX, _NO_COLLECTION = 27, 26


async def migrate(store: Store, progress: Progress, steps: Mapping[int, Step] = STEPS, until: int = VERSION) -> int:
    """Bring the database of `store`, which no crawl may be writing to, to version `until`, going on where an earlier
    call was interrupted; `progress(what, done, total)` hears of it. Returns the version it had. Raises StoreError, also
    for a database that is newer than this program."""
    names = await store.retrying(lambda: _names(store))
    first = VERSION if is_fresh(names) else await store.retrying(lambda: stored_version(store.database))
    for version in range(first, until):
        if version == SEGMENTED:
            await store.retrying(lambda: _drop_index(store, "articles", "by_token"))
        for collection in steps[version]:
            await _carry_out(store, collection, version, steps[version], progress)
        await store.retrying(lambda version=version: store_version(store.database, version + 1))  # type: ignore[misc]
    if first > until:
        check_version(first, store.database.name)
    await store.retrying(lambda: ensure(store.database))
    return first


async def _names(store: Store) -> list[str]:
    return await store.database.list_collection_names()


async def _drop_index(store: Store, collection: str, name: str) -> None:
    try:
        await store.database[collection].drop_index(name)
    except OperationFailure as error:
        if error.code not in {_NO_INDEX, _NO_COLLECTION}:
            raise


async def _carry_out(store: Store, collection: str, version: int, step: Step, progress: Progress) -> None:
    done, segments = 0, Segments(store)
    # Once more after the last: what came in meanwhile.
    while pending := await store.retrying(lambda: _pending(store, collection, version)):
        for start in range(0, len(pending), CHUNK):
            chunk = pending[start : start + CHUNK]
            if (collection, version) == ("articles", SEGMENTED):
                await store.retrying(lambda chunk=chunk: _into_segment(store, segments, chunk))  # type: ignore[misc]
                await segments.tidy()
            await store.retrying(lambda chunk=chunk: _change(store, collection, chunk, version, step))  # type: ignore[misc]
            done += len(chunk)
            progress(f"{collection} to version {version + 1}", done, max(done, len(pending)))


async def _pending(store: Store, collection: str, version: int) -> list[Any]:
    # Compared here: the embedded server has no index for it, and a document of version 1 lacks the field.
    found = store.database[collection].find({}, {"_id": 1, "schema_version": 1})
    return [row["_id"] async for row in found if row.get("schema_version", 1) <= version]


async def _into_segment(store: Store, segments: Segments, ids: list[Any]) -> None:
    found = store.database["articles"].find({"_id": {"$in": ids}}, {"title": 1, "body": 1})
    await segments.add({row["_id"]: tokens(row["title"], row["body"]) async for row in found})


async def _change(store: Store, collection: str, ids: list[Any], version: int, step: Step) -> None:
    reached = {"schema_version": version + 1}
    found = store.database[collection].find({"_id": {"$in": ids}})
    updates = [UpdateOne({"_id": row["_id"]}, {"$set": step[collection](row) | reached}) async for row in found]
    if updates:
        await store.database[collection].bulk_write(updates, ordered=False)
