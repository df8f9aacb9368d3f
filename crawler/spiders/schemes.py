"""http or https: where a host does not answer under one, it is asked under the other."""

from __future__ import annotations

import logging

from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object

from crawler.discovery.schemes import other_scheme

logger = logging.getLogger(__name__)
_SWITCHED = "other_scheme"


class SchemeMiddleware:
    """Sends a request whose host gives no answer (RETRY_EXCEPTIONS) under http or https to the other one, once, unless
    the host has answered under the first; where the other answers, all that follows goes there. Counts the hosts as
    `sites/scheme_switched`. It stands nearer to the site than the retries: a port that is closed stays closed."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.stats = crawler.stats
        kinds = (load_object(kind) for kind in crawler.settings.getlist("RETRY_EXCEPTIONS"))
        self.silence = tuple(kind for kind in kinds if kind is not CannotResolveHostError)
        self.answering: dict[str, set[str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SchemeMiddleware:
        return cls(crawler)

    def process_request(self, request: Request) -> Request | None:
        """The request under the scheme that the host answers, where it is the other one only."""
        host, scheme = _place(request)
        answering = self.answering.get(host)
        if not answering or scheme in answering or request.meta.get(_SWITCHED):
            return None
        return self._switched(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Note which scheme the host answers."""
        host, scheme = _place(request)
        if host not in self.answering and request.meta.get(_SWITCHED):
            self.stats.inc_value("sites/scheme_switched")
            logger.warning("%s answers %s only: all its pages are asked for there", host, scheme)
        self.answering.setdefault(host, set()).add(scheme)
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The request under the other scheme, where this one may be closed for good."""
        if (
            not isinstance(exception, self.silence)
            or request.meta.get(_SWITCHED)
            or self.answering.get(_place(request)[0])
        ):
            return None
        return self._switched(request)

    @staticmethod
    def _switched(request: Request) -> Request | None:
        url = other_scheme(request.url)
        if url is None:
            return None
        return request.replace(url=url, dont_filter=True, meta={**request.meta, _SWITCHED: True})


def _place(request: Request) -> tuple[str, str]:
    parts = urlparse_cached(request)
    return parts.hostname or "", parts.scheme
