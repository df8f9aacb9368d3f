"""Articles into a file: one pass, a batch at a time, in the format the file's name asks for."""

from __future__ import annotations

import errno
import fcntl
import glob
import gzip
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from crawler.errors import TransferError
from crawler.transfer.columns import ExportColumn, Row, row

# Files that are whole or not there: written in a hidden directory beside their place, moved there once complete.

_PART = ".part"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """The path to write `target` at. It is put in place of `target` where the block ends well, else it vanishes with
    everything beside it in its directory. Raises TransferError if the disk or the rights don't allow it."""
    place = target.resolve()
    with translate_file_errors(target):
        if place.is_dir() or (place.exists() and not place.is_file()):
            raise TransferError(f"{target} is not a regular file: choose another name.")
        with working_directory(place) as directory:
            part = directory / place.name
            yield part
            os.replace(part, place)


@contextmanager
def working_directory(place: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `place` that is deleted afterwards, and delete those that killed processes left
    there. Raises OSError."""
    with ExitStack() as stack:
        # Without the lock on the parent, another process could delete the new folder before its own lock is taken.
        with _lock_folder(place.parent, wait=True):
            for leftover in place.parent.glob(f".{glob.escape(place.name)}.*{_PART}"):
                with _lock_folder(leftover) as is_locked:
                    if is_locked:
                        shutil.rmtree(leftover, ignore_errors=True)
            directory = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix=f".{place.name}.", suffix=_PART, dir=place.parent)
                )
            )
            stack.enter_context(_lock_folder(directory))
        yield directory


@contextmanager
def _lock_folder(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Lock `folder` for the block and yield True. Yield False if another process has the lock and `wait` is False, or
    if the file system has no locks."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = True
        except OSError:
            is_locked = False
        yield is_locked
    finally:
        os.close(descriptor)


@contextmanager
def translate_file_errors(target: Path | str) -> Iterator[None]:
    """Turn what goes wrong with a file (a path), or a stream (its name), into a TransferError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            said = f"there is no room left for {target}: free some, or choose a place with more"
        elif error.errno == errno.EFBIG:
            said = f"{target} would become larger than files may be here (see `ulimit -f`)"
        elif isinstance(error, FileNotFoundError):
            said = f"there is no folder for {target}: make it first"
        else:
            said = f"{target} can't be written: {error.strerror or error}"
        left = " Nothing is left behind." if isinstance(target, Path) else ""
        raise TransferError(f"{said[0].upper()}{said[1:]}.{left}") from error


class Sink(io.BufferedIOBase):
    """A stream that can be abandoned: what is written later, by destructors of half-written archives, goes nowhere."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream: BinaryIO = stream

    def abandon(self) -> None:
        """Let go of the stream."""
        self._stream = io.BytesIO()

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._stream.seekable()

    def write(self, data: Any) -> int:
        return self._stream.write(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def opened(path: Path, compression: str) -> Iterator[BinaryIO]:
    """`path` open for writing through `compression` (`.gz`, `.zst` or ""), on the disk where the block ends well."""
    with path.open("wb") as raw, ExitStack() as compressor:
        sink = Sink(_compressing(compressor, raw, compression))
        with ExitStack() as unless_whole:
            unless_whole.callback(sink.abandon)
            yield cast(BinaryIO, sink)
            unless_whole.pop_all()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _compressing(stack: ExitStack, raw: BinaryIO, compression: str) -> BinaryIO:
    if compression == ".gz":
        return cast(BinaryIO, stack.enter_context(gzip.GzipFile("", "wb", fileobj=raw, mtime=0)))
    if compression == ".zst":
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return cast(BinaryIO, stack.enter_context(zstd.ZstdFile(raw, "wb")))
    return raw


BATCH = 500
FORMATS = ("jsonl", "csv", "xlsx", "parquet")
_COMPRESSIONS = (".gz", ".zst")
_TEXT_FORMATS = frozenset({"jsonl", "csv"})


class Writer(Protocol):
    """What writes one format: closed at the end, abandoned after a failure. `notes` says, once closed, what the format
    couldn't take as it is."""

    @property
    def notes(self) -> tuple[str, ...]: ...
    def write(self, rows: Sequence[Row]) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


@dataclass(frozen=True)
class Form:
    """A format of `FORMATS`, and a compression (`.gz`, `.zst`, or "")."""

    name: str
    compression: str = ""


@dataclass(frozen=True)
class Exported:
    """How many rows were written, and what the format couldn't take as it is."""

    rows: int
    notes: tuple[str, ...]


def form_of(path: Path) -> Form:
    """The form that the name of `path` asks for. Raises TransferError for a name that asks for none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = suffixes.pop() if suffixes and suffixes[-1] in _COMPRESSIONS else ""
    name = suffixes[-1][1:] if suffixes else ""
    if name not in FORMATS:
        known = ", ".join(f".{each}" for each in FORMATS)
        raise TransferError(f"The name {path.name} says no format: let it end in one of {known} (.jsonl.gz, .csv.zst).")
    if compression and name not in _TEXT_FORMATS:
        raise TransferError(f"A .{name} file is compressed already: leave out {compression}.")
    return Form(name, compression)


def writer(form: Form, stream: BinaryIO, columns: Sequence[ExportColumn], directory: Path) -> Writer:
    """The writer of `form` onto `stream`; temporary files go to `directory`. Raises TransferError if the library of
    the format isn't installed."""
    from crawler.transfer.formats import Csv, JsonLines

    try:
        if form.name == "parquet":
            from crawler.transfer.parquet import Parquet

            return Parquet(stream, columns)
        if form.name == "xlsx":
            from crawler.transfer.xlsx import Xlsx

            return Xlsx(stream, columns, directory)
    except ModuleNotFoundError as error:
        raise TransferError(
            f"Writing .{form.name} needs {error.name}, which isn't installed: pip install -e '.[export]'."
        ) from error
    return JsonLines(stream, columns) if form.name == "jsonl" else Csv(stream, columns)


def export(
    documents: Iterable[Mapping[str, Any]],
    columns: Sequence[ExportColumn],
    target: Path,
    advance: Callable[[int], None],
) -> Exported:
    """Write `documents` to `target`, which is then whole or, where this raises, as it was before. `advance(n)` hears
    that `n` rows are written. Raises TransferError, and what `documents` raises."""
    form = form_of(target)
    with replacing(target) as part, opened(part, form.compression) as stream:
        sink = writer(form, stream, columns, part.parent)
        with ExitStack() as unless_whole:
            unless_whole.callback(sink.abandon)
            count = copy(documents, columns, sink, advance)
            sink.close()
            unless_whole.pop_all()
    return Exported(count, sink.notes)


def stream_to(
    documents: Iterable[Mapping[str, Any]], columns: Sequence[ExportColumn], form: Form, stream: BinaryIO
) -> Exported:
    """Write `documents` to `stream`, which stays open, in a format of text. Raises BrokenPipeError if nobody reads
    on, TransferError, and what `documents` raises."""
    if form.name not in _TEXT_FORMATS:
        raise TransferError(f".{form.name} can't be written to a pipe: give a file.")
    with translate_file_errors("standard output"):
        sink = writer(form, stream, columns, Path())
        count = copy(documents, columns, sink, lambda rows: None)
        sink.close()
        stream.flush()
    return Exported(count, sink.notes)


def copy(
    documents: Iterable[Mapping[str, Any]],
    columns: Sequence[ExportColumn],
    sink: Writer,
    advance: Callable[[int], None],
) -> int:
    """Hand `documents` to `sink` a batch at a time; their number."""
    source, count = iter(documents), 0
    while batch := [row(columns, document) for document in islice(source, BATCH)]:
        sink.write(batch)
        count += len(batch)
        advance(count)
    return count
