"""`scrapy schema`: the contract of the database, in words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


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
    from crawler.storage.contract import field_rows, keys_of
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
    from crawler.storage.contract import field_rows, keys_of
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
