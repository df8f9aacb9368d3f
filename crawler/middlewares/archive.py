"""Keeps what came over the wire, where the setting ARCHIVE_DIR says so."""

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
from typing import IO, Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.errors import CrawlerError
from crawler.storage.crawl_state import crawl_state

logger = logging.getLogger(__name__)


Headers = Iterable[tuple[str, str]]


class ArchiveMiddleware:
    """Writes every answer to WARC files in ARCHIVE_DIR, before anything is unpacked or followed, and gives it the time
    it came (`meta["fetched_at"]`). Counts `archive/responses`. A full disk ends the archive, not the crawl: one error
    is logged and `archive/failed` counts what was not kept. Not enabled where the setting is unset."""

    def __init__(self, crawler: Crawler, directory: Path) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.directory = directory
        self.files: ArchiveFiles | None = None
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
        """Keep `response`."""
        moment = request.meta["fetched_at"] = datetime.now(UTC)
        if self.broken:
            self.stats.inc_value("archive/failed")
            return response
        try:
            self._keep(request, response, moment)
            self.stats.inc_value("archive/responses")
        except OSError as error:
            self.broken = True
            self.stats.inc_value("archive/failed")
            logger.error("The archive in %s ends here: %s", self.directory, error.strerror)
        return response

    def _keep(self, request: Request, response: Response, moment: datetime) -> None:
        if self.files is None:
            run = str(self.stats.get_value("run_id"))
            most = self.crawler.settings.getint("ARCHIVE_FILE_BYTES")
            self.files = ArchiveFiles(self.directory, run, most, _info(self.crawler, run))
        parts = urlparse_cached(request)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.files.write(
            request.url,
            moment,
            (f"{request.method} {target} HTTP/1.1", [("Host", parts.netloc), *_headers(request)], request.body),
            (_status(response.status), _headers(response), response.body),
            self._asked(request),
        )

    def _asked(self, request: Request) -> dict[str, Any]:
        asked = request.cb_kwargs.get("asked")
        if asked is None:
            return {"page": "other"}
        address = request.meta.get("redirect_urls", [request.url])[0]
        threshold = crawl_state(self.crawler).relevance_threshold
        return {"page": "article", **asked.described(), "address": address, "relevant_from": threshold}

    def _close(self) -> None:
        if self.files is not None:
            try:
                self.files.close()
            except OSError as error:
                logger.error("The archive in %s may lack its end: %s", self.directory, error.strerror)


def _info(crawler: Crawler, run: str) -> dict[str, str]:
    return {
        "software": crawler.settings["BOT_NAME"],
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "http-header-user-agent": crawler.settings["USER_AGENT"],
        "robots": "obey" if crawler.settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "isPartOf": run,
    }


def _headers(message: Request | Response) -> Headers:
    for name, values in message.headers.items():
        for value in values:
            yield name.decode("latin-1"), value.decode("latin-1")


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} Unknown"


# WARC 1.1 files (ISO 28500:2017): one gzip member a record, a new file where one is full. A response is what came
# over the wire, still compressed; beside it stands the request. What a reader of ours needs and the standard has no
# field for (the site, the section, the date the list showed) is in the field `Crawler-Asked`, which other tools
# skip. A kill can cut the last record of a file short: its digest tells, and readers leave it out.

ASKED = "Crawler-Asked"
SUFFIX = ".warc.gz"
SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "www-authenticate"})
"""Headers that are not kept, in lower case."""


class ArchiveFiles:
    """The files of one run: `DIRECTORY/RUN-00001.warc.gz` and on. `info` describes the run in each. All raise OSError,
    after which the file ends with its last whole record."""

    def __init__(self, directory: Path, run: str, most_bytes: int, info: Mapping[str, str]) -> None:
        self._directory = directory
        self._run = run
        self._most_bytes = most_bytes
        self._info = info
        self._file: IO[bytes] | None = None
        self._number = 0
        self._records = WARCWriter(None, gzip=True, warc_version="1.1")

    def write(
        self,
        url: str,
        moment: datetime,
        request: tuple[str, Headers, bytes],
        response: tuple[str, Headers, bytes],
        asked: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep an answer: `request` is its first line, headers and body, `response` its status line (`200 OK`), headers
        and body; `moment` (aware) is when it came."""
        file = self._current()
        date = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {"WARC-Date": date}
        if asked:
            fields[ASKED] = json.dumps(asked)
        answer = self._record(url, "response", fields, StatusAndHeaders(response[0], _kept(response[1]), "HTTP/1.1"))
        self._fill(answer, response[2])
        beside = {"WARC-Date": date, "WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID")}
        head = StatusAndHeaders(request[0], _kept(request[1]), is_http_request=True)
        question = self._record(url, "request", beside, head)
        self._fill(question, request[2])
        self._append(file, answer, question)

    def close(self) -> None:
        """End the last file."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def _record(self, url: str, kind: str, fields: dict[str, str], head: StatusAndHeaders) -> Any:
        return self._records.create_warc_record(url, kind, warc_headers_dict=fields, http_headers=head)

    def _fill(self, record: Any, body: bytes) -> None:
        record.raw_stream, record.length, record.payload_length = io.BytesIO(body), len(body), len(body)
        record.rec_headers.remove_header("WARC-Payload-Digest")

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

    def _current(self) -> IO[bytes]:
        if self._file is not None and self._file.tell() < self._most_bytes:
            return self._file
        self.close()
        self._number += 1
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{self._run}-{self._number:05}{SUFFIX}"
        # Unbuffered: what was written is in the file, whatever becomes of the process.
        self._file = path.open("xb", buffering=0)
        self._append(self._file, self._records.create_warcinfo_record(path.name, self._info))
        return self._file


def _kept(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in SECRET]


# WARC files read again: the answers in them, whoever wrote them.

_KINDS = ("*.warc.gz", "*.warc")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")

# The last is what warcio 1.8 raises for a record whose head is cut short.
_BROKEN = (ArchiveLoadFailed, zlib.error, EOFError, UnicodeError, ValueError, AttributeError)


class ArchiveError(CrawlerError):
    """An archive that can't be read; the text is one sentence for people."""

    exit_status = 2


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
