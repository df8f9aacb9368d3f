"""The writer: articles and rejects are written in batches, each document with an outcome of its own.

Every write may be repeated (`operations.py`): a crawl that is killed at any moment and run again stores each article
once. While the database is unavailable, a writer with a spool keeps the batches there (`spool.py`) and writes them as
soon as it is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import bson
from pymongo import ReplaceOne
from pymongo.errors import AutoReconnect, BulkWriteError

from crawler.errors import StoreError, StoreUnavailable
from crawler.storage import changes
from crawler.storage.operations import (
    HEAD,
    REPEATED,
    BatchEntry,
    Document,
    WriteStep,
    explain_refusal,
    make_first_version,
    make_reject,
    make_revision,
    plan,
    write_operation,
    write_reject_operation,
)
from crawler.storage.spool import Record, Spool
from crawler.storage.state import RunStore
from crawler.storage.store import RETRY_SECONDS, TRANSIENT, Store
from crawler.storage.stories import Clusters

logger = logging.getLogger(__name__)


# A batch is written in rounds of a few requests, each safe to repeat. A round looks up the stored articles with the
# same ids and texts, decides (`plan`), keeps older versions in `revisions`, then writes `articles`. Entries of an
# article that the same round writes, or that another process wrote meanwhile, wait for the next round. After a kill a
# version in `revisions` may still be the current one: it is history once the article's `revision` is above its own.

OnOutcome = Callable[[str, str, Document], None]
SPARE_ROUNDS = 20
"""Rounds in which other processes may be faster, before the batch fails."""
ASSIGNED = frozenset({"new", "reprint", "changed"})
"""Outcomes after which an article is assigned to a cluster."""

_DUPLICATE_KEY, _REFUSED = 11000, 121


class Batches:
    """Writes batches; `on_outcome(kind, outcome, document)` is called for each once the server has acknowledged it."""

    def __init__(self, store: Store, on_outcome: OnOutcome) -> None:
        self._store = store
        self._on_outcome = on_outcome
        self._clusters = Clusters(store)
        self._recovered = False

    async def write(self, entries: list[BatchEntry], rejects: list[Document], seconds: float) -> None:
        """Write all `entries` and `rejects` and take them out of the lists; articles that the validator refuses become
        rejects. What was not acknowledged stays in the lists. Raises StoreError; StoreUnavailable if the database is
        unavailable for longer than `seconds`."""
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

    async def _recover(self) -> None:
        await self._clusters.recover()

    async def _round(self, entries: list[BatchEntry], rejects: list[Document]) -> None:
        """Write what can be written of `entries` and leave the rest in it."""
        stored, twins = await self._look_up([entry.document for entry in entries])
        steps, later = plan(entries, stored, twins)
        for step in steps:
            step.entry.tried = True
        await self._keep_versions([step for step in steps if step.outcome == "changed" and not step.done])
        writes = any(step.outcome in ASSIGNED and not step.done for step in steps)
        change = await changes.begin(self._store.database) if writes else None
        codes = await self._apply(steps, change.number if change else 0)
        written = [step for number, step in enumerate(steps) if step.outcome in ASSIGNED and number not in codes]
        # What an earlier round stored may have changed since.
        new = {step.document["_id"]: step.document for step in written if step.outcome == "new" and not step.done}
        near = await self._clusters.assign(
            [step.document["_id"] for step in written], new, change.number if change else None
        )
        if change:
            await changes.finish(self._store.database, change)
        for number, step in enumerate(steps):
            if (code := codes.get(number)) == _REFUSED:
                detail = explain_refusal("articles", make_first_version(step.document))
                rejects.append(make_reject(step.document, "invalid_document", detail))
            elif code == _DUPLICATE_KEY or (step.outcome == "changed" and not step.done):
                # Another process was faster, or may have been: the next round reads what came of it.
                later.append(step.entry)
            elif step.outcome == REPEATED:
                rejects.append(_reject_repeated(step))
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

    async def _keep_versions(self, steps: list[WriteStep]) -> None:
        if not steps:
            return
        following = {step.document["_id"]: step.document for step in steps}
        current = self._store.database["articles"].find({"_id": {"$in": list(following)}})
        versions = [make_revision(article, following[article["_id"]]) async for article in current]
        if versions:
            await self._bulk(
                "revisions", [ReplaceOne({"_id": version["_id"]}, version, upsert=True) for version in versions]
            )

    async def _apply(self, steps: list[WriteStep], change: int) -> dict[int, int]:
        """Write `articles`; what was not written, by its number in `steps`, with the server's error code."""
        numbered = [(number, step) for number, step in enumerate(steps) if not step.done]
        operations = [write_operation(step, change) for _, step in numbered]
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
        codes = await self._bulk("rejects", [write_reject_operation(reject) for reject in batch])
        del rejects[: len(batch)]
        for number, reject in enumerate(batch):
            if number in codes:
                logger.error("Could not be recorded as a reject (%s): %s", reject["reason"], reject["url"])
            self._on_outcome("reject", reject["reason"], reject)


MAX_BATCH = 500
MAX_BYTES = 15 * 1024 * 1024
"""A document may take 16 MB; what the writer adds has to fit as well."""
SPOOL_AFTER_SECONDS = 5.0
"""How long a batch waits in memory for an unavailable database before it goes to the spool."""


def _reject_repeated(step: WriteStep) -> Document:
    assert step.stored is not None
    detail = f"the same text under {step.stored['title']!r:.80}: {step.stored['canonical_url']}"
    return make_reject(step.document, REPEATED, detail)


class ArticleWriter:
    """Collects articles and rejects and writes them when there are `max_items`, `max_seconds` after the first, and at
    the end. `on_outcome(kind, outcome, document)` is called for each once the server has acknowledged it: kind
    `article` with `new`, `near_duplicate`, `reprint`, `unchanged`, `changed`, `duplicate` or `outdated`; kind `reject`
    with the reason.

    With a `spool`, items wait there while the database is unavailable; `on_spool(waiting)` is called with the number of
    records whenever it changes, and `on_lost` if the database stays unavailable for `retry_seconds`. Without a spool,
    `add` waits."""

    batches = Batches

    def __init__(
        self,
        store: Store,
        *,
        max_items: int = 100,
        max_seconds: float = 2.0,
        retry_seconds: float = RETRY_SECONDS,
        on_outcome: OnOutcome,
        spool: Spool | None = None,
        on_spool: Callable[[int], None] = lambda waiting: None,
        on_lost: Callable[[StoreError], None] = lambda error: None,
    ) -> None:
        self._store = store
        self._max_items = min(max_items, MAX_BATCH)
        self._max_seconds = max_seconds
        self._retry_seconds = retry_seconds
        self._spool = spool
        self._on_spool = on_spool
        self._on_lost = on_lost
        self._batches = self.batches(store, on_outcome)
        self._entries: list[BatchEntry] = []
        self._rejects: list[Document] = []
        self._writing = asyncio.Lock()
        self._begun = 0
        """Articles and rejects in the batch that is being written."""
        self._turns = 0
        """Tasks that write or wait for the lock."""
        self._ended = asyncio.Event()
        """Set at the end of the present turn, or of the next one."""
        self._timer: asyncio.TimerHandle | None = None
        self._timed: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._failure: StoreError | None = None

    async def add(self, document: Document, *, reread: bool = False) -> None:
        """Take an article: the fields of `items.Article` and `_id`. Waits while a full batch is being written.
        A document that can't be stored becomes a reject. A `reread` one, from the archive, counts as changed also if
        only its date or credits changed, and never replaces a version that was fetched later. Raises StoreError once
        the database has been unavailable for `retry_seconds`."""
        self._check()
        seen = _milliseconds(document.get("fetched_at"))
        article = {**document, "fetched_at": seen, "last_seen_at": seen}
        try:
            size = len(bson.encode(article))
        except (bson.errors.BSONError, OverflowError, UnicodeError) as error:
            self._reject(article, "invalid_document", str(error))
        else:
            if size > MAX_BYTES:
                self._reject(article, "too_large", f"the document takes {size} bytes")
            else:
                self._entries.append(BatchEntry(article, replayed=reread, reread=reread))
        await self._wait_for_room()

    async def add_reject(self, document: Document) -> None:
        """Take a reject: the fields of `items.Reject`. Raises StoreError as `add` does."""
        self._check()
        seen = _milliseconds(document.get("seen_at"))
        self._reject({**document, "last_seen_at": seen}, document["reason"], document.get("detail"))
        await self._wait_for_room()

    async def replay(self, records: Sequence[Record]) -> None:
        """Store records of a dead crawl's spool. Raises StoreError if not all of them are stored."""
        await self._replay(records, self._retry_seconds)

    async def _replay(self, records: Sequence[Record], seconds: float) -> None:
        await self._batches.write(*_from_records(records), seconds)
        await RunStore(self._store).write(row["document"] for row in records if row["kind"] == "run")

    @property
    def pending(self) -> int:
        """The number of articles and rejects that wait in memory or in the spool, without the batch that is being
        written."""
        return len(self._entries) + len(self._rejects) + (self._spool.waiting if self._spool else 0)

    async def flush(self) -> None:
        """Write what is waiting in memory, to the database or to the spool, and wait for the batch that is being
        written. Raises StoreError; what was not acknowledged then still waits."""
        # At least once: a batch may be being written.
        await self._flush_batch()
        while self._held:
            await self._flush_batch()

    async def _flush_batch(self) -> None:
        """Write one batch."""
        async with self._turn():
            self._stop_timer()
            try:
                await self._write()
            except StoreError as error:
                self._failure = StoreError(f"{error} {self.pending} articles and rejects wait, not stored.")
                raise self._failure from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Hold the right to write, which one task has at a time."""
        self._turns += 1
        try:
            async with self._writing:
                yield
        finally:
            self._turns -= 1
            ended, self._ended = self._ended, asyncio.Event()
            ended.set()

    async def close(self) -> None:
        """Write what is waiting and end. After a failure this tries once more without retrying. Raises StoreError, also
        if records stay in the spool for the next crawl."""
        failure = self._failure
        if failure:
            self._retry_seconds = 0
        try:
            await self.flush()
            if self._draining:
                await self._draining
        except StoreError as error:
            raise failure or error from error
        if self._spool and self._spool.waiting:
            raise StoreError(
                f"The database is unavailable: {self._spool.waiting} articles and rejects wait in "
                f"{self._spool.directory}; the next crawl stores them, or `scrapy drain`."
            )
        self._failure = None

    @property
    def _held(self) -> int:
        return len(self._entries) + len(self._rejects)

    def _check(self) -> None:
        if self._failure:
            raise self._failure

    async def _wait_for_room(self) -> None:
        # An article that is in the next batch need not wait: the crawl reads pages while a batch is written.
        place = self._held + self._begun
        while place - self._begun >= self._max_items:
            if self._turns:
                await self._ended.wait()
                self._check()
            else:
                await self._flush_batch()
        if self._held and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._max_seconds, self._flush_on_timer)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush_on_timer(self) -> None:
        self._timed = asyncio.ensure_future(self._flush_and_log())

    async def _flush_and_log(self) -> None:
        try:
            await self.flush()
        except StoreError as error:
            # The next `add` raises it to the pipeline, which ends the crawl.
            logger.error("%s", error)

    async def _write(self) -> None:
        entries, self._entries = self._entries[: self._max_items], self._entries[self._max_items :]
        rejects, self._rejects = self._rejects, []
        self._begun += len(entries) + len(rejects)
        try:
            if self._spool is None:
                await self._batches.write(entries, rejects, self._retry_seconds)
            elif self._spool.waiting:
                # After what already waits: versions of one article keep their order.
                await self._append_to_spool(entries, rejects)
            else:
                try:
                    await self._batches.write(entries, rejects, min(SPOOL_AFTER_SECONDS, self._retry_seconds))
                except StoreUnavailable:
                    await self._append_to_spool(entries, rejects)
        finally:
            self._entries[:0], self._rejects[:0] = entries, rejects
            self._begun -= len(entries) + len(rejects)

    async def _append_to_spool(self, entries: list[BatchEntry], rejects: list[Document]) -> None:
        assert self._spool is not None
        if records := _to_records(entries, rejects):
            await asyncio.to_thread(self._spool.append, records)
            entries.clear()
            rejects.clear()
            self._on_spool(self._spool.waiting)
        if self._draining is None and self._spool.waiting:
            logger.warning("The database is unavailable: articles wait in the spool in %s", self._spool.directory)
            self._draining = asyncio.ensure_future(self._drain(self._spool))

    async def _drain(self, spool: Spool) -> None:
        """Wait until the database is back, then store the spool."""
        try:
            while spool.waiting:
                await self._store.retrying(self._ping, self._retry_seconds)
                async with self._turn():
                    await self._store_spooled(spool)
            logger.info("The database is back: the spool is stored")
        except StoreError as error:
            self._failure = StoreError(f"{error} {spool.waiting} articles and rejects wait in {spool.directory}.")
            self._on_lost(self._failure)
        self._draining = None

    async def _store_spooled(self, spool: Spool) -> None:
        try:
            while records := await asyncio.to_thread(spool.peek, self._max_items):
                await self._replay(records, min(SPOOL_AFTER_SECONDS, self._retry_seconds))
                spool.take(len(records))
                self._on_spool(spool.waiting)
        except StoreUnavailable:
            logger.warning("The database is unavailable again: %d articles and rejects wait", spool.waiting)

    async def _ping(self) -> None:
        await self._store.database.command("ping")

    def _reject(self, document: Document, reason: str, detail: str | None) -> None:
        self._rejects.append(make_reject(document, reason, detail))


def _to_records(entries: Sequence[BatchEntry], rejects: Sequence[Document]) -> list[Record]:
    articles = [
        {"kind": "article", "tried": entry.tried, "reread": entry.reread, "document": entry.document}
        for entry in entries
    ]
    return [*articles, *({"kind": "reject", "document": reject} for reject in rejects)]


def _from_records(records: Sequence[Record]) -> tuple[list[BatchEntry], list[Document]]:
    # Replayed: another crawl may have stored a later version meanwhile.
    articles = [row for row in records if row["kind"] == "article"]
    entries = [BatchEntry(row["document"], row["tried"], True, row.get("reread", False)) for row in articles]
    return entries, [row["document"] for row in records if row["kind"] == "reject"]


def _milliseconds(time: datetime | None) -> datetime:
    """Return `time`, or now, in milliseconds as MongoDB stores it, so that it equals what is read back."""
    time = time or datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


# Dry run: the outcomes without a write.


class DryRunBatches(Batches):
    """Reports the outcome of each document and stores none. A document whose article the same batch would write is
    compared with what is stored now."""

    async def write(self, entries: list[BatchEntry], rejects: list[Document], seconds: float) -> None:
        """As `Batches.write`."""
        stored, twins = await self._store.retrying(
            lambda: self._look_up([entry.document for entry in entries]), seconds
        )
        while entries:
            steps, later = plan(entries, stored, twins)
            for step in steps:
                if step.outcome == REPEATED:
                    rejects.append(_reject_repeated(step))
                else:
                    self._on_outcome("article", step.outcome, step.document)
            entries[:] = later
        for reject in rejects:
            self._on_outcome("reject", reject["reason"], reject)
        rejects.clear()


class DryRunWriter(ArticleWriter):
    """An `ArticleWriter` that stores nothing."""

    batches = DryRunBatches
