"""`scrapy drain`: store what crawls could not store while the store was away."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Store what waits in the spool"

    def long_desc(self) -> str:
        return (
            "While the store is away, a crawl keeps what it scrapes in a spool on the disk. It stores that as soon as "
            "the store is back; where it was ended before, the next crawl does, or this command."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy drain takes no argument", print_help=False)
        import asyncio

        from crawler.errors import StoreError

        try:
            count, others = asyncio.run(self._drain())
        except StoreError as error:
            print(f"scrapy drain: {error}", file=sys.stderr)
            self.exitcode = 1
            return
        print(f"{count} articles and rejects stored." if count else "Nothing waits in the spool for this store.")
        for other in others:
            print(f"A spool waits for another store, {other}: drain it with that MONGO_URI and MONGO_DATABASE.")

    async def _drain(self) -> tuple[int, list[str]]:
        from crawler.storage.extension import drain, spool_directory
        from crawler.storage.store import open_store, place_of

        assert self.settings is not None
        uri, database, data = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"], self.settings["DATA_DIR"]
        store = await open_store(uri, database, Path(data))
        try:
            return await drain(store, spool_directory(data), place_of(uri, database))
        finally:
            await store.close()
