"""What a failed request means: a reason of a fixed vocabulary, a sentence, and whether it is worth another crawl."""

from __future__ import annotations

from typing import NamedTuple

from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import TCPTimedOutError

from crawler.middlewares.guard import BlockedURL, OutOfTime
from crawler.middlewares.limits import ResponseTooLarge, TooManyRedirects, TooManyTags
from crawler.middlewares.politeness import CircuitOpen, RobotsDisallowed, RobotsUnreachable

BLOCKED_STATUSES = frozenset({401, 403, 405, 412, 468, 521})
"""Statuses by which a site, or the firewall in front of it, refuses a crawler."""
GONE_STATUSES = frozenset({404, 410})

HOST_REASONS = frozenset({"given_up", "robots_unreachable", "timeout", "unreachable"})
"""Reasons that concern the whole host, not one page."""


class Failed(NamedTuple):
    """`reason` is a word for statistics and `rejects`, `detail` a sentence. `final`: the site has given its answer, so
    the next crawl need not request the page again."""

    reason: str
    detail: str
    final: bool


_REASONS: tuple[tuple[type[IgnoreRequest] | tuple[type[IgnoreRequest], ...], str, bool], ...] = (
    (CircuitOpen, "given_up", False),
    (OutOfTime, "out_of_time", False),
    (RobotsDisallowed, "robots", True),
    (TooManyRedirects, "redirect_loop", True),
    ((ResponseTooLarge, TooManyTags), "too_large", True),
    (IgnoreRequest, "ignored", True),
)
"""Errors of our own middlewares, special ones first: the reason, and whether it is final."""


def classify(error: BaseException) -> Failed:
    """What `error`, raised for one request by the downloader or a middleware, means. Only its type counts."""
    if isinstance(error, HttpError):
        return _classify_status(error.response.status)
    if isinstance(error, RobotsUnreachable):
        return classify(error.cause) if error.cause else Failed("robots_unreachable", str(error), False)
    if isinstance(error, BlockedURL):
        return Failed(error.reason, f"the address is not requested: {error}", True)
    for kinds, reason, final in _REASONS:
        if isinstance(error, kinds):
            return Failed(reason, str(error) or "a middleware refused the request", final)
    if isinstance(error, DownloadCancelledError):
        return Failed("too_large", "the page is larger than DOWNLOAD_MAXSIZE", True)
    if isinstance(error, DownloadTimeoutError | TimeoutError | TCPTimedOutError):
        return Failed("timeout", "no answer within DOWNLOAD_TIMEOUT", False)
    return Failed("unreachable", f"{type(error).__name__}: {error}"[:300], False)


def _classify_status(status: int) -> Failed:
    if status in GONE_STATUSES:
        return Failed(f"http_{status}", f"the site answers {status}: the page is gone", True)
    if status in BLOCKED_STATUSES:
        return Failed("blocked", f"the site answers {status}: it refuses this crawler", False)
    return Failed(f"http_{status}", f"the site answers {status}", False)
