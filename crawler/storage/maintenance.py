"""Recomputing what rules derive from the stored articles: keys, then the stories.

The database records the progress: `maintenance` has the last article whose keys are done, and articles whose story is
still to be found have `cluster` null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pymongo import UpdateOne

from crawler.sites.places import find_places
from crawler.storage import changes
from crawler.storage.store import REINDEX, Store
from crawler.storage.stories import Clusters
from crawler.text.document_type import document_type
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.text.relevance import relevance

CHUNK = 500
Progress = Callable[[str, int, int], None]


def _relevance(article: Mapping[str, Any]) -> dict[str, Any]:
    kind = (article.get("site") or {}).get("kind")
    about = {name: article.get(name) for name in ("section", "source")}
    return relevance(article["title"], article["body"], **about, kind=kind).as_dict()


DERIVED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "content_hash": lambda article: content_hash(article["title"], article["body"]),
    "fingerprint": lambda article: fingerprint(article["title"], article["body"]),
    "relevance": _relevance,
    "places": lambda article: find_places(article["title"], article["body"], article.get("site")).names,
    "place_codes": lambda article: find_places(article["title"], article["body"], article.get("site")).codes,
    "document_type": lambda article: document_type(article["title"]).as_dict(),
}
"""Each derived field, and the function of the document that computes it."""
_UNASSIGNED = {"cluster": None, "original": None, "original_evidence": None}


async def reindex(store: Store, progress: Progress) -> int:
    """Recompute the derived fields and the stories of all articles, from where an earlier call was interrupted, and
    return the number of articles. `progress(stage, done, total)` is called after each step. Raises StoreError."""
    # The whole list at once: the embedded server scans for a range of _id.
    ids = await store.retrying(lambda: _ids(store))
    position = await store.retrying(lambda: store.database["maintenance"].find_one({"_id": REINDEX}))
    if position is None:
        await store.retrying(lambda: store.database["maintenance"].replace_one({"_id": REINDEX}, {}, upsert=True))
    after = (position or {}).get("after", "")
    done = sum(key <= after for key in ids)
    while done < len(ids):
        chunk = ids[done : done + CHUNK]
        await store.retrying(lambda chunk=chunk: _derive(store, chunk))  # type: ignore[misc]
        done += len(chunk)
        progress("articles", done, len(ids))
    await store.retrying(lambda: Clusters(store).recover(lambda assigned, total: progress("stories", assigned, total)))
    await store.retrying(lambda: store.database["maintenance"].delete_one({"_id": REINDEX}))
    return len(ids)


async def _ids(store: Store) -> list[str]:
    return sorted([row["_id"] async for row in store.database["articles"].find({}, {"_id": 1, "revision": 1})])


async def _derive(store: Store, ids: list[str]) -> None:
    articles = store.database["articles"]
    derived = {
        row["_id"]: {name: make(row) for name, make in DERIVED.items()}
        async for row in articles.find({"_id": {"$in": ids}})
    }
    if derived:
        change = await changes.begin(store.database)
        fresh = {**_UNASSIGNED, "change": change.number}
        updates = [UpdateOne({"_id": key}, {"$set": {**fresh, **fields}}) for key, fields in derived.items()]
        await articles.bulk_write(updates, ordered=False)
        await changes.finish(store.database, change)
    await store.database["maintenance"].replace_one({"_id": REINDEX}, {"after": ids[-1]}, upsert=True)
