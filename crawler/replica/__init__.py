"""A miniature of the real sites on loopback, for the demo and the tests.

`Replica` serves it and `content.articles` is its truth. `fleet` serves hundreds of generated sites under real addresses
of the registry instead, some of which fail. Both are HTTP proxies: a crawl reaches them by `proxy_environment`, and
requests addresses, robots.txt and redirects as it would on the real sites.
"""

from datetime import UTC, datetime

from crawler.replica.server import Replica

__all__ = ["TODAY", "Replica", "proxy_environment"]

TODAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
"""A day on which the latest articles of the replica and of the fleet are news: the setting CRAWL_TODAY of their crawls.
The dates of the articles never change, so nobody may compare them with the calendar."""


def proxy_environment(address: str) -> dict[str, str]:
    """The environment variables that lead a crawl to the server at `address` ("127.0.0.1:PORT"), whichever host it
    requests. This machine itself (the store, web hooks) is reached without it."""
    proxy = f"http://{address}"
    return {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "127.0.0.1,localhost"}
