"""The HTTP cache of list pages: it saves bytes, and never stands in for a site that doesn't answer."""

from __future__ import annotations

import logging
import pickle
import shutil
import zlib
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.httpcache import HttpCacheMiddleware
from scrapy.extensions.httpcache import FilesystemCacheStorage, RFC2616Policy
from scrapy.http import Response
from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)


class RevalidatingPolicy(RFC2616Policy):
    """RFC2616Policy that takes the stored page for a 304 only; Scrapy's takes it for a server error too."""

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Whether the site said that its page is still the stored one."""
        return response.status == 304


class AtomicCacheStorage(FilesystemCacheStorage):
    """Scrapy's, for crawls that are killed and disks that are full: an entry is there whole or not at all, for new
    validators beside an old page would hide what came between them. Headers of requests, which may hold credentials and
    are read by nobody, are not kept."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._suffix = ""
        self._failed = False

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:
        """The stored answer, None where there is none or it can't be read."""
        try:
            return super().retrieve_response(spider, request)
        except (OSError, EOFError, ValueError, KeyError, pickle.UnpicklingError, zlib.error) as error:
            logger.warning("An entry of the cache can't be read and is left out: %s (%s)", request.url, error)
            return None

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:
        """Keep an answer; where that fails the crawl goes on without, told once."""
        entry = Path(self._get_request_path(spider, request))
        self._suffix = ".new"
        try:
            super().store_response(spider, request.replace(headers={}), response)
            shutil.rmtree(entry, ignore_errors=True)
            entry.with_name(entry.name + self._suffix).rename(entry)
        except OSError as error:
            if not self._failed:
                logger.warning("List pages can't be cached in %s: %s", self.cachedir, error.strerror)
            self._failed = True
        finally:
            self._suffix = ""

    def _get_request_path(self, spider: Spider, request: Request) -> str:
        return super()._get_request_path(spider, request) + self._suffix


class NoStaleCacheMiddleware(HttpCacheMiddleware):
    """Scrapy's cache without its recovery from errors: with the list of last week in place of an error, a site that is
    down would count as crawled, with nothing new."""

    def process_exception(self, request: Request, exception: Exception, spider: Spider | None = None) -> Any:
        """None: the error goes on, to the retries and then to the spider."""
        request.meta.pop("cached_response", None)
