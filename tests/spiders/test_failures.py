"""What a failed request means, and whether the next crawl may ask again."""

import pytest
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.middlewares.limits import ResponseTooLarge, TooManyRedirects, TooManyTags
from crawler.middlewares.politeness import CircuitOpen, RobotsDisallowed, RobotsUnreachable
from crawler.spiders.base import classify


def status(code: int) -> HttpError:
    return HttpError(Response("http://www.example.cn/", status=code))


@pytest.mark.parametrize(
    ("error", "reason", "final"),
    [
        (status(404), "http_404", True),
        (status(410), "http_410", True),
        (status(412), "blocked", False),
        (status(521), "blocked", False),
        (status(403), "blocked", False),
        (status(502), "http_502", False),
        (DownloadTimeoutError("30 s"), "timeout", False),
        (DownloadConnectionRefusedError("refused"), "unreachable", False),
        (DownloadCancelledError("too much"), "too_large", True),
        (TooManyTags("the page has 1,000,000 tags"), "too_large", True),
        (RobotsDisallowed("robots.txt forbids this page"), "robots", True),
        (CircuitOpen("www.example.cn is given up"), "given_up", False),
        (TooManyRedirects("the page redirects in a circle"), "redirect_loop", True),
        (ResponseTooLarge("the page unpacks to too much"), "too_large", True),
        (RobotsUnreachable("its robots.txt answers 503"), "robots_unreachable", False),
        (RobotsUnreachable("no answer", DownloadTimeoutError("30 s")), "timeout", False),
        (RobotsUnreachable("no answer", DownloadConnectionRefusedError("refused")), "unreachable", False),
        # Only the type counts, not the words.
        (IgnoreRequest("robots.txt, redirections that exceed DOWNLOAD_MAXSIZE"), "ignored", True),
    ],
)
def test_classify(error, reason, final):
    failed = classify(error)
    assert (failed.reason, failed.final) == (reason, final)
    assert failed.detail
