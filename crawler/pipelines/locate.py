"""Locate: the places an article names."""

from __future__ import annotations

from typing import Any

from crawler.items import Article
from crawler.sites.places import places_named


class LocatePipeline:
    """Gives an article its `places` and `place_codes`."""

    def process_item(self, item: Any) -> Any:
        """The article with its places; other items as they are."""
        if not isinstance(item, Article):
            return item
        named = places_named(item.title, item.body, item.site)
        item.places, item.place_codes = named.names, named.codes
        return item
