"""`scrapy migrate`: bring an older database to this program's version of the schema."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return ""

    def short_desc(self) -> str:
        return "Bring an older database to this program's version of the schema"

    def long_desc(self) -> str:
        return (
            "For a database that an older version of this program wrote, while no crawl runs. Where it was interrupted "
            "the same command goes on. `scrapy db export DIR` makes a copy first."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy migrate takes no argument", print_help=False)
        from crawler.errors import StoreError
        from crawler.sites.registry import RegistryError

        try:
            print(asyncio.run(self._migrate()))
        except (StoreError, RegistryError) as error:
            print(f"scrapy migrate: {error}", file=sys.stderr)
            self.exitcode = 1
        except KeyboardInterrupt:
            print("\nscrapy migrate: interrupted; the same command goes on where it stopped.", file=sys.stderr)
            self.exitcode = 130

    async def _migrate(self) -> str:
        from crawler.storage.maintenance import migrate
        from crawler.storage.schema import VERSION
        from crawler.storage.store import open_store

        assert self.settings is not None
        name = self.settings["MONGO_DATABASE"]
        store = await open_store(self.settings["MONGO_URI"], name, Path(self.settings["DATA_DIR"]), _as_it_is)
        try:
            first = await migrate(store, _tell)
        finally:
            await store.close()
        if first == VERSION:
            return f"The database {name} follows version {VERSION} of the schema already."
        return f"The database {name} follows version {VERSION} of the schema now; it followed version {first}."


async def _as_it_is(database: Any) -> None:
    """Leaves the database as it is: its validators stay until its documents fit the new ones."""


def _tell(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)
    else:
        print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)
