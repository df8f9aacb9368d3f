"""What goes wrong when data is carried out or in, in a sentence for people."""

from __future__ import annotations


class TransferError(Exception):
    """Nothing was carried. The message says why and what to do."""
