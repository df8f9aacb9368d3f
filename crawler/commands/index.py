"""`scrapy index`: the search index of this machine, its state and its repair."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import add_format_option, format_count, print_rows
from crawler.search_command import print_progress

_ACTIONS = ("status", "update", "rebuild")


class Command(cli.Command):
    group = "operate"
    examples = ("scrapy index status", "scrapy index update --every 60", "scrapy index rebuild")
    interrupted = "; the same command continues"

    def syntax(self) -> str:
        return "status | update | rebuild"

    def short_desc(self) -> str:
        return "Show, update or rebuild the search index"

    def long_desc(self) -> str:
        return (
            "The search index follows from the database and lies in the data folder (CRAWLER_DATA). Every search "
            "brings it up to date first. `status` shows how far it is (exit status 1 if it is behind), `update` "
            "completes it, with --every again and again until Ctrl-C, `rebuild` makes it again from nothing; until "
            "that is done, searches use the old one."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--every", type=float, metavar="SECONDS", help="update: repeat with this pause")
        add_format_option(parser)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if len(args) != 1 or args[0] not in _ACTIONS:
            raise UsageError(f"give one of {', '.join(_ACTIONS)}", print_help=False)
        if opts.every is not None and (args[0] != "update" or not opts.every > 0):
            raise UsageError("--every belongs to update and takes seconds above 0", print_help=False)
        from crawler.search.index import SearchIndex

        assert self.settings is not None
        with self.open_database() as database:
            index = SearchIndex(Path(self.settings["DATA_DIR"]), self.settings["MONGO_URI"], database.name)
            if args[0] == "status":
                return self._show(index, database, opts.format)
            self._write(index, database, args[0], opts.every)
        return None

    def _show(self, index: Any, database: Any, form: str) -> int:
        from crawler.storage.changes import read_head

        snapshot, head = index.snapshot(), read_head(database)
        state = snapshot.state if snapshot else None
        current = bool(state and state.epoch == head.epoch and state.read == head.number and state.unstamped)
        row = {
            "folder": str(index.folder),
            "state": "up to date" if current else "behind" if state and state.epoch == head.epoch else "to be built",
            "articles": snapshot.articles if snapshot else 0,
            "changes_missing": max(0, head.number - state.read) if state and state.epoch == head.epoch else head.number,
            "megabytes": round(index.size() / 1e6, 1) if snapshot else 0,
            "segments": snapshot.searcher.num_segments if snapshot else 0,
        }
        print_rows([row], form)
        return 0 if current else 1

    def _write(self, index: Any, database: Any, action: str, every: float | None) -> None:
        from crawler.search.follow import catch_up, rebuild

        while True:
            if action == "rebuild":
                fresh = rebuild(index, database, print_progress)
            else:
                fresh = catch_up(index, database, float("inf"), compare=True, progress=print_progress)
            count = format_count(fresh.snapshot.articles, "article")
            print(fresh.note or f"The search index has {count} and is up to date.", file=sys.stderr)
            if every is None:
                return
            time.sleep(every)
