"""Version 1 to 2: what search and selection ask for (tokens, relevance) is in every article."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.text.relevance import relevance
from crawler.text.tokens import tokens


def changes(document: Mapping[str, Any]) -> dict[str, Any]:
    """What an article, or a revision of one, of version 1 lacks."""
    title, body = document["title"], document["body"]
    kind = (document["site"] or {}).get("kind")
    rating = relevance(title, body, section=document["section"], source=document["source"], kind=kind)
    return {"tokens": tokens(title, body), "relevance": rating.as_dict()}
