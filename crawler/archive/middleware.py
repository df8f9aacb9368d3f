"""Keeps what came over the wire, where the setting ARCHIVE_DIR says so."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

if TYPE_CHECKING:
    from crawler.archive.files import ArchiveFiles

Headers = Iterable[tuple[str, str]]
logger = logging.getLogger(__name__)


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
            from crawler.archive.files import ArchiveFiles

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
        kept = getattr(self.crawler.spider, "relevant_from", None)
        return {"page": "article", **asked.described(), "address": address, "relevant_from": kept}

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
