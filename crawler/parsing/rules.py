"""Selectors of one layout: what a platform class or a site's TOML file may say about a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Rules:
    """Where the fields of an article stand. Each value is a tuple of selectors tried in order: CSS, or XPath where
    it starts with `/`, `./` or `(`. `header` is the line with date, source and editor, read by its labels."""

    title: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    published_at: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    editor: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    """Elements of the body that are not text of the article."""
    items: tuple[str, ...] = ()
    """The article links (`a`) of a list page; all selectors count, in the order given."""

    @classmethod
    def from_table(cls, table: Mapping[str, str | list[str]]) -> Rules:
        """Rules from a TOML table of strings or lists of strings; raises ValueError for an unknown key."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(table) - known):
            raise ValueError(f"unknown selector key {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return cls(**{key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()})
