"""`scrapy db`: start, stop and find the embedded database server; export and import a whole database."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.errors import StoreError

ACTIONS = ("start", "stop", "status", "uri")
MOVES = ("export", "import")


class Command(cli.Command):
    group = "operate"
    examples = (
        "scrapy db status",
        'mongosh "$(scrapy db uri)"',
        "scrapy db export dump",
        "MONGO_URI=mongodb://10.0.0.1:27017/ scrapy db import dump",
    )

    def syntax(self) -> str:
        return "start | stop | status | uri | export DIR | import DIR [--overwrite]"

    def short_desc(self) -> str:
        return "Start, stop or find the embedded database; move a whole one"

    def long_desc(self) -> str:
        return (
            "The embedded server starts by itself if MONGO_URI is not set, serves every process, and keeps running "
            "after a crawl. start: start it now. stop: flush and stop it. status: show where it runs; exit status 1 "
            "if it doesn't. uri: print its address and nothing else, and start it if necessary. export: write all "
            "collections into a new folder. import: write such a folder into the current database (that of MONGO_URI "
            "or the embedded one), verified by counts and checksums."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--overwrite", action="store_true", help="import: documents of the dump win over others")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if len(args) == 2 and args[0] in MOVES:
            self._move(args[0], Path(args[1]), overwrite=opts.overwrite)
            return 0
        if len(args) != 1 or args[0] not in ACTIONS:
            raise UsageError(f"give an action: {', '.join(ACTIONS)}, export DIR, import DIR", print_help=False)
        from crawler.storage.embedded import data_dir

        assert self.settings is not None
        uri = self.settings["MONGO_URI"]
        return _run_remote(args[0], uri) if uri else _run_embedded(args[0], data_dir(self.settings["DATA_DIR"]))

    def _move(self, action: str, folder: Path, *, overwrite: bool) -> None:
        from crawler.transfer.dump import bar, export_database, import_database

        assert self.settings is not None
        uri, name = self.settings["MONGO_URI"], self.settings["MONGO_DATABASE"]
        data = Path(self.settings["DATA_DIR"])
        self.interrupted = "; run the same command again" if action == "import" else "; nothing was written"
        with bar() as progress:
            if action == "export":
                done = export_database(uri, name, data, folder, progress)
            else:
                done = import_database(uri, name, data, folder, overwrite=overwrite, progress=progress)
        print(done)


def _run_embedded(action: str, directory: Path) -> int:
    from crawler.storage import embedded

    if action == "uri":
        print(embedded.ensure_running(directory))
    elif action == "start":
        embedded.ensure_running(directory)
        daemon = embedded.status(directory)
        print(f"The embedded database server runs at {daemon and daemon.address}; its data is in {directory}.")
    elif action == "stop":
        stopped = embedded.stop(directory)
        print(f"The embedded database server of {directory} {'has ended' if stopped else 'was not running'}.")
    else:
        daemon = embedded.status(directory)
        if daemon is None:
            print(f"No embedded database server runs for {directory}; `scrapy db start` starts it.")
            return 1
        print(f"The embedded database server runs at {daemon.address} (pid {daemon.pid}); its data is in {directory}.")
    return 0


def _run_remote(action: str, uri: str) -> int:
    from crawler.storage.store import check_store, hosts

    if action == "uri":
        print(uri)
    elif action == "status":
        check_store(uri, None)
        print(f"The MongoDB server of MONGO_URI at {hosts(uri)} answers.")
    else:
        raise StoreError(f"MONGO_URI is set: the server at {hosts(uri)} isn't ours to {action}.")
    return 0
