"""`scrapy reindex`: recompute what rules derive from the stored articles."""

from __future__ import annotations

import argparse
import asyncio
import sys

from crawler import cli
from crawler.output import format_count


class Command(cli.Command):
    group = "data"
    examples = ("scrapy reindex",)
    interrupted = "; the same command continues where it stopped"

    def short_desc(self) -> str:
        return "Recompute stories, relevance and the search index of all articles"

    def long_desc(self) -> str:
        return (
            "For a database that was written with other rules. If it was interrupted, run it again: it continues. "
            "Start no crawl before it has ended: until then stories are incomplete, and searches find less."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        self.reject_arguments(args)
        count = asyncio.run(self._reindex())
        print(f"\r{format_count(count, 'article')} recomputed.", file=sys.stderr)
        return 0

    async def _reindex(self) -> int:
        from crawler.storage.maintenance import reindex

        async with self.open_store() as store:
            return await reindex(store, _print_progress)


def _print_progress(stage: str, done: int, total: int) -> None:
    end = "" if sys.stderr.isatty() and done < total else "\n"
    print(f"\r{stage}: {done} of {total}", end=end, file=sys.stderr, flush=True)
