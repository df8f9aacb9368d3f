"""Version 1 to 2: what search and selection ask for (tokens, relevance, places) is in every article."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.sites.places import places_named
from crawler.text.relevance import relevance
from crawler.text.tokens import tokens


def revision(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a revision of an article of version 1 lacks. Raises RegistryError."""
    title, body = document["title"], document["body"]
    kind = (document["site"] or {}).get("kind")
    rating = relevance(title, body, section=document["section"], source=document["source"], kind=kind)
    named = places_named(title, body, document["site"])
    return {"relevance": rating.as_dict(), "places": named.names, "place_codes": named.codes}


def article(document: Mapping[str, Any]) -> dict[str, Any]:
    """What an article of version 1 lacks: it is looked for by its tokens, its revisions are not. Raises
    RegistryError."""
    return {**revision(document), "tokens": tokens(document["title"], document["body"])}
