"""WARC files read again: the answers in them, whoever wrote them."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.archive.files import ASKED

_KINDS = ("*.warc.gz", "*.warc")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")

# The last is what warcio 1.8 raises for a record whose head is cut short.
_BROKEN = (ArchiveLoadFailed, zlib.error, EOFError, UnicodeError, ValueError, AttributeError)


class ArchiveError(Exception):
    """An archive that can't be read; the text is one sentence for people."""


@dataclass(frozen=True)
class Archived:
    """An answer as it came: `body` still compressed, `moment` aware, `asked` what our own crawl noted of it."""

    url: str
    moment: datetime
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    asked: dict[str, Any] | None


@dataclass
class ArchiveReader:
    """Gives the answers of archives in the order they came; counts the records that are `torn`."""

    torn: int = 0
    paths: list[Path] = field(default_factory=list)

    def open(self, names: Iterable[str]) -> None:
        """Take files, and folders with their files in order of name. Raises ArchiveError."""
        for name in names:
            path = Path(name)
            if not path.exists():
                raise ArchiveError(f"there is no file or folder {name}")
            found = sorted({file for kind in _KINDS for file in path.rglob(kind)}) if path.is_dir() else [path]
            if not found:
                raise ArchiveError(f"the folder {name} holds no archive ({' or '.join(_KINDS)})")
            self.paths += found

    def __iter__(self) -> Iterator[Archived]:
        """Raises ArchiveError."""
        for path in self.paths:
            try:
                with path.open("rb") as file:
                    yield from self._answers(file, path)
            except OSError as error:
                raise ArchiveError(f"{path} can't be read: {error.strerror}") from error

    def _answers(self, file: IO[bytes], path: Path) -> Iterator[Archived]:
        whole, end = False, 0
        try:
            records = ArchiveIterator(file, check_digests=True)
            for record in records:
                body = record.raw_stream.read()
                end = records.get_record_offset() + records.get_record_length()
                # Bytes are missing; or they are not what was written (None: who wrote it gave no digest).
                if record.raw_stream.limit or record.digest_checker.passed is False:
                    self.torn += 1
                    end = path.stat().st_size
                    continue
                whole = True
                if record.rec_type == "response" and (answer := _answer(record, body)):
                    yield answer
        except _BROKEN as error:
            if not whole:
                raise ArchiveError(f"{path} is no WARC file") from error
            self.torn += 1
            return
        # A record cut short in its head is no record to warcio.
        if path.suffix == ".gz" and end < path.stat().st_size:
            self.torn += 1
            if not whole:
                raise ArchiveError(f"{path} is no WARC file")


def _answer(record: Any, body: bytes) -> Archived | None:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    date = _MOMENT.match(record.rec_headers.get_header("WARC-Date") or "")
    if record.http_headers is None or date is None or not url.startswith(("http://", "https://")):
        return None
    code = record.http_headers.get_statuscode()
    *parts, fraction = date.groups(default="0")
    year, month, day, hour, minute, second = map(int, parts)
    moment = datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, "0")), UTC)
    asked = record.rec_headers.get_header(ASKED)
    try:
        noted = json.loads(asked) if asked else None
    except ValueError:
        noted = None
    return Archived(
        url,
        moment,
        int(code) if code and code.isdigit() else 0,
        list(record.http_headers.headers),
        body,
        noted if isinstance(noted, dict) else None,
    )
