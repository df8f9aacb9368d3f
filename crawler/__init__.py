"""Food-safety news of China: crawled, cleaned, stored. `open_store` gives the articles to Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.api import open_store

__all__ = ["open_store"]


def __getattr__(name: str) -> object:
    # Imported when asked for: a crawl needs none of it.
    if name == "open_store":
        from crawler.api import open_store

        return open_store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
