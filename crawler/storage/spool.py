"""The spool: a file for what a crawl can't store while the database is unavailable. It survives a `kill -9`.

A spool is one append-only file per writer in `DATA_DIR/spool`, locked while its process lives. A spool that is not
locked belongs to a dead crawl, and the next crawl stores it (`storage/extension.py`). A record is its length and CRC-32
(four bytes each, little-endian) and a BSON document; the first record names the database it is meant for. A record is
on the disk once `append` has returned; one that a kill or a full disk cut short ends the file and is ignored.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import bson
from bson.codec_options import CodecOptions

from crawler.errors import StoreError

_HEAD = struct.Struct("<II")
_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
_MAX_RECORD = 64 * 1024 * 1024
_SUFFIX = ".spool"

Record = dict[str, Any]


class Spool:
    """The spool of one writer: created by its first `append`, removed by `close` if nothing waits in it.

    `place` names the database it is for (no credentials). From `limit` bytes on it `is_full`: the crawl should then
    request no more pages. Not for several threads at once."""

    def __init__(self, directory: Path, place: str, limit: int) -> None:
        self.directory = directory
        self.waiting = 0
        """Records that were appended and not yet taken."""
        self._place = place
        self._limit = limit
        self._path = directory
        self._file: IO[bytes] | None = None
        self._end = 0
        self._taken = 0
        self._unread = 0

    @property
    def is_full(self) -> bool:
        """Whether it has reached its limit."""
        return self._end - self._taken >= self._limit

    def append(self, records: Sequence[Record]) -> None:
        """Write `records` to the disk. Raises StoreError if that fails; then none of them is in the spool."""
        try:
            if self._file is None:
                self._create()
            assert self._file is not None
            self._end = _write(self._file, self._end, b"".join(map(_pack, records)))
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            raise StoreError(
                f"The database is unavailable, and the spool in {self.directory} can't be written either: {why}."
            ) from error
        self.waiting += len(records)

    def peek(self, most: int) -> list[Record]:
        """Return the oldest records, at most `most`. They stay until `take`."""
        if self._file is None or not self.waiting:
            return []
        os.lseek(self._file.fileno(), self._taken, os.SEEK_SET)
        records, self._unread = [], self._taken
        for record, end in _records(self._file, self._taken):
            records.append(record)
            self._unread = end
            if len(records) >= most:
                break
        return records

    def take(self, count: int) -> None:
        """Remove the `count` records that the last `peek` returned: they are stored."""
        self.waiting -= count
        self._taken = self._unread
        if not self.waiting and self._file is not None:
            # Truncated, so that a kill from here on replays nothing.
            start = len(_pack(self._header()))
            os.ftruncate(self._file.fileno(), start)
            self._end = self._taken = start

    def close(self) -> None:
        """Close the spool; a file in which records wait stays for the next crawl."""
        if self._file is not None:
            if not self.waiting:
                self._path.unlink()
            self._file.close()
            self._file = None

    def _header(self) -> Record:
        return {"place": self._place}

    def _create(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._path = self.directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}{_SUFFIX}"
        # Under another name until it is locked: a crawl that drains must not mistake it for that of a dead one.
        begun = self._path.with_suffix(".begun")
        file = begun.open("x+b", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._end = _write(file, 0, _pack(self._header()))
            begun.rename(self._path)
        except OSError:
            file.close()
            begun.unlink(missing_ok=True)
            raise
        self._file, self._taken = file, self._end
        folder = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Leftover:
    """A dead crawl's spool, locked so that nobody else drains it. Use it as a context manager."""

    def __init__(self, file: IO[bytes], place: str, start: int) -> None:
        self.path = Path(file.name)
        self.place = place
        self._file = file
        self._start = start

    def records(self) -> Iterator[Record]:
        """Return its records, oldest first, up to the first one that is cut short or damaged."""
        self._file.seek(self._start)
        return (record for record, _ in _records(self._file, self._start))

    def remove(self) -> None:
        """Delete the file: its records are stored."""
        self.path.unlink()

    def __enter__(self) -> Leftover:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()


def leftovers(directory: Path) -> Iterator[Leftover]:
    """Yield the spools in `directory` that no living process holds, oldest first. Raises OSError."""
    for path in sorted(directory.glob(f"*{_SUFFIX}")):
        try:
            file = path.open("r+b")
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        header, start = next(_records(file, 0), ({}, 0))
        if os.fstat(file.fileno()).st_nlink and "place" in header:
            yield Leftover(file, header["place"], start)
        else:
            if not start:
                # The crawl was killed before its first record.
                path.unlink(missing_ok=True)
            file.close()


def _pack(record: Record) -> bytes:
    data = bson.encode(record)
    return _HEAD.pack(len(data), zlib.crc32(data)) + data


def _write(file: IO[bytes], position: int, data: bytes) -> int:
    """Write all of `data` at `position` to the disk, or nothing, and return the position after it. Raises OSError."""
    number = file.fileno()
    try:
        os.lseek(number, position, os.SEEK_SET)
        written = 0
        while written < len(data):
            written += os.write(number, data[written:])
        os.fsync(number)
    except OSError:
        os.ftruncate(number, position)
        raise
    return position + len(data)


def _records(file: IO[bytes], position: int) -> Iterator[tuple[Record, int]]:
    """Yield the sound records of `file` from `position`, its present one, each with the position after it."""
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, checksum = _HEAD.unpack(head)
        if not 0 < length <= _MAX_RECORD:
            return
        data = file.read(length)
        if len(data) < length or zlib.crc32(data) != checksum:
            return
        position += _HEAD.size + length
        yield bson.decode(data, _CODEC), position
