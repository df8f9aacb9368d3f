"""The writer: articles and rejects go to the store by the hundred, each with an outcome of its own.

Every write may be repeated (`batch.py`): a crawl killed at any moment and run again stores each article once. While the
store is away, a writer with a spool keeps them there (`spool.py`), and stores them as soon as it is back.
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
    Document,
    Entry,
    Step,
    first_version,
    operation,
    past_version,
    plan,
    refusal,
    reject_document,
    reject_operation,
)
from crawler.storage.search_index import Segments
from crawler.storage.spool import Record, Spool
from crawler.storage.state import RunStore
from crawler.storage.store import RETRY_SECONDS, TRANSIENT, Store
from crawler.storage.stories import Stories
from crawler.text.tokens import tokens

logger = logging.getLogger(__name__)


# One batch into the store: rounds of a few requests, each safe to repeat. A round looks up what the store holds of
# its articles and texts, decides (`outcome.py`), keeps older versions in `revisions`, then writes `articles`. What
# concerns an article that the same round writes, or that another process wrote meanwhile, goes into the next. A
# kill can leave a version in `revisions` that is still the current one: a revision is history once the article's
# `revision` is above its own.

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
        rejects. What was not acknowledged stays in the lists. Raises StoreError, StoreUnavailable where the store did
        not come back within `seconds`."""
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
        writes = any(step.outcome in SETTLED and not step.done for step in steps)
        change = await changes.begin(self._store.database) if writes else None
        codes = await self._apply(steps, change.number if change else 0)
        told = [step for number, step in enumerate(steps) if step.outcome in SETTLED and number not in codes]
        # What an earlier round stored may have changed since.
        new = {step.document["_id"]: step.document for step in told if step.outcome == "new" and not step.done}
        near = await self._stories.settle(
            [step.document["_id"] for step in told], new, change.number if change else None
        )
        if change:
            await changes.finish(self._store.database, change)
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

    async def _apply(self, steps: list[Step], change: int) -> dict[int, int]:
        """Write `articles`; what was not written, by its number in `steps`, with the server's error code."""
        numbered = [(number, step) for number, step in enumerate(steps) if not step.done]
        words = {step.document["_id"]: _tokens(step) for _, step in numbered if step.outcome in SETTLED}
        await self._segments.add(words)
        operations = [operation(step, words.get(step.document["_id"], ()), change) for _, step in numbered]
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


MAX_BATCH = 500
MAX_BYTES = 15 * 1024 * 1024
"""A document may take 16 MB; what the writer adds has to fit as well."""
SPOOL_AFTER_SECONDS = 5.0
"""How long a batch waits in memory for a store that is away before it goes to the spool."""


class ArticleWriter:
    """Collects articles and rejects and writes them when there are `max_items`, `max_seconds` after the first, and at
    the end. `on_outcome(kind, outcome, document)` hears of each once the store has acknowledged it: kind `article` with
    `new`, `near_duplicate`, `reprint`, `unchanged`, `changed`, `duplicate` or `outdated`; kind `reject` with the
    reason.

    With a `spool`, what comes while the store is away waits there; `on_spool(waiting)` hears how many records do,
    whenever that changes, and `on_lost` of the store's not coming back within `retry_seconds`. Without a spool, whoever
    adds waits."""

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
        self._entries: list[Entry] = []
        self._rejects: list[Document] = []
        self._writing = asyncio.Lock()
        self._begun = 0
        """Articles and rejects taken out of memory to be written."""
        self._turns = 0
        """Those who write or wait for the lock."""
        self._ended = asyncio.Event()
        """The end of the turn that is under way, or comes next."""
        self._timer: asyncio.TimerHandle | None = None
        self._timed: asyncio.Task[None] | None = None
        self._draining: asyncio.Task[None] | None = None
        self._failure: StoreError | None = None

    async def add(self, document: Document, *, reread: bool = False) -> None:
        """Take an article: the fields of `items.Article` and `_id`. Waits while a full batch is being written. What the
        store can't hold becomes a reject. One that is `reread`, from the archive, is a change also where only its date
        or credits changed, and never stands in for a version that was fetched after it. Raises StoreError once the
        store stayed away for `retry_seconds`."""
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
                self._entries.append(Entry(article, replayed=reread, reread=reread))
        await self._taken()

    async def add_reject(self, document: Document) -> None:
        """Take a reject: the fields of `items.Reject`. Raises StoreError as `add` does."""
        self._check()
        seen = _milliseconds(document.get("seen_at"))
        self._reject({**document, "last_seen_at": seen}, document["reason"], document.get("detail"))
        await self._taken()

    async def replay(self, records: Sequence[Record]) -> None:
        """Store records of a dead crawl's spool. Raises StoreError where not all of them are stored."""
        await self._replay(records, self._retry_seconds)

    async def _replay(self, records: Sequence[Record], seconds: float) -> None:
        await self._batches.write(*_unpacked(records), seconds)
        await RunStore(self._store).write(row["document"] for row in records if row["kind"] == "run")

    @property
    def pending(self) -> int:
        """How many articles and rejects wait to be written, in memory or in the spool; a batch under way isn't among
        them."""
        return len(self._entries) + len(self._rejects) + (self._spool.waiting if self._spool else 0)

    async def flush(self) -> None:
        """Write what is waiting in memory, to the store or to the spool, and wait for what is being written. Raises
        StoreError; what wasn't acknowledged then still waits."""
        # Once in any case: a batch may be on its way.
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
        """The time of one who writes; nobody else does."""
        self._turns += 1
        try:
            async with self._writing:
                yield
        finally:
            self._turns -= 1
            ended, self._ended = self._ended, asyncio.Event()
            ended.set()

    async def close(self) -> None:
        """Write what is waiting and end. After a failure this tries once more, without patience. Raises StoreError,
        also where records stay in the spool, for the next start."""
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
                f"The store is away: {self._spool.waiting} articles and rejects wait in {self._spool.directory}; "
                "the next crawl stores them, or `scrapy drain`."
            )
        self._failure = None

    @property
    def _held(self) -> int:
        return len(self._entries) + len(self._rejects)

    def _check(self) -> None:
        if self._failure:
            raise self._failure

    async def _taken(self) -> None:
        # Whoever's article is among the next to be written goes on: the crawl reads pages while a batch is written.
        place = self._held + self._begun
        while place - self._begun >= self._max_items:
            if self._turns:
                await self._ended.wait()
                self._check()
            else:
                await self._flush_batch()
        if self._held and self._timer is None:
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
        entries, self._entries = self._entries[: self._max_items], self._entries[self._max_items :]
        rejects, self._rejects = self._rejects, []
        self._begun += len(entries) + len(rejects)
        try:
            if self._spool is None:
                await self._batches.write(entries, rejects, self._retry_seconds)
            elif self._spool.waiting:
                # Behind what waits already: versions of one article keep their order.
                await self._keep(entries, rejects)
            else:
                try:
                    await self._batches.write(entries, rejects, min(SPOOL_AFTER_SECONDS, self._retry_seconds))
                except StoreUnavailable:
                    await self._keep(entries, rejects)
        finally:
            self._entries[:0], self._rejects[:0] = entries, rejects
            self._begun -= len(entries) + len(rejects)

    async def _keep(self, entries: list[Entry], rejects: list[Document]) -> None:
        assert self._spool is not None
        if records := _packed(entries, rejects):
            await asyncio.to_thread(self._spool.append, records)
            entries.clear()
            rejects.clear()
            self._on_spool(self._spool.waiting)
        if self._draining is None and self._spool.waiting:
            logger.warning("The store is away: articles wait in %s", self._spool.directory)
            self._draining = asyncio.ensure_future(self._drain(self._spool))

    async def _drain(self, spool: Spool) -> None:
        """Wait until the store is back, then store what waits in the spool."""
        try:
            while spool.waiting:
                await self._store.retrying(self._ping, self._retry_seconds)
                async with self._turn():
                    await self._store_spooled(spool)
            logger.info("The store is back: what waited is stored")
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
            logger.warning("The store went away again: %d articles and rejects wait", spool.waiting)

    async def _ping(self) -> None:
        await self._store.database.command("ping")

    def _reject(self, document: Document, reason: str, detail: str | None) -> None:
        self._rejects.append(reject_document(document, reason, detail))


def _packed(entries: Sequence[Entry], rejects: Sequence[Document]) -> list[Record]:
    articles = [
        {"kind": "article", "tried": entry.tried, "reread": entry.reread, "document": entry.document}
        for entry in entries
    ]
    return [*articles, *({"kind": "reject", "document": reject} for reject in rejects)]


def _unpacked(records: Sequence[Record]) -> tuple[list[Entry], list[Document]]:
    # Meanwhile another crawl may have stored a later version.
    articles = [row for row in records if row["kind"] == "article"]
    entries = [Entry(row["document"], row["tried"], True, row.get("reread", False)) for row in articles]
    return entries, [row["document"] for row in records if row["kind"] == "reject"]


def _milliseconds(time: datetime | None) -> datetime:
    """`time`, or now, with the precision a stored date has, so that it equals what is read back."""
    time = time or datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


# What a writer would do, without a write.


class DryRunBatches(Batches):
    """Tells the outcome of each document and stores none. One that concerns an article that the same batch would write
    is judged by what is stored now."""

    async def write(self, entries: list[Entry], rejects: list[Document], seconds: float) -> None:
        """As `Batches.write`."""
        stored, twins = await self._store.retrying(
            lambda: self._look_up([entry.document for entry in entries]), seconds
        )
        while entries:
            steps, later = plan(entries, stored, twins)
            for step in steps:
                self._on_outcome("article", step.outcome, step.document)
            entries[:] = later
        for reject in rejects:
            self._on_outcome("reject", reject["reason"], reject)
        rejects.clear()


class DryRunWriter(ArticleWriter):
    """An `ArticleWriter` that stores nothing."""

    batches = DryRunBatches
