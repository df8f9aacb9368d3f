"""`scrapy schema`: the contract of the database, in words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.storage.schema import Collection, Index


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--markdown]"

    def short_desc(self) -> str:
        return "Print every collection, field, index and view of the database with its meaning"

    def long_desc(self) -> str:
        return "Reads no database: it is the schema this program writes, and what its validators enforce."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--markdown", action="store_true", help="as a page of Markdown tables")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy schema takes no argument but --markdown", print_help=False)
        try:
            print("\n".join(_markdown() if opts.markdown else _plain()), flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _plain() -> Iterator[str]:
    from crawler.storage.schema import COLLECTIONS, VERSION
    from crawler.storage.views import VIEWS

    yield f"Version {VERSION} of the schema; * marks what every document has."
    for name, collection in COLLECTIONS.items():
        yield f"\n{name}: {collection.description}"
        rows = list(field_rows(collection))
        names, types = max(len(row.name) for row in rows) + 1, max(len(row.types) for row in rows)
        for row in rows:
            yield f"  {row.name + '*' * row.required:<{names}}  {row.types:<{types}}  {row.meaning}"
        for index in collection.indexes:
            yield f"  index {index.name} {keys_of(index)}: {index.serves}"
    yield ""
    for name, view in VIEWS.items():
        yield f"view {name} of {view.source}: {view.description}"


def _markdown() -> Iterator[str]:
    from crawler.storage.schema import COLLECTIONS, VERSION
    from crawler.storage.views import VIEWS

    yield f"# Schema, version {VERSION}"
    for name, collection in COLLECTIONS.items():
        yield f"\n## {name}\n\nA document is {collection.description}.\n"
        yield "| field | type | always there | meaning |\n|---|---|---|---|"
        for row in field_rows(collection):
            yield f"| `{row.name}` | {row.types} | {'yes' if row.required else ''} | {_cell(row.meaning)} |"
        if collection.indexes:
            yield "\n| index | keys | serves |\n|---|---|---|"
        for index in collection.indexes:
            yield f"| `{index.name}` | `{keys_of(index)}` | {_cell(index.serves)} |"
    yield "\n## Views\n\n| view | of | a document is |\n|---|---|---|"
    for name, view in VIEWS.items():
        yield f"| `{name}` | `{view.source}` | {_cell(view.description)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# The schema in words: every field, index and view as rows a person or a page can show.


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
