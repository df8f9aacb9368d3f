"""The archive of a crawl: every response as it arrived, in WARC files that `scrapy reparse` and other tools read.

The files follow WARC 1.1 (ISO 28500:2017): one gzip member per record, and a new file when one is full. Each response
is stored still compressed, with its request. What our own reader needs and the standard has no field for (the site, the
section, the date in the list) is in the field `Crawler-Asked`, which other tools ignore. If a process is killed, the
last record may be cut short: its digest shows it, and readers skip it.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.errors import CrawlerError
from crawler.storage.crawl_state import crawl_state

if TYPE_CHECKING:
    # An extra (`archive`): imported where an archive is written or read, so that every spider loads without it.
    from warcio.statusandheaders import StatusAndHeaders

logger = logging.getLogger(__name__)

Headers = Iterable[tuple[str, str]]

NOTE_FIELD = "Crawler-Asked"
SUFFIX = ".warc.gz"
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "www-authenticate"})
"""Headers that are not stored, in lower case."""


class ArchiveMiddleware:
    """Writes every response to WARC files in ARCHIVE_DIR, before anything is decompressed or followed, and records the
    time it arrived (`meta["fetched_at"]`). Counts `archive/responses`. A full disk ends the archive, not the crawl: one
    error is logged, and `archive/failed` counts what was not stored. Not enabled if the setting is unset."""

    def __init__(self, crawler: Crawler, directory: Path) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.directory = directory
        self.files: ArchiveWriter | None = None
        self.broken = False
        crawler.signals.connect(self._close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Raises NotConfigured without the setting."""
        directory = crawler.settings.get("ARCHIVE_DIR")
        if not directory:
            raise NotConfigured
        return cls(crawler, Path(directory).expanduser().absolute())

    def process_response(self, request: Request, response: Response) -> Response:
        """The response, after writing it to the archive."""
        fetched_at = request.meta["fetched_at"] = datetime.now(UTC)
        if self.broken:
            self.stats.inc_value("archive/failed")
            return response
        try:
            self._write(request, response, fetched_at)
            self.stats.inc_value("archive/responses")
        except OSError as error:
            self.broken = True
            self.stats.inc_value("archive/failed")
            logger.error("The archive in %s ends here; nothing more is written: %s", self.directory, error.strerror)
        return response

    def _write(self, request: Request, response: Response, fetched_at: datetime) -> None:
        if self.files is None:
            run = str(self.stats.get_value("run_id"))
            max_bytes = self.crawler.settings.getint("ARCHIVE_FILE_BYTES")
            self.files = ArchiveWriter(self.directory, run, max_bytes, _describe_run(self.crawler, run))
        parts = urlparse_cached(request)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.files.write(
            request.url,
            fetched_at,
            (f"{request.method} {target} HTTP/1.1", [("Host", parts.netloc), *_read_headers(request)], request.body),
            (_status_line(response.status), _read_headers(response), response.body),
            self._note(request),
        )

    def _note(self, request: Request) -> dict[str, Any]:
        article = request.cb_kwargs.get("article")
        if article is None:
            return {"page": "other"}
        address = request.meta.get("redirect_urls", [request.url])[0]
        threshold = crawl_state(self.crawler).relevance_threshold
        return {"page": "article", **article.to_archive(), "address": address, "relevant_from": threshold}

    def _close(self) -> None:
        if self.files is not None:
            try:
                self.files.close()
            except OSError as error:
                logger.error("The archive in %s may lack its end: %s", self.directory, error.strerror)


def _describe_run(crawler: Crawler, run: str) -> dict[str, str]:
    return {
        "software": crawler.settings["BOT_NAME"],
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "http-header-user-agent": crawler.settings["USER_AGENT"],
        "robots": "obey" if crawler.settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "isPartOf": run,
    }


def _read_headers(message: Request | Response) -> Headers:
    for name, values in message.headers.items():
        for value in values:
            yield name.decode("latin-1"), value.decode("latin-1")


def _status_line(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} Unknown"


class ArchiveWriter:
    """Writes the files of one run: `DIRECTORY/RUN-00001.warc.gz` and on. `info` describes the run in each. All methods
    raise OSError, after which the file ends with its last complete record."""

    def __init__(self, directory: Path, run: str, max_bytes: int, info: Mapping[str, str]) -> None:
        self._directory = directory
        self._run = run
        self._max_bytes = max_bytes
        self._info = info
        self._file: IO[bytes] | None = None
        self._number = 0
        from warcio.warcwriter import WARCWriter

        self._records = WARCWriter(None, gzip=True, warc_version="1.1")

    def write(
        self,
        url: str,
        fetched_at: datetime,
        request: tuple[str, Headers, bytes],
        response: tuple[str, Headers, bytes],
        note: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a response that arrived at `fetched_at` (aware), and its request. `request` is the first line, headers
        and body, `response` the status line (`200 OK`), headers and body."""
        from warcio.statusandheaders import StatusAndHeaders

        file = self._current_file()
        date = fetched_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {"WARC-Date": date}
        if note:
            fields[NOTE_FIELD] = json.dumps(note)
        head = StatusAndHeaders(response[0], _without_secrets(response[1]), "HTTP/1.1")
        answer = self._create_record(url, "response", fields, head, response[2])
        fields = {"WARC-Date": date, "WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID")}
        head = StatusAndHeaders(request[0], _without_secrets(request[1]), is_http_request=True)
        self._append(file, answer, self._create_record(url, "request", fields, head, request[2]))

    def close(self) -> None:
        """Close the last file."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def _create_record(self, url: str, kind: str, fields: dict[str, str], head: StatusAndHeaders, body: bytes) -> Any:
        record = self._records.create_warc_record(url, kind, warc_headers_dict=fields, http_headers=head)
        record.raw_stream, record.length, record.payload_length = io.BytesIO(body), len(body), len(body)
        record.rec_headers.remove_header("WARC-Payload-Digest")
        return record

    def _append(self, file: IO[bytes], *records: Any) -> None:
        packed = io.BytesIO()
        self._records.out = packed
        for record in records:
            self._records.write_record(record)
        end = file.tell()
        try:
            data = packed.getbuffer()
            while data:
                data = data[file.write(data) :]
        except OSError:
            os.ftruncate(file.fileno(), end)
            raise

    def _current_file(self) -> IO[bytes]:
        if self._file is not None and self._file.tell() < self._max_bytes:
            return self._file
        self.close()
        self._number += 1
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{self._run}-{self._number:05}{SUFFIX}"
        # Unbuffered: what was written is in the file even if the process is killed.
        self._file = path.open("xb", buffering=0)
        self._append(self._file, self._records.create_warcinfo_record(path.name, self._info))
        return self._file


def _without_secrets(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in SECRET_HEADERS]


_PATTERNS = ("*.warc.gz", "*.warc")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")

# AttributeError is what warcio 1.8 raises for a record whose head is cut short.
_READ_ERRORS = (zlib.error, EOFError, UnicodeError, ValueError, AttributeError)


class ArchiveError(CrawlerError):
    """An archive that can't be read; the message is one sentence for people."""

    exit_status = 2


@dataclass(frozen=True)
class ArchivedResponse:
    """A response as it arrived: `body` still compressed, `fetched_at` aware, `note` what our own crawl stored with
    it."""

    url: str
    fetched_at: datetime
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    note: dict[str, Any] | None


@dataclass
class ArchiveReader:
    """Iterates over the responses in archives, whichever tool wrote them, in the order they arrived. Counts the records
    that are `torn`."""

    torn: int = 0
    paths: list[Path] = field(default_factory=list)

    def open(self, names: Iterable[str]) -> None:
        """Add files, and folders with their files in order of name. Raises ArchiveError."""
        for name in names:
            path = Path(name)
            if not path.exists():
                raise ArchiveError(f"there is no file or folder {name}")
            found = sorted({file for kind in _PATTERNS for file in path.rglob(kind)}) if path.is_dir() else [path]
            if not found:
                raise ArchiveError(f"the folder {name} holds no archive ({' or '.join(_PATTERNS)})")
            self.paths += found

    def __iter__(self) -> Iterator[ArchivedResponse]:
        """Raises ArchiveError."""
        for path in self.paths:
            try:
                with path.open("rb") as file:
                    yield from self._read_file(file, path)
            except OSError as error:
                raise ArchiveError(f"{path} can't be read: {error.strerror}") from error

    def _read_file(self, file: IO[bytes], path: Path) -> Iterator[ArchivedResponse]:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed

        whole, end = False, 0
        try:
            records = ArchiveIterator(file, check_digests=True)
            for record in records:
                body = record.raw_stream.read()
                end = records.get_record_offset() + records.get_record_length()
                # Bytes are missing, or they are not what was written (None: the record has no digest).
                if record.raw_stream.limit or record.digest_checker.passed is False:
                    self.torn += 1
                    end = path.stat().st_size
                    continue
                whole = True
                if record.rec_type == "response" and (answer := _read_response(record, body)):
                    yield answer
        except (ArchiveLoadFailed, *_READ_ERRORS) as error:
            if not whole:
                raise ArchiveError(f"{path} is not a WARC file") from error
            self.torn += 1
            return
        # warcio ignores a record that is cut short in its head.
        if path.suffix == ".gz" and end < path.stat().st_size:
            self.torn += 1
            if not whole:
                raise ArchiveError(f"{path} is not a WARC file")


def _read_response(record: Any, body: bytes) -> ArchivedResponse | None:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    date = _DATE.match(record.rec_headers.get_header("WARC-Date") or "")
    if record.http_headers is None or date is None or not url.startswith(("http://", "https://")):
        return None
    code = record.http_headers.get_statuscode()
    *parts, fraction = date.groups(default="0")
    year, month, day, hour, minute, second = map(int, parts)
    fetched_at = datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, "0")), UTC)
    field = record.rec_headers.get_header(NOTE_FIELD)
    try:
        note = json.loads(field) if field else None
    except ValueError:
        note = None
    return ArchivedResponse(
        url,
        fetched_at,
        int(code) if code and code.isdigit() else 0,
        list(record.http_headers.headers),
        body,
        note if isinstance(note, dict) else None,
    )
