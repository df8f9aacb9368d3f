"""Following the database: what changed since the last time goes into the search index before a question is answered.

Articles carry change numbers (`storage/changes.py`). The index reads those above its own number; what was written
under a number that is still open is read again the next time. Nothing depends on a clock. Articles that were deleted,
or written by another program, have no change number to find them by: if the numbers of articles differ, the whole list
of articles is compared. That needs a count, which the embedded server makes one by one, so it is made when it has cost
less than a fiftieth of the time since the last one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from crawler.errors import StoreError
from crawler.search.index import (
    FIELDS,
    STAMP_FIELDS,
    IndexBroken,
    IndexWriter,
    SearchIndex,
    Snapshot,
    State,
    stamp_of,
)
from crawler.storage.changes import ChangeHead, read_head

SECONDS = 10.0
"""How long a question waits for its index to catch up."""
COMMIT_EVERY = 20_000
"""Articles after which a long catch-up is made safe."""
_WINDOW = 500
"""Articles read in one request."""
_SHARE = 50
"""A count may take one part in so many of the time since the last one."""

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Fresh:
    """A snapshot to answer from, and in `note` what is not in it yet: a sentence, "" if nothing."""

    snapshot: Snapshot
    note: str = ""


def catch_up(
    index: SearchIndex,
    database: Any,
    seconds: float = SECONDS,
    *,
    compare: bool | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Fresh:
    """Bring `index` up to date with `database` (synchronous), for at most about `seconds`. `compare`: whether to look
    for deleted articles; None: if that is cheap enough. Raises StoreError if there is no index to answer from."""
    head, started = read_head(database), time.monotonic()
    snapshot = index.snapshot()
    if snapshot and not _is_of(snapshot.state, head):
        snapshot = None
    if snapshot and _is_current(snapshot.state, head) and not (_count_due(index) if compare is None else compare):
        return Fresh(snapshot)
    try:
        with index.lock() as mine:
            if mine:
                return _write(index, database, started + seconds, compare, progress)
    except StoreError as error:
        # A full disk, or a folder that can't be written: the last commit is still right for what it holds.
        if snapshot is None:
            raise
        return Fresh(snapshot, f"{str(error).rstrip('.')}. {_note(snapshot)}")
    return _of_another(index, database, head, started + seconds)


def _of_another(index: SearchIndex, database: Any, head: ChangeHead, deadline: float) -> Fresh:
    """The snapshot of an index that another process is writing to just now."""
    while True:
        snapshot = index.snapshot()
        if snapshot and _is_of(snapshot.state, head):
            current = _is_current(snapshot.state, head)
            return Fresh(snapshot, "" if current else _note(snapshot))
        if time.monotonic() > deadline:
            raise StoreError("Another process is building the search index: try again in a minute.")
        time.sleep(0.05)


def rebuild(index: SearchIndex, database: Any, progress: Progress = lambda what, done, total: None) -> Fresh:
    """Build the index again from nothing; until it is done, others use the old one. Raises StoreError."""
    with index.lock() as mine:
        if not mine:
            raise StoreError("Another process is writing to the search index: try again in a minute.")
        head = read_head(database)
        name = index.create(State(epoch=head.epoch), switch=False)
        _follow(index, name, database, head, deadline=float("inf"), progress=progress)
        index.use(name)
        return _write(index, database, float("inf"), True, progress)


def _write(index: SearchIndex, database: Any, deadline: float, compare: bool | None, progress: Progress) -> Fresh:
    """Catch up as the one process that writes; an index that breaks is built again, once."""
    for attempt in range(2):
        head = read_head(database)
        snapshot = index.snapshot()
        if snapshot is None or not _is_of(snapshot.state, head):
            index.create(State(epoch=head.epoch))
        try:
            name = index.current_name()
            complete = _follow(index, name, database, head, deadline=deadline, progress=progress)
            if complete and (compare if compare is not None else _count_due(index)):
                _compare_counts(index, name, database, head, progress)
            snapshot = Snapshot(index.open_generation(name))
            return Fresh(snapshot, "" if complete else _note(snapshot))
        except IndexBroken as error:
            if attempt:
                raise StoreError(f"The search index in {index.folder} can't be built: {error}.") from error
            index.create(State(epoch=head.epoch))
    raise AssertionError


def _is_of(state: State, head: ChangeHead) -> bool:
    """Whether an index is of this database, and not ahead of it."""
    return state.epoch == head.epoch and state.read <= head.number


def _is_current(state: State, head: ChangeHead) -> bool:
    return state.unstamped and state.number == head.number


def _note(snapshot: Snapshot) -> str:
    return (
        f"The search index is not complete yet: it has {snapshot.articles:,} articles. "
        "`scrapy index update` completes it."
    )


def _follow(
    index: SearchIndex, name: str, database: Any, head: ChangeHead, *, deadline: float, progress: Progress
) -> bool:
    """Index what changed up to `head`; whether that is all. Stops at `deadline` (of the monotonic clock)."""
    snapshot = Snapshot(index.open_generation(name))
    state, is_new = snapshot.state, snapshot.articles == 0
    writer: IndexWriter | None = None
    done = 0
    try:
        for rows, reached in _changes(database, snapshot.state, head):
            state = reached
            for row in rows:
                if is_new or snapshot.stamp(row["_id"]) != stamp_of(row):
                    writer = writer or IndexWriter(index.open_generation(name))
                    writer.put(row)
                    done += 1
            if done:
                progress("articles indexed", done, None)
            late = bool(rows) and time.monotonic() > deadline
            if writer and (writer.pending >= COMMIT_EVERY or late):
                writer.commit(state)
            if late and not _is_read(state, head):
                return False
        if state != snapshot.state or (writer and writer.pending):
            writer = writer or IndexWriter(index.open_generation(name))
            writer.commit(state)
    finally:
        if writer:
            writer.close()
    return True


def _is_read(state: State, head: ChangeHead) -> bool:
    return state.unstamped and state.read >= head.number


def _changes(database: Any, state: State, head: ChangeHead) -> Iterator[tuple[list[dict[str, Any]], State]]:
    """The articles that changed, some at a time, each time with the state of an index that has them."""
    articles, fields = database["articles"], dict.fromkeys(FIELDS, 1)
    if not state.unstamped:
        for rows in _chunks(articles.find({"change": None}, fields, batch_size=_WINDOW)):
            yield rows, state
        state = replace(state, unstamped=True)
        yield [], state
    at, step = state.number, 8
    while at < head.number:
        upto = min(at + step, head.number)
        rows = list(articles.find({"change": {"$gt": at, "$lte": upto}}, fields))
        at = upto
        state = replace(state, number=min(at, head.finished), read=max(state.read, at))
        yield rows, state
        step = max(1, min(2 * step, step * _WINDOW // max(len(rows), 1)))


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _WINDOW:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _count_due(index: SearchIndex) -> bool:
    """Whether a count would cost little beside the time since the last one. The clock decides only when to look."""
    try:
        took, at = (float(word) for word in (index.folder / "counted").read_text("ascii").split())
    except (OSError, ValueError):
        return True
    since = time.time() - at
    return since < 0 or since > _SHARE * took


def _compare_counts(index: SearchIndex, name: str, database: Any, head: ChangeHead, progress: Progress) -> None:
    """Look for articles that were deleted, or written without a change number."""
    snapshot, started = Snapshot(index.open_generation(name)), time.monotonic()
    count = database["articles"].estimated_document_count() - snapshot.state.surplus
    try:
        (index.folder / "counted").write_text(f"{time.monotonic() - started:.4f} {time.time():.3f}", "ascii")
    except OSError:
        return
    # Articles that a crawl is writing just now are counted, and found by their numbers the next time.
    if count == snapshot.articles or (count > snapshot.articles and read_head(database) != head):
        return
    fields = dict.fromkeys(STAMP_FIELDS, 1)
    stored = {row["_id"]: stamp_of(row) for row in database["articles"].find({}, fields)}
    known = snapshot.stamps()
    gone = known.keys() - stored.keys()
    other = [key for key, stamp in stored.items() if known.get(key) != stamp]
    writer = IndexWriter(index.open_generation(name))
    try:
        for key in gone:
            writer.remove(key)
        for start in range(0, len(other), _WINDOW):
            wanted = {"_id": {"$in": other[start : start + _WINDOW]}}
            for row in database["articles"].find(wanted, dict.fromkeys(FIELDS, 1)):
                writer.put(row)
            progress("articles compared", min(start + _WINDOW, len(other)), len(other))
        surplus = snapshot.state.surplus + count - len(stored)
        writer.commit(replace(snapshot.state, surplus=surplus))
    finally:
        writer.close()
