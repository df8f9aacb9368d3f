"""Which story an article belongs to, and which article it reprints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Document = dict[str, Any]


def assign_clusters(documents: Iterable[Document], candidates: Mapping[str, Sequence[Document]]) -> None:
    """Set `cluster` and `original` of each of `documents`, new articles about to be stored.

    `candidates` holds, by `content_hash`, the stored articles with the same text. The one seen first is taken for the
    original, and the new article joins its story; without a candidate it begins a story of its own.
    """
    for document in documents:
        same = candidates.get(document["content_hash"], ())
        if same:
            first = min(same, key=lambda stored: (stored["first_seen_at"], stored["_id"]))
            document["cluster"] = first["cluster"]
            document["original"] = first["original"] or first["_id"]
        else:
            document["cluster"], document["original"] = document["_id"], None
