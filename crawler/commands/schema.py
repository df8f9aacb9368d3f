"""`scrapy schema`: every collection, field, index and view of the database, with its meaning."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from crawler import cli


class Command(cli.Command):
    group = "operate"
    examples = ("scrapy schema", "scrapy schema --markdown > schema.md")

    def syntax(self) -> str:
        return "[--markdown]"

    def short_desc(self) -> str:
        return "Print the schema of the database with the meaning of each field"

    def long_desc(self) -> str:
        return "Prints the schema that this program writes and that the validators enforce. Reads no database."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--markdown", action="store_true", help="print a page of Markdown tables")

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        self.reject_arguments(args)
        print("\n".join(_markdown() if opts.markdown else _text()))


def _text() -> Iterator[str]:
    from crawler.storage.schema import COLLECTIONS, VERSION, field_rows, write_keys
    from crawler.storage.views import VIEWS

    yield f"Version {VERSION} of the schema; * marks the fields that every document has."
    for name, collection in COLLECTIONS.items():
        yield f"\n{name}: {collection.description}"
        rows = list(field_rows(collection))
        names, types = max(len(row.name) for row in rows) + 1, max(len(row.types) for row in rows)
        for row in rows:
            yield f"  {row.name + '*' * row.is_required:<{names}}  {row.types:<{types}}  {row.meaning}"
        for index in collection.indexes:
            yield f"  index {index.name} {write_keys(index)}: {index.serves}"
    yield ""
    for name, view in VIEWS.items():
        yield f"view {name} of {view.source}: {view.description}"


def _markdown() -> Iterator[str]:
    from crawler.storage.schema import COLLECTIONS, VERSION, markdown_cell, markdown_table, write_keys
    from crawler.storage.views import VIEWS

    yield f"# Schema, version {VERSION}"
    for name, collection in COLLECTIONS.items():
        yield f"\n## {name}\n\nA document is {collection.description}.\n"
        yield from markdown_table(collection)
        if collection.indexes:
            yield "\n| index | keys | serves |\n|---|---|---|"
        for index in collection.indexes:
            yield f"| `{index.name}` | `{write_keys(index)}` | {markdown_cell(index.serves)} |"
    yield "\n## Views\n\n| view | of | a document is |\n|---|---|---|"
    for name, view in VIEWS.items():
        yield f"| `{name}` | `{view.source}` | {markdown_cell(view.description)} |"
