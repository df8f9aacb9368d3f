"""Articles into a file: one pass, a batch at a time, in the format the file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from crawler.transfer.columns import Column, Row, row
from crawler.transfer.errors import TransferError
from crawler.transfer.files import opened, replacing, telling

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


def writer(form: Form, stream: BinaryIO, columns: Sequence[Column], directory: Path) -> Writer:
    """The writer of `form` onto `stream`; temporary files go to `directory`. Raises TransferError where the library of
    the format isn't installed."""
    from crawler.transfer.lines import Csv, JsonLines

    try:
        if form.name == "parquet":
            from crawler.transfer.parquet import Parquet

            return Parquet(stream, columns)
        if form.name == "xlsx":
            from crawler.transfer.workbook import Xlsx

            return Xlsx(stream, columns, directory)
    except ModuleNotFoundError as error:
        raise TransferError(
            f"Writing .{form.name} needs {error.name}, which isn't installed: pip install -e '.[export]'."
        ) from error
    return JsonLines(stream, columns) if form.name == "jsonl" else Csv(stream, columns)


def export(
    documents: Iterable[Mapping[str, Any]], columns: Sequence[Column], target: Path, advance: Callable[[int], None]
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
    documents: Iterable[Mapping[str, Any]], columns: Sequence[Column], form: Form, stream: BinaryIO
) -> Exported:
    """Write `documents` to `stream`, which stays open, in a format of text. Raises BrokenPipeError where nobody reads
    on, TransferError, and what `documents` raises."""
    if form.name not in _TEXT_FORMATS:
        raise TransferError(f".{form.name} can't be written to a pipe: give a file.")
    with telling("standard output"):
        sink = writer(form, stream, columns, Path())
        count = copy(documents, columns, sink, lambda rows: None)
        sink.close()
        stream.flush()
    return Exported(count, sink.notes)


def copy(
    documents: Iterable[Mapping[str, Any]], columns: Sequence[Column], sink: Writer, advance: Callable[[int], None]
) -> int:
    """Hand `documents` to `sink` a batch at a time; their number."""
    source, count = iter(documents), 0
    while batch := [row(columns, document) for document in islice(source, BATCH)]:
        sink.write(batch)
        count += len(batch)
        advance(count)
    return count
