"""What goes wrong with a store, in a sentence for people."""

from __future__ import annotations


class StoreError(Exception):
    """The store can't be used. The message says why and what to do; it never holds credentials."""


class StoreUnavailable(StoreError):
    """The store doesn't answer: the same request may succeed later."""


# What goes wrong with a question, in a sentence for people.


class QueryError(Exception):
    """The question can't be answered as it is put. The message says why and what to do."""


# What goes wrong when data is carried out or in, in a sentence for people.


class TransferError(Exception):
    """Nothing was carried. The message says why and what to do."""
