"""The batch writer: articles and rejects go to the store by the hundred, each with an outcome of its own.

A batch takes rounds of a few requests. A round looks up what the store holds of its articles and texts, decides
(`outcome.py`), keeps older versions in `revisions`, then writes `articles`. What concerns an article that the same
round writes, or that another process wrote meanwhile, goes into the next. Every write may be repeated: a crawl killed
at any moment and run again stores each article once. A kill can leave a version in `revisions` that is still the
current one: a revision is history once the article's `revision` is above its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import bson
from pymongo import ReplaceOne
from pymongo.errors import AutoReconnect, BulkWriteError

from crawler.storage.clusters import Document, Stories
from crawler.storage.errors import StoreError
from crawler.storage.operations import first_version, operation, past_version, reject_document, reject_operation
from crawler.storage.outcome import HEAD, Entry, Step, plan
from crawler.storage.refusal import refusal
from crawler.storage.store import RETRY_SECONDS, TRANSIENT, Store

logger = logging.getLogger(__name__)

LARGEST_BATCH = 500
LARGEST_BYTES = 15 * 1024 * 1024
"""A document may take 16 MB; what the writer adds has to fit as well."""
SPARE_ROUNDS = 20
"""How often other processes may be faster before a batch is given up."""

SETTLED = frozenset({"new", "reprint", "changed"})
"""Outcomes after which an article's story is looked up."""

_DUPLICATE_KEY, _REFUSED = 11000, 121


class ArticleWriter:
    """Collects articles and rejects and writes them when there are `max_items`, `max_seconds` after the first, and at
    the end. `on_outcome(kind, outcome, document)` hears of each once the store has acknowledged it: kind `article` with `new`,
    `near_duplicate`, `reprint`, `unchanged`, `changed` or `duplicate`; kind `reject` with the reason."""

    def __init__(
        self,
        store: Store,
        *,
        max_items: int = 100,
        max_seconds: float = 2.0,
        retry_seconds: float = RETRY_SECONDS,
        on_outcome: Callable[[str, str, Document], None],
    ) -> None:
        self._store = store
        self._max_items = min(max_items, LARGEST_BATCH)
        self._max_seconds = max_seconds
        self._retry_seconds = retry_seconds
        self._on_outcome = on_outcome
        self._articles: list[Document] = []
        self._rejects: list[Document] = []
        self._stories = Stories(store)
        self._recovered = False
        self._writing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._timed: asyncio.Task[None] | None = None
        self._failure: StoreError | None = None

    async def add(self, document: Document) -> None:
        """Take an article: the fields of `items.Article` and `_id`. Waits while a full batch is being written. What the
        store can't hold becomes a reject. Raises StoreError once the store stayed away for `retry_seconds`."""
        self._check()
        seen = _milliseconds(document.get("fetched_at"))
        article = {**document, "fetched_at": seen, "last_seen_at": seen}
        try:
            size = len(bson.encode(article))
        except (bson.errors.BSONError, OverflowError, UnicodeError) as error:
            self._reject(article, "invalid_document", str(error))
        else:
            if size > LARGEST_BYTES:
                self._reject(article, "too_large", f"the document takes {size} bytes")
            else:
                self._articles.append(article)
        await self._taken()

    async def add_reject(self, document: Document) -> None:
        """Take a reject: the fields of `items.Reject`. Raises StoreError as `add` does."""
        self._check()
        seen = _milliseconds(document.get("seen_at"))
        self._reject({**document, "last_seen_at": seen}, document["reason"], document.get("detail"))
        await self._taken()

    @property
    def pending(self) -> int:
        """How many articles and rejects wait to be written; a batch under way isn't among them."""
        return len(self._articles) + len(self._rejects)

    async def flush(self) -> None:
        """Write what is waiting. Raises StoreError; what wasn't acknowledged then still waits."""
        async with self._writing:
            self._stop_timer()
            try:
                await self._write()
            except StoreError as error:
                self._failure = StoreError(f"{error} {self.pending} articles and rejects wait, not stored.")
                raise self._failure from error

    async def close(self) -> None:
        """Write what is waiting and end. After a failure this tries once more, without patience. Raises StoreError."""
        failure = self._failure
        if failure:
            self._retry_seconds = 0
        try:
            await self.flush()
        except StoreError as error:
            raise failure or error from error
        self._failure = None

    def _check(self) -> None:
        if self._failure:
            raise self._failure

    async def _taken(self) -> None:
        if self.pending >= self._max_items:
            await self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._max_seconds, self._flush_in_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush_in_time(self) -> None:
        self._timed = asyncio.ensure_future(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except StoreError as error:
            # The next `add` raises it to whoever can end the crawl.
            logger.error("%s", error)

    async def _write(self) -> None:
        entries = [Entry(document) for document in self._articles]
        self._articles = []
        try:
            if not self._recovered:
                await self._store.retrying(self._stories.recover, self._retry_seconds)
                self._recovered = True
            # A change takes two rounds, and changes of one article follow each other.
            rounds = SPARE_ROUNDS + 2 * len(entries)
            while entries:
                if rounds == 0:
                    raise StoreError("Other processes keep changing the same articles.")
                rounds -= 1
                await self._store.retrying(lambda: self._round(entries), self._retry_seconds)
        finally:
            self._articles[:0] = [entry.document for entry in entries]
        await self._store.retrying(self._write_rejects, self._retry_seconds)

    async def _round(self, entries: list[Entry]) -> None:
        """Write what can be written of `entries` and leave the rest in it."""
        stored, twins = await self._look_up([entry.document for entry in entries])
        steps, later = plan(entries, stored, twins)
        for step in steps:
            step.entry.tried = True
        await self._keep_versions([step for step in steps if step.outcome == "changed" and not step.done])
        codes = await self._apply(steps)
        told = [step for number, step in enumerate(steps) if step.outcome in SETTLED and number not in codes]
        near = await self._stories.settle([step.document["_id"] for step in told])
        for number, step in enumerate(steps):
            if (code := codes.get(number)) == _REFUSED:
                self._reject(step.document, "invalid_document", refusal("articles", first_version(step.document)))
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
        codes = await self._bulk("articles", [operation(step) for _, step in numbered])
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

    def _reject(self, document: Document, reason: str, detail: str | None) -> None:
        self._rejects.append(reject_document(document, reason, detail))

    async def _write_rejects(self) -> None:
        rejects = list(self._rejects)
        codes = await self._bulk("rejects", [reject_operation(reject) for reject in rejects])
        del self._rejects[: len(rejects)]
        for number, reject in enumerate(rejects):
            if number in codes:
                logger.error("Not even recorded as rejected (%s): %s", reject["reason"], reject["url"])
            self._on_outcome("reject", reject["reason"], reject)


def _milliseconds(time: datetime | None) -> datetime:
    """`time`, or now, with the precision a stored date has, so that it equals what is read back."""
    time = time or datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
