"""One batch into the store: rounds of a few requests, each safe to repeat.

A round looks up what the store holds of its articles and texts, decides (`outcome.py`), keeps older versions in
`revisions`, then writes `articles`. What concerns an article that the same round writes, or that another process wrote
meanwhile, goes into the next. A kill can leave a version in `revisions` that is still the current one: a revision is
history once the article's `revision` is above its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pymongo import ReplaceOne
from pymongo.errors import AutoReconnect, BulkWriteError

from crawler.storage.clusters import Stories
from crawler.storage.errors import StoreError
from crawler.storage.operations import first_version, operation, past_version, reject_document, reject_operation
from crawler.storage.outcome import HEAD, Document, Entry, Step, plan
from crawler.storage.refusal import refusal
from crawler.storage.segments import Segments
from crawler.storage.store import TRANSIENT, Store
from crawler.text.tokens import tokens

logger = logging.getLogger(__name__)

OnOutcome = Callable[[str, str, Document], None]
SPARE_ROUNDS = 20
"""How often other processes may be faster before a batch is given up."""
SETTLED = frozenset({"new", "reprint", "changed"})
"""Outcomes after which an article's story is looked up."""

_DUPLICATE_KEY, _REFUSED = 11000, 121


class Batches:
    """Writes batches; `on_outcome(kind, outcome, document)` hears of each once the store has acknowledged it."""

    def __init__(self, store: Store, on_outcome: OnOutcome) -> None:
        self._store = store
        self._on_outcome = on_outcome
        self._stories = Stories(store)
        self._segments = Segments(store)
        self._recovered = False

    async def write(self, entries: list[Entry], rejects: list[Document], seconds: float) -> None:
        """Write all `entries` and `rejects` and take them out of the lists; articles that the store refuses become
        rejects. What was not acknowledged stays in the lists. Raises StoreError, StoreAway where the store did not
        come back within `seconds`."""
        if not self._recovered:
            await self._store.retrying(self._recover, seconds)
            self._recovered = True
        # A change takes two rounds, and changes of one article follow each other.
        rounds = SPARE_ROUNDS + 2 * len(entries)
        while entries:
            if rounds == 0:
                raise StoreError("Other processes keep changing the same articles.")
            rounds -= 1
            await self._store.retrying(lambda: self._round(entries, rejects), seconds)
        await self._store.retrying(lambda: self._write_rejects(rejects), seconds)
        await self._segments.tidy()

    async def _recover(self) -> None:
        await self._stories.recover()

    async def _round(self, entries: list[Entry], rejects: list[Document]) -> None:
        """Write what can be written of `entries` and leave the rest in it."""
        stored, twins = await self._look_up([entry.document for entry in entries])
        steps, later = plan(entries, stored, twins)
        for step in steps:
            step.entry.tried = True
        await self._keep_versions([step for step in steps if step.outcome == "changed" and not step.done])
        codes = await self._apply(steps)
        told = [step for number, step in enumerate(steps) if step.outcome in SETTLED and number not in codes]
        # What an earlier round stored may have changed since.
        new = {step.document["_id"]: step.document for step in told if step.outcome == "new" and not step.done}
        near = await self._stories.settle([step.document["_id"] for step in told], new)
        for number, step in enumerate(steps):
            if (code := codes.get(number)) == _REFUSED:
                detail = refusal("articles", first_version(step.document, _tokens(step)))
                rejects.append(reject_document(step.document, "invalid_document", detail))
            elif code == _DUPLICATE_KEY or (step.outcome == "changed" and not step.done):
                # Another process was faster, or may have been: the next round reads what came of it.
                later.append(step.entry)
            elif step.outcome == "new" and step.document["_id"] in near:
                self._on_outcome("article", "near_duplicate", step.document)
            else:
                self._on_outcome("article", step.outcome, step.document)
        # In their order: a version whose result is to be read goes before the version that follows it.
        waiting = set(later)
        entries[:] = [entry for entry in entries if entry in waiting]

    async def _look_up(self, batch: list[Document]) -> tuple[dict[str, Document], dict[str, list[Document]]]:
        articles = self._store.database["articles"]
        ids = list({document["_id"] for document in batch})
        texts = list({document["content_hash"] for document in batch} - {None})
        stored = {row["_id"]: row async for row in articles.find({"_id": {"$in": ids}}, HEAD)}
        twins: dict[str, list[Document]] = {}
        async for row in articles.find({"content_hash": {"$in": texts}}, HEAD):
            twins.setdefault(row["content_hash"], []).append(row)
        return stored, twins

    async def _keep_versions(self, steps: list[Step]) -> None:
        if not steps:
            return
        following = {step.document["_id"]: step.document for step in steps}
        current = self._store.database["articles"].find({"_id": {"$in": list(following)}})
        versions = [past_version(article, following[article["_id"]]) async for article in current]
        if versions:
            await self._bulk(
                "revisions", [ReplaceOne({"_id": version["_id"]}, version, upsert=True) for version in versions]
            )

    async def _apply(self, steps: list[Step]) -> dict[int, int]:
        """Write `articles`; what was not written, by its number in `steps`, with the server's error code."""
        numbered = [(number, step) for number, step in enumerate(steps) if not step.done]
        words = {step.document["_id"]: _tokens(step) for _, step in numbered if step.outcome in SETTLED}
        await self._segments.add(words)
        operations = [operation(step, words.get(step.document["_id"], ())) for _, step in numbered]
        codes = await self._bulk("articles", operations)
        return {numbered[index][0]: code for index, code in codes.items()}

    async def _bulk(self, collection: str, operations: list[Any]) -> dict[int, int]:
        """Write all `operations` that can be written; the error codes of the others by their index."""
        try:
            if operations:
                await self._store.database[collection].bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            details = error.details
            codes = {failed["index"]: failed["code"] for failed in details["writeErrors"]}
            if details["writeConcernErrors"] or TRANSIENT.intersection(codes.values()):
                raise AutoReconnect("not acknowledged") from error
            if not {_DUPLICATE_KEY, _REFUSED}.issuperset(codes.values()):
                raise
            return codes
        return {}

    async def _write_rejects(self, rejects: list[Document]) -> None:
        batch = list(rejects)
        codes = await self._bulk("rejects", [reject_operation(reject) for reject in batch])
        del rejects[: len(batch)]
        for number, reject in enumerate(batch):
            if number in codes:
                logger.error("Not even recorded as rejected (%s): %s", reject["reason"], reject["url"])
            self._on_outcome("reject", reject["reason"], reject)


def _tokens(step: Step) -> list[str]:
    return tokens(step.document["title"], step.document["body"])
