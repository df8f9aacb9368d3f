"""One row of `counties.csv` written or completed: sorted in, as the generator writes it, all else as it is."""

from __future__ import annotations

import csv
import fcntl
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crawler.sites.checks import check
from crawler.sites.problems import RegistryError
from crawler.sites.rows import COLUMNS, RowReader

Row = dict[str, str]


def row_line(row: Mapping[str, str]) -> str:
    """A row as the file has it, with its line end."""
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerow(row)
    return text.getvalue()


def rows_of(text: str) -> dict[str, Row]:
    """The rows of a file's text by their codes."""
    return {row["code"]: dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))}


def with_row(text: str, row: Mapping[str, str]) -> str:
    """`text` with `row` in the place of the row with its code, else before the first row with a greater code; words
    come behind the digits of governments."""
    lines = text.splitlines(keepends=True)
    codes = [line.partition(",")[0] for line in lines[1:]]
    if row["code"] in codes:
        at = codes.index(row["code"]) + 1
        return "".join([*lines[:at], row_line(row), *lines[at + 1 :]])
    at = 1 + sum(1 for code in codes if code < row["code"] or not row["code"][0].isdigit())
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines[:at], row_line(row), *lines[at:]])


def put_row(path: Path, row: Mapping[str, str]) -> int:
    """Write `row` into the file at `path` and return its line. The file is replaced whole or not at all, and two
    writers follow each other. Raises RegistryError where the file with the row has faults, OSError where it can't be
    written."""
    with alone(path):
        return put_text(path, with_row(path.read_text("utf-8"), row)).lines[row["code"]]


def put_text(path: Path, text: str) -> RowReader:
    """Make `text` the file at `path`, for a writer that is `alone` with it; what was read of it. Raises RegistryError
    where it has faults, OSError where it can't be written; then the file is as before."""
    reader = checked(text, path.name)
    write_whole(path, text.encode())
    return reader


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody, whenever the machine stops, finds half of it. Raises OSError."""
    with (
        ExitStack() as unless_whole,
        tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part,
    ):
        unless_whole.callback(os.unlink, part.name)
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
        os.chmod(part.name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(part.name, path)
        unless_whole.pop_all()


def checked(text: str, name: str) -> RowReader:
    """What is read of `text`, the content of a file called `name`. Raises RegistryError where it has faults."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        copy.write_text(text, "utf-8", newline="")
        reader = RowReader(copy)
        problems = [*check(list(reader.sites()), reader), *reader.problems]
    if problems:
        raise RegistryError(problems)
    return reader


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the folder of `path`: the file itself is replaced."""
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
