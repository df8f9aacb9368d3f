"""`scrapy reindex`: compute anew what rules derive from stored articles."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return ""

    def short_desc(self) -> str:
        return "Compute what rules derive from all stored articles anew: stories, relevance, the index for search"

    def long_desc(self) -> str:
        return (
            "For a database written under other rules. Tells its progress; where it was interrupted the same command "
            "goes on. Crawl again only when it has ended: until then stories are incomplete, and searches find less."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy reindex takes no argument", print_help=False)
        from crawler.errors import StoreError

        try:
            asyncio.run(self._reindex())
        except StoreError as error:
            print(f"scrapy reindex: {error} The same command goes on where it stopped.", file=sys.stderr)
            self.exitcode = 1
        except KeyboardInterrupt:
            print("\nscrapy reindex: interrupted; the same command goes on where it stopped.", file=sys.stderr)
            self.exitcode = 130

    async def _reindex(self) -> None:
        from crawler.storage.maintenance import reindex
        from crawler.storage.store import open_store

        assert self.settings is not None
        store = await open_store(
            self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"], Path(self.settings["DATA_DIR"])
        )
        try:
            count = await reindex(store, _tell)
        finally:
            await store.close()
        print(f"\r{count} articles computed anew, their stories settled.", file=sys.stderr)


def _tell(stage: str, done: int, total: int) -> None:
    end = "" if sys.stderr.isatty() and done < total else "\n"
    print(f"\r{stage}: {done} of {total}", end=end, file=sys.stderr, flush=True)
