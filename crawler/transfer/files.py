"""Files that are whole or not there: written in a hidden directory beside their place, moved there once complete."""

from __future__ import annotations

import errno
import gzip
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from crawler.transfer.errors import TransferError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """The path to write `target` at. It is put in place of `target` where the block ends well, else it vanishes with
    everything beside it in its directory. Raises TransferError where the disk or the rights don't allow it."""
    place = target.resolve()
    with telling(target):
        if place.is_dir() or (place.exists() and not place.is_file()):
            raise TransferError(f"{target} is no regular file: choose another name.")
        with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as directory:
            part = Path(directory) / place.name
            yield part
            os.replace(part, place)


@contextmanager
def telling(target: Path | str) -> Iterator[None]:
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
