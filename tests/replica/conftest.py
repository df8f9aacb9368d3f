"""A running replica, and a client that asks it as a crawler does: through it, by the real addresses."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPMessage
from typing import NamedTuple

import pytest

from crawler.replica import Replica


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest.fixture
def ask(replica: Replica) -> Callable[..., Answer]:
    """GET an address (POST where `data` is given); redirects are not followed."""
    proxy = f"http://{replica.address}"
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": proxy, "https": proxy}),
        urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
        _NoRedirect,
    )

    def get(url: str, data: bytes | None = None, **headers: str) -> Answer:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data, fields)
        try:
            with opener.open(request, timeout=10) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    return get
