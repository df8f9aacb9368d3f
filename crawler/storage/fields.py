"""JSON schemas of single fields, each with a line of meaning: the words in which `documents.py` and `workings.py` are
written."""

from __future__ import annotations

from typing import Any


def field(description: str, *types: str, **rules: Any) -> dict[str, Any]:
    """A field: of BSON `types` and other `rules`."""
    return {"bsonType": types[0] if len(types) == 1 else list(types), **rules, "description": description}


def text(description: str) -> dict[str, Any]:
    """A field: a text that is not empty."""
    return field(description, "string", minLength=1)


def text_or_null(description: str) -> dict[str, Any]:
    """A field: a text that is not empty, or null."""
    return field(description, "string", "null", minLength=1)


def date(description: str) -> dict[str, Any]:
    """A field: a time."""
    return field(f"{description} (UTC)", "date")


def count(description: str, minimum: int = 0) -> dict[str, Any]:
    """A field: a whole number."""
    return field(description, "int", "long", minimum=minimum)


def list_of(description: str, required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """A field: a list of objects that have `required`."""
    items = {"bsonType": "object", "required": [required], "properties": properties}
    return field(description, "array", items=items)


WORD = {"bsonType": "string"}
