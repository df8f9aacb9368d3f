"""A miniature of the real sites on loopback, for the demo and the tests.

`Replica` serves it, `content.articles` is its truth, `middleware` leads a crawl to it. `fleet` serves hundreds of
generated sites under real addresses of the registry instead, some of which fail.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.replica.server import Replica

__all__ = ["TODAY", "Replica"]

TODAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
"""A day on which the latest articles of the replica and of the fleet are news. Their dates never change, so whoever
judges how old they are must not look at the calendar."""


def __getattr__(name: str) -> Any:
    """`Replica`, when it is asked for: every crawl imports this package for the middleware, few need the server."""
    if name != "Replica":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from crawler.replica.server import Replica

    return Replica
