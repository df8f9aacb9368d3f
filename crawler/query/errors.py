"""What goes wrong with a question, in a sentence for people."""

from __future__ import annotations


class QueryError(Exception):
    """The question can't be answered as it is put. The message says why and what to do."""
