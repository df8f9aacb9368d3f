"""The HTTP cache of list pages: it saves bytes, and never replaces the answer of a site that does not respond."""

from __future__ import annotations

import logging
import pickle
import shutil
import zlib
from pathlib import Path

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.extensions.httpcache import FilesystemCacheStorage, RFC2616Policy
from scrapy.http import Response
from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)


class RevalidatingPolicy(RFC2616Policy):
    """RFC2616Policy that uses the stored page only after a 304; Scrapy's uses it after a server error too."""

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Whether the site answered that its page is still the stored one."""
        return response.status == 304


class AtomicCacheStorage(FilesystemCacheStorage):
    """Scrapy's storage for crawls that are killed and disks that are full. An entry is written to a folder beside its
    own and then moved, so it is complete or absent: new validators with an old page would hide what was published in
    between. Headers of requests, which may hold credentials and which nobody reads, are not stored."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._settings = settings
        self._has_warned = False

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """The stored response; None if there is none or it can't be read."""
        try:
            return super().retrieve_response(spider, request)
        except (OSError, EOFError, ValueError, KeyError, pickle.UnpicklingError, zlib.error) as error:
            logger.warning("An entry of the cache can't be read and is ignored: %s (%s)", request.url, error)
            return None

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Store a response. If that fails, the crawl goes on without, after one warning."""
        entry = Path(self._get_request_path(spider, request))
        unfinished = entry.with_name(f"{entry.name}.new")
        try:
            _FolderWriter(self._settings, unfinished).store_response(spider, request.replace(headers={}), response)
            shutil.rmtree(entry, ignore_errors=True)
            unfinished.rename(entry)
        except OSError as error:
            if not self._has_warned:
                logger.warning("List pages can't be cached in %s: %s", self.cachedir, error.strerror)
            self._has_warned = True


class _FolderWriter(FilesystemCacheStorage):
    """Writes an entry of the cache to a given folder."""

    def __init__(self, settings: BaseSettings, folder: Path) -> None:
        super().__init__(settings)
        self.folder = folder

    def _get_request_path(self, spider: Spider, request: Request) -> str:
        return str(self.folder)


class NoStaleCacheMiddleware(HttpCacheMiddleware):
    """HttpCacheMiddleware without its recovery from errors: with last week's list instead of an error, a site that is
    down would count as crawled, with nothing new."""

    def process_exception(self, request: Request, exception: Exception, spider: Spider | None = None) -> None:
        """None: the error goes on to the retries, and then to the spider."""
        request.meta.pop("cached_response", None)
