"""`scrapy migrate`: convert an older database to the current version of the schema."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from crawler import cli


class Command(cli.Command):
    group = "data"
    examples = ("scrapy db export backup && scrapy migrate",)
    interrupted = "; the same command continues where it stopped"

    def short_desc(self) -> str:
        return "Convert an older database to the current version of the schema"

    def long_desc(self) -> str:
        return (
            "For a database that an older version of this program wrote. Run it while no crawl runs. If it was "
            "interrupted, run it again: it continues. `scrapy db export DIR` makes a backup first."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        self.reject_arguments(args)
        print(asyncio.run(self._migrate()))
        return 0

    async def _migrate(self) -> str:
        from crawler.storage.maintenance import migrate
        from crawler.storage.schema import VERSION

        assert self.settings is not None
        name = self.settings["MONGO_DATABASE"]
        async with self.open_store(_leave) as store:
            first = await migrate(store, _print_progress)
        if first == VERSION:
            return f"The database {name} already has version {VERSION} of the schema."
        return f"The database {name} now has version {VERSION} of the schema; it had version {first}."


async def _leave(database: Any) -> None:
    """Prepares nothing: the old validators stay until the documents fit the new ones."""


def _print_progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)
    else:
        print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)
