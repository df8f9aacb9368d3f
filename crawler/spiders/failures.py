"""What a failed request means: a reason of the fixed vocabulary, a sentence, and whether asking again may help."""

from __future__ import annotations

from typing import NamedTuple

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.guards.requests import OutOfTime, Refused
from crawler.guards.size import TooManyTags
from crawler.spiders.giving_up import HostGivenUp

BLOCKED = {401, 403, 405, 412, 468, 521}
GONE = {404, 410}


class Failed(NamedTuple):
    """`reason` for stats and `rejects`; `final` where the site has given its answer, so that the page need not be
    asked for again at the next crawl."""

    reason: str
    detail: str
    final: bool


def classify(error: BaseException) -> Failed:
    """What `error`, raised for one request by the downloader or a middleware, means."""
    if isinstance(error, HttpError):
        return _of_status(error.response.status)
    if isinstance(error, DownloadCancelledError):
        return Failed("too_large", "the page is larger than DOWNLOAD_MAXSIZE", True)
    if isinstance(error, IgnoreRequest):
        return _ignored(error)
    if isinstance(error, DownloadTimeoutError | TimeoutError) or "Timeout" in type(error).__name__:
        return Failed("timeout", "no answer within DOWNLOAD_TIMEOUT", False)
    return Failed("unreachable", f"{type(error).__name__}: {error}"[:300], False)


def _of_status(status: int) -> Failed:
    if status in GONE:
        return Failed(f"http_{status}", f"the site answers {status}: the page is gone", True)
    if status in BLOCKED:
        return Failed("blocked", f"the site answers {status}: it refuses this crawler", False)
    return Failed(f"http_{status}", f"the site answers {status}", False)


def _ignored(error: IgnoreRequest) -> Failed:
    """A request that one of our own middlewares did not let through."""
    if isinstance(error, HostGivenUp):
        return Failed("given_up", str(error), False)
    if isinstance(error, OutOfTime):
        return Failed("out_of_time", str(error), False)
    if isinstance(error, Refused):
        return Failed(error.reason, f"the address is not asked for: {error}", True)
    text = str(error)
    if isinstance(error, TooManyTags):
        return Failed("too_large", text, True)
    if "robots.txt" in text:
        return Failed("robots", "robots.txt forbids this page", True)
    if "redirection" in text:
        return Failed("redirect_loop", "the page redirects in a circle or too often", True)
    if "DOWNLOAD_MAXSIZE" in text or "exceed" in text:
        return Failed("too_large", "the page unpacks to more than DOWNLOAD_MAXSIZE", True)
    return Failed("ignored", text or "a middleware refused the request", True)
