"""What a server asks for by Retry-After, in the forms of RFC 9110."""

import pytest
from scrapy.http import Response

from crawler.middlewares.politeness import retry_after_seconds

DATE = "Tue, 24 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("Tue, 24 Nov 2026 08:00:08 GMT", 8),
        ("Tue, 24 Nov 2026 16:00:08 +0800", 8),
        ("Tuesday, 24-Nov-26 08:01:00 GMT", 60),  # RFC 850
        ("Tue Nov 24 08:00:30 2026", 30),  # asctime
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0),  # over already
        ("soon", 0),
        ("-5", 0),
        ("Tue, 99 Nov 2026 08:00:00 GMT", 0),
        ("²", 0),
        ("", 0),
    ],
)
def test_seconds_and_dates(value, seconds):
    """A date counts from the server's own `Date`: its clock may be wrong by years."""
    headers = {"Retry-After": value.encode("latin-1", "replace"), "Date": DATE}
    assert retry_after_seconds(Response("http://www.example.cn/", status=503, headers=headers)) == seconds


def test_no_header_asks_for_nothing():
    assert retry_after_seconds(Response("http://www.example.cn/", status=503)) == 0
