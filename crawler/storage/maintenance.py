"""Computing anew what rules derive from stored articles: keys and the index for search, then stories from nothing.

Where it stands is in the database: the last article whose keys are done in `maintenance`, the stories that are left in
the articles themselves (`cluster` null).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from crawler.sites.places import find_places
from crawler.storage import changes
from crawler.storage.schema import VERSION
from crawler.storage.search_index import Segments
from crawler.storage.store import Store, check_version, ensure, is_fresh, store_version, stored_version
from crawler.storage.stories import Stories
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.text.relevance import relevance
from crawler.text.tokens import tokens

CHUNK = 500
_POSITION = "reindex"
Progress = Callable[[str, int, int], None]


def _relevance(article: Mapping[str, Any]) -> dict[str, Any]:
    kind = (article.get("site") or {}).get("kind")
    about = {name: article.get(name) for name in ("section", "source")}
    return relevance(article["title"], article["body"], **about, kind=kind).as_dict()


# Each derived field and how it follows from the document.
DERIVED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "content_hash": lambda article: content_hash(article["title"], article["body"]),
    "fingerprint": lambda article: fingerprint(article["title"], article["body"]),
    "relevance": _relevance,
    "places": lambda article: find_places(article["title"], article["body"], article.get("site")).names,
    "place_codes": lambda article: find_places(article["title"], article["body"], article.get("site")).codes,
    "tokens": lambda article: tokens(article["title"], article["body"]),
}
_UNSETTLED = {"cluster": None, "original": None, "original_evidence": None}


async def reindex(store: Store, progress: Progress) -> int:
    """Compute the derived fields and stories of all articles anew, going on where an earlier call was interrupted;
    `progress(stage, done, total)` hears of it. Returns the number of articles. Raises StoreError."""
    # The whole list at once: the embedded server scans for a range of _id.
    ids = await store.retrying(lambda: _ids(store))
    position = await store.retrying(lambda: store.database["maintenance"].find_one({"_id": _POSITION}))
    segments = Segments(store)
    if position is None:
        await store.retrying(segments.clear)
    done = sum(key <= position["after"] for key in ids) if position else 0
    while done < len(ids):
        chunk = ids[done : done + CHUNK]
        await store.retrying(lambda chunk=chunk: _derive(store, segments, chunk))  # type: ignore[misc]
        await segments.tidy()
        done += len(chunk)
        progress("articles", done, len(ids))
    await store.retrying(lambda: Stories(store).recover(lambda settled, total: progress("stories", settled, total)))
    await store.retrying(lambda: store.database["maintenance"].delete_one({"_id": _POSITION}))
    return len(ids)


async def _ids(store: Store) -> list[str]:
    return sorted([row["_id"] async for row in store.database["articles"].find({}, {"_id": 1, "revision": 1})])


async def _derive(store: Store, segments: Segments, ids: list[str]) -> None:
    articles = store.database["articles"]
    derived = {
        row["_id"]: {name: make(row) for name, make in DERIVED.items()}
        async for row in articles.find({"_id": {"$in": ids}})
    }
    if derived:
        await segments.add({key: fields["tokens"] for key, fields in derived.items()})
        change = await changes.begin(store.database)
        fresh = {**_UNSETTLED, "change": change.number}
        updates = [UpdateOne({"_id": key}, {"$set": {**fresh, **fields}}) for key, fields in derived.items()]
        await articles.bulk_write(updates, ordered=False)
        await changes.finish(store.database, change)
    await store.database["maintenance"].replace_one({"_id": _POSITION}, {"after": ids[-1]}, upsert=True)


# Version 1 to 2: what search and selection ask for (tokens, relevance, places) is in every article.


def revision(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a revision of an article of version 1 lacks. Raises RegistryError."""
    title, body = document["title"], document["body"]
    kind = (document["site"] or {}).get("kind")
    rating = relevance(title, body, section=document["section"], source=document["source"], kind=kind)
    named = find_places(title, body, document["site"])
    return {"relevance": rating.as_dict(), "places": named.names, "place_codes": named.codes}


def article(document: Mapping[str, Any]) -> dict[str, Any]:
    """What an article of version 1 lacks: it is looked for by its tokens, its revisions are not. Raises
    RegistryError."""
    return {**revision(document), "tokens": tokens(document["title"], document["body"])}


# From an older version of the schema to this program's, one module a step: `from_1` leads from version 1 to 2. A
# step computes the changes of each document from the document alone. Documents carry their version, so a migration
# that was killed goes on with those it had not reached; the database carries the version all of them follow.

MIGRATION_CHUNK = 200


Document = Mapping[str, Any]
Step = Mapping[str, Callable[[Document], dict[str, Any]]]
"""What leads to the next version: the changes of a document, by collection."""

STEPS: Mapping[int, Step] = {
    1: {"articles": article, "revisions": revision},
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
        for start in range(0, len(pending), MIGRATION_CHUNK):
            chunk = pending[start : start + MIGRATION_CHUNK]
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
