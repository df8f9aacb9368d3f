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

from crawler.middlewares.guard import TooManyTags
from crawler.middlewares.politeness import CircuitOpen
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
        (IgnoreRequest("Forbidden by robots.txt"), "robots", True),
        (CircuitOpen("www.example.cn is given up"), "given_up", False),
        (IgnoreRequest("max redirections reached"), "redirect_loop", True),
    ],
)
def test_classify(error, reason, final):
    failed = classify(error)
    assert (failed.reason, failed.final) == (reason, final)
    assert failed.detail
