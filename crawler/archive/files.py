"""WARC 1.1 files (ISO 28500:2017): one gzip member a record, a new file where one is full.

A response is what came over the wire, still compressed; beside it stands the request. What a reader of ours needs and
the standard has no field for (the site, the section, the date the list showed) is in the field `Crawler-Asked`, which
other tools skip. A kill can cut the last record of a file short: its digest tells, and readers leave it out.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ASKED = "Crawler-Asked"
SUFFIX = ".warc.gz"
SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "www-authenticate"})
"""Headers that are not kept, in lower case."""

Headers = Iterable[tuple[str, str]]


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
