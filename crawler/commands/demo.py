"""`scrapy demo`: two days of a miniature of the real sites, crawled as in production into a database to query."""

from __future__ import annotations

import argparse
import fcntl
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

if TYPE_CHECKING:
    from pymongo.database import Database
    from rich.console import Console
    from scrapy.settings import Settings

    from crawler.replica.demo_runs import DemoRun

DATABASE = "demo"
NEWEST = 10

# What real sites are owed and a replica on this machine is not; everything else is as in production.
NO_WAITS = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "RETRY_BACKOFF_SECONDS": 0.05}

COLUMNS = (
    ("requests", "downloader/request_count"),
    ("lists", "lists/pages"),
    ("new", "articles/new"),
    ("changed", "articles/changed"),
    ("same", "articles/unchanged"),
    ("copies", "articles/duplicate"),
    ("reprints", "articles/reprint", "articles/near_duplicate"),
    ("rejected", "rejects"),
)


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Watch the crawler at work on a miniature of the real sites, on this machine only"

    def long_desc(self) -> str:
        return (
            "Serves a small replica of cfsn.cn and www.qingtian.gov.cn on loopback and crawls it with the production "
            f"spiders, pipelines and store into the database {DATABASE!r}, which it empties first: one day, the next "
            "day's news, and what changed. Shows what became of every page. Exit status 1 if nothing was stored."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy demo takes no arguments", print_help=False)
        from rich.console import Console

        from crawler.errors import StoreError

        assert self.settings is not None
        try:
            self.exitcode = _demonstrate(self.settings, Console(highlight=False))
        except StoreError as error:
            print(f"scrapy demo: {error}", file=sys.stderr)
            self.exitcode = 1


def _demonstrate(settings: Settings, console: Console) -> int:
    """Crawl and report; the exit status. Raises StoreError."""
    from crawler.replica import TODAY, Replica
    from crawler.replica.demo_runs import plan, run
    from crawler.storage.store import connect

    directory = Path(settings["DATA_DIR"])
    runs = plan()
    with _alone(directory) as log:
        with connect(settings["MONGO_URI"], directory) as client:
            _make_empty(client[DATABASE])
        with Replica() as replica, tempfile.TemporaryDirectory() as cache:
            console.print(f"A replica of {' and '.join(replica.sites.hosts())} answers at {replica.address}.")
            ours = {
                "REPLICA": replica.address,
                "CRAWL_TODAY": TODAY.isoformat(),
                "MONGO_DATABASE": DATABASE,
                "HTTPCACHE_DIR": cache,
                "LOG_FILE": str(log),
            }
            settings.update(NO_WAITS | ours, priority="cmdline")
            ended = run(runs, settings, replica, console)
        with connect(settings["MONGO_URI"], directory) as client:
            if not ended:
                console.print("\nEnded early. Until then:")
            stored = _report(console, runs, client[DATABASE])
    console.print(f"Log of the crawls: {log}", soft_wrap=True, markup=False)
    return 0 if stored and ended else 1


def _make_empty(database: Database[dict[str, Any]]) -> None:
    """Drop the demo's database, unless something in it is not the crawler's. Raises StoreError."""
    from crawler.errors import StoreError
    from crawler.storage.schema import COLLECTIONS
    from crawler.storage.views import SYSTEM_VIEWS, VIEWS

    if foreign := sorted(set(database.list_collection_names()) - {*COLLECTIONS, *VIEWS, SYSTEM_VIEWS}):
        raise StoreError(
            f"The database {DATABASE!r} holds {', '.join(foreign)}, which is not the demo's: rename or drop it first, "
            "or unset MONGO_URI to use the embedded server."
        )
    database.client.drop_database(DATABASE)


@contextmanager
def _alone(directory: Path) -> Iterator[Path]:
    """The demo's log, empty, held as long as it runs: two demos at once would share a database. Raises StoreError."""
    from crawler.errors import StoreError

    path = directory / "demo.log"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        log = path.open("a")
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror}): set CRAWLER_DATA.") from error
    with log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"Another demo is running ({path} is its log): wait until it has ended.") from error
        log.truncate(0)
        yield path


def _report(console: Console, runs: list[DemoRun], database: Database[dict[str, Any]]) -> int:
    """Print what was done and what is stored; the number of articles stored."""
    console.print()
    _print_counts(console, runs)
    stored = database["articles"].count_documents({})
    if stored:
        _print_newest(console, database, stored)
        _print_queries(console)
    else:
        console.print("Nothing was stored: the log says why.")
    return stored


def _print_counts(console: Console, runs: list[DemoRun]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("day", no_wrap=True)
    table.add_column("site", no_wrap=True)
    for name, *_ in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    rejected: Counter[str] = Counter()
    gone = 0
    for this in runs:
        for crawl in (crawl for crawl in this.crawls if crawl.crawler):
            table.add_row(str(this.day), crawl.name, *(str(sum(map(crawl.count, keys)) or "·") for _, *keys in COLUMNS))
            rejected.update(crawl.counts("rejects/"))
            gone += crawl.count("sections/gone")
    console.print(table)
    if gone:
        console.print(f"\n{gone} old sections of the portal do not exist in the replica: noted as gone.")
    if rejected:
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(rejected.items()))
        console.print(f"Rejected pages and their reasons are in the collection rejects: {told}.")


def _print_newest(console: Console, database: Database[dict[str, Any]], stored: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from crawler.parsing.date_forms import CST

    console.print(f"\n[bold]{stored} articles stored; the newest, in Beijing time:[/bold]")
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True, min_width=16)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=18)
    table.add_column(no_wrap=True, overflow="ellipsis")
    fields = {"published_at": 1, "source": 1, "title": 1}
    for row in database["articles"].find({}, fields).sort("published_at", -1).limit(NEWEST):
        published = row["published_at"]
        when = f"{published.astimezone(CST):%Y-%m-%d %H:%M}" if published else ""
        table.add_row(when, Text(row["source"] or ""), Text(row["title"]))
    console.print(table)


def _print_queries(console: Console) -> None:
    # As the user called us, so that the lines work where no environment is activated.
    called = Path(sys.argv[0])
    python = called.with_name("python") if called.name == "scrapy" and called.parent.name else Path("python")
    scrapy = called if called.name == "scrapy" else Path("scrapy")
    console.print("\n[bold]Ask the database yourself[/bold], with any MongoDB client:")
    find = f"MongoClient('$({scrapy} db uri)').{DATABASE}.articles.distinct('title', {{'source': '县市场监管局'}})"
    # Whole lines, whatever the width: they are to be copied.
    for line in (
        f'{python} -c "from pymongo import MongoClient; print({find})"',
        f'mongosh "$({scrapy} db uri)" --eval "db.getSiblingDB(\'{DATABASE}\').runs.find()"',
    ):
        console.print(f"  {line}", soft_wrap=True, markup=False)
