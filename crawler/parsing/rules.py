"""The selectors of one layout, as a platform class or a site's TOML file states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Rules:
    """Where the fields of an article are. Each value is a tuple of selectors that are tried in order.

    A selector is CSS, or XPath if it begins with `/`, `./` or `(`. `header` is the line with date, source and editor,
    which is read by its labels.
    """

    title: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    published_at: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    """Elements of the body that are not the article's text."""
    items: tuple[str, ...] = ()
    """The article links (`a`) of a list page: the matches of all selectors, in this order."""

    @classmethod
    def from_table(cls, table: Mapping[str, str | list[str]]) -> Rules:
        """Build rules from a TOML table of strings or lists of strings. Raises ValueError for an unknown key."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(table) - known):
            raise ValueError(f"unknown selector key {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return cls(**{key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()})
