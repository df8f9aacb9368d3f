"""`scrapy drain`: flush the spool of crawls that were stopped while the database was unavailable."""

from __future__ import annotations

import argparse
import asyncio

from crawler import cli
from crawler.output import format_count


class Command(cli.Command):
    group = "data"
    examples = ("scrapy drain",)

    def short_desc(self) -> str:
        return "Store what crawls left in the spool while the database was down"

    def long_desc(self) -> str:
        return (
            "While the database is unavailable, a crawl keeps scraped items in a spool on the disk and flushes it when "
            "the database is back. If the crawl was stopped first, the next crawl or this command does it."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        self.reject_arguments(args)
        count, others = asyncio.run(self._drain())
        print(
            f"{format_count(count, 'article or reject', 'articles and rejects')} stored."
            if count
            else "Spool is empty."
        )
        for other in others:
            print(f"There is a spool for another database, {other}: drain it with that MONGO_URI and MONGO_DATABASE.")
        return 0

    async def _drain(self) -> tuple[int, list[str]]:
        from crawler.storage.extension import drain, spool_directory
        from crawler.storage.store import place_of

        assert self.settings is not None
        uri, database, data = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"], self.settings["DATA_DIR"]
        async with self.open_store() as store:
            return await drain(store, spool_directory(data), place_of(uri, database))
