"""`scrapy db start | stop | status | uri`: the embedded database server; `export | import`: a whole database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.errors import StoreError
from crawler.storage import embedded

ACTIONS = ("start", "stop", "status", "uri")
MOVES = ("export", "import")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "start | stop | status | uri | export DIR | import DIR [--overwrite]"

    def short_desc(self) -> str:
        return "Start, stop or find the embedded database server; move a whole database"

    def long_desc(self) -> str:
        return (
            "The embedded server starts by itself where MONGO_URI is unset, serves every process, and runs on after a "
            "crawl. start: start it now. stop: flush and end it. status: where it runs, exit status 1 if it doesn't. "
            'uri: print its address and nothing else, starting it if need be: mongosh "$(scrapy db uri)". '
            "export: write all collections into a new folder. import: write such a folder into the database in use "
            "(that of MONGO_URI, else the embedded one), checked by counts and check sums."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--overwrite", action="store_true", help="import: where the database differs the dump wins")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) == 2 and args[0] in MOVES:
            self._move(args[0], Path(args[1]), opts.overwrite)
            return
        if len(args) != 1 or args[0] not in ACTIONS:
            raise UsageError(f"say what to do: {', '.join(ACTIONS)}, export DIR, import DIR", print_help=False)
        assert self.settings is not None
        uri, directory = self.settings["MONGO_URI"], embedded.data_dir(self.settings["DATA_DIR"])
        try:
            self.exitcode = _run_theirs(args[0], uri) if uri else _run_ours(args[0], directory)
        except StoreError as error:
            print(f"scrapy db: {error}", file=sys.stderr)
            self.exitcode = 1

    def _move(self, action: str, folder: Path, overwrite: bool) -> None:
        from crawler.errors import TransferError
        from crawler.transfer.dump import bar, export_database, import_database

        assert self.settings is not None
        uri, name = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"]
        data = Path(self.settings["DATA_DIR"])
        try:
            with bar() as progress:
                if action == "export":
                    done = export_database(uri, name, data, folder, progress)
                else:
                    done = import_database(uri, name, data, folder, overwrite=overwrite, progress=progress)
            print(done)
        except (TransferError, StoreError) as error:
            print(f"scrapy db {action}: {error}", file=sys.stderr)
            self.exitcode = 1
        except KeyboardInterrupt:
            left = "the same command goes on" if action == "import" else "nothing is left behind"
            print(f"\nscrapy db {action}: interrupted; {left}.", file=sys.stderr)
            self.exitcode = 130


def _run_ours(action: str, directory: Path) -> int:
    if action == "uri":
        print(embedded.ensure_running(directory))
    elif action == "start":
        uri = embedded.ensure_running(directory)
        print(f"The embedded database server runs at {uri}; its data is in {directory}.")
    elif action == "stop":
        ended = embedded.stop(directory)
        print(f"The embedded database server of {directory} {'has ended' if ended else 'was not running'}.")
    else:
        daemon = embedded.status(directory)
        if daemon is None:
            print(f"No embedded database server runs for {directory}; `scrapy db start` starts it.")
            return 1
        print(f"The embedded database server runs at {daemon.uri} (pid {daemon.pid}); its data is in {directory}.")
    return 0


def _run_theirs(action: str, uri: str) -> int:
    from crawler.storage.store import check_store, hosts

    if action == "uri":
        print(uri)
        return 0
    if action == "status":
        check_store(uri, None)
        print(f"The MongoDB server of MONGO_URI at {hosts(uri)} answers.")
        return 0
    print(f"MONGO_URI is set: the server at {hosts(uri)} isn't ours to {action}.", file=sys.stderr)
    return 1
