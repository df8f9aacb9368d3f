"""The schema in words: every field, index and view as rows a person or a page can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.storage.schema import Collection, Index


@dataclass(frozen=True)
class FieldRow:
    """`name` with its path (`site.code`, `images[].url`), its BSON `types`, and whether a document must have it."""

    name: str
    types: str
    required: bool
    meaning: str


def field_rows(collection: Collection) -> Iterator[FieldRow]:
    """The fields of a collection, those of its objects and lists included."""
    return _rows(collection.fields, {"_id", *collection.required}, "")


def _rows(fields: Mapping[str, Mapping[str, Any]], required: set[str], prefix: str) -> Iterator[FieldRow]:
    for name, rule in fields.items():
        yield FieldRow(f"{prefix}{name}", types_of(rule), name in required, rule["description"])
        if "properties" in rule:
            yield from _rows(rule["properties"], set(rule.get("required", ())), f"{prefix}{name}.")
        elif "properties" in (items := rule.get("items", {})):
            yield from _rows(items["properties"], set(items.get("required", ())), f"{prefix}{name}[].")


def types_of(rule: Mapping[str, Any]) -> str:
    """The types a rule allows: `string`, `date or null`, `array of string`, or the values of an enumeration."""
    if "enum" in rule:
        return " or ".join("null" if value is None else f'"{value}"' for value in rule["enum"])
    names = [rule["bsonType"]] if isinstance(rule["bsonType"], str) else rule["bsonType"]
    items = rule.get("items", {})
    return " or ".join(f"array of {types_of(items)}" if name == "array" and items else name for name in names)


def keys_of(index: Index) -> str:
    """The keys of an index as MongoDB's shell writes them: `{"site.code": 1, "published_at": -1}`."""
    return "{" + ", ".join(f'"{key}": {direction}' for key, direction in index.keys) + "}"
