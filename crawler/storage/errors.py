"""What goes wrong with a store, in a sentence for people."""

from __future__ import annotations


class StoreError(Exception):
    """The store can't be used. The message says why and what to do; it never holds credentials."""


class StoreAway(StoreError):
    """The store doesn't answer: the same request may succeed later."""
