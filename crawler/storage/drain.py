"""What dead crawls left in their spools goes to the store."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from crawler.storage.errors import StoreError
from crawler.storage.outcome import Document
from crawler.storage.spool import Leftover, leftovers
from crawler.storage.store import Store
from crawler.storage.writer import ArticleWriter

CHUNK = 100


def spool_directory(data: str | Path) -> Path:
    """Where the spools of a data directory are."""
    return Path(data).expanduser().absolute() / "spool"


async def drain(store: Store, directory: Path, place: str) -> tuple[int, list[str]]:
    """Store what the spools in `directory` hold for `place`: the number of articles and rejects, and the other places
    that spools wait for. Safe to repeat; a spool is removed once all of it is stored. Raises StoreError."""
    writer = ArticleWriter(store, on_outcome=_unheard)
    count, others = 0, []
    try:
        for leftover in leftovers(directory):
            with leftover:
                if leftover.place == place:
                    count += await _store(writer, leftover)
                else:
                    others.append(leftover.place)
    except OSError as error:
        raise StoreError(f"The spool in {directory} can't be read: {error.strerror}.") from error
    return count, others


async def _store(writer: ArticleWriter, leftover: Leftover) -> int:
    count, records = 0, leftover.records()
    while chunk := list(islice(records, CHUNK)):
        await writer.replay(chunk)
        count += len(chunk)
    leftover.remove()
    return count


def _unheard(kind: str, outcome: str, document: Document) -> None:
    """Outcomes of earlier crawls are not this one's."""
