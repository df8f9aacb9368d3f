"""Why a validator refused a document, in words: servers differ in how much of it they tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crawler.storage.schema import COLLECTIONS

_BSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "object": (dict,),
    "array": (list,),
    "int": (int,),
    "long": (int,),
    "double": (float,),
    "null": (type(None),),
    "bool": (bool,),
    "date": (datetime,),
}


def refusal(collection: str, document: dict[str, Any]) -> str:
    """Which fields of `document` the validator of `collection` refuses, as one phrase."""
    spec = COLLECTIONS[collection]
    missing = [name for name in ("_id", *spec.required) if name not in document]
    if missing:
        return f"{', '.join(missing)} missing"
    wrong = [name for name, rule in spec.fields.items() if name in document and not fits(document[name], rule)]
    return f"{', '.join(wrong)} not as the schema says" if wrong else "not as the schema says"


def fits(value: Any, rule: dict[str, Any]) -> bool:
    """Whether `value` is as a `rule` of `schema.py` says (the part of JSON schema that is used there)."""
    if "enum" in rule:
        return value in rule["enum"]
    types = [rule["bsonType"]] if isinstance(rule["bsonType"], str) else rule["bsonType"]
    accepted = [kind for name in types for kind in _BSON_TYPES[name]]
    if not isinstance(value, tuple(accepted)) or (isinstance(value, bool) and bool not in accepted):
        return False
    if isinstance(value, str):
        return len(value) >= rule.get("minLength", 0)
    if isinstance(value, list):
        return all(fits(item, rule["items"]) for item in value) if "items" in rule else True
    if isinstance(value, dict):
        known = rule.get("properties", {})
        return all(name in value for name in rule.get("required", ())) and all(
            fits(value[name], known[name]) for name in known if name in value
        )
    return not isinstance(value, int | float) or rule.get("minimum", value) <= value <= rule.get("maximum", value)
