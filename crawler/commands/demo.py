"""`scrapy demo`: crawl two days of a miniature of the real sites, as in production, into a database to query."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.errors import StoreError
from crawler.output import format_count

if TYPE_CHECKING:
    from pymongo.database import Database
    from rich.console import Console
    from scrapy.settings import Settings

    from crawler.replica.demo_runs import DemoRun

DATABASE = "demo"
MAX_NEWEST = 10

# Delays protect real sites; a replica on this machine needs none. Everything else is as in production.
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


class Command(cli.Command):
    group = "crawl"
    examples = ("scrapy demo", "MONGO_DATABASE=demo scrapy search 米粉")

    def short_desc(self) -> str:
        return "Crawl a miniature of the real sites on this machine"

    def long_desc(self) -> str:
        return (
            "Serves a small replica of cfsn.cn and www.qingtian.gov.cn on the loopback interface and crawls it with "
            f"the production spiders, pipelines and store into the database {DATABASE}, which it empties first: one "
            "day, the news of the next day, and the changed pages. Shows the result of every page. Exit status: 0 "
            "done, 1 nothing was stored, 2 wrong use."
        )

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        if args:
            raise UsageError("scrapy demo takes no arguments", print_help=False)
        from rich.console import Console

        assert self.settings is not None
        return _run_demo(self.settings, Console(highlight=False))


def _run_demo(settings: Settings, console: Console) -> int:
    """Crawl and report; returns the exit status. Raises StoreError."""
    from crawler.replica import TODAY, Replica, proxy_environment
    from crawler.replica.demo_runs import plan, run
    from crawler.storage.store import connect

    directory = Path(settings["DATA_DIR"])
    runs = plan()
    with _lock_log(directory) as log:
        with connect(settings["MONGO_URI"], directory) as client:
            _make_empty(client[DATABASE])
        with Replica() as replica, tempfile.TemporaryDirectory() as cache:
            console.print(f"A replica of the real sites runs at {replica.address}.")
            # Scrapy's HttpProxyMiddleware reads it when a crawl is created.
            os.environ.update(proxy_environment(replica.address))
            ours = {
                "MONGO_DATABASE": DATABASE,
                "CRAWL_TODAY": TODAY.isoformat(),
                "HTTPCACHE_DIR": cache,
                "LOG_FILE": str(log),
            }
            settings.update(NO_WAITS | ours, priority="cmdline")
            ended = run(runs, settings, replica, console)
        with connect(settings["MONGO_URI"], directory) as client:
            if not ended:
                console.print("\nStopped early. Up to then:")
            stored = _report(console, runs, client[DATABASE])
    console.print(f"Log of the crawls: {log}", soft_wrap=True, markup=False)
    return 0 if stored and ended else 1


def _make_empty(database: Database[dict[str, Any]]) -> None:
    """Drop the demo's database, unless something in it is not the crawler's. Raises StoreError."""
    from crawler.storage.schema import COLLECTIONS
    from crawler.storage.views import SYSTEM_VIEWS, VIEWS

    if foreign := sorted(set(database.list_collection_names()) - {*COLLECTIONS, *VIEWS, SYSTEM_VIEWS}):
        raise StoreError(
            f"The database {DATABASE!r} holds {', '.join(foreign)}, which is not the demo's: rename or drop it first, "
            "or unset MONGO_URI to use the embedded server."
        )
    database.client.drop_database(DATABASE)


@contextmanager
def _lock_log(directory: Path) -> Iterator[Path]:
    """The path of the demo's log, emptied and locked: two demos at once would share a database. Raises StoreError."""
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
    """Print the results and the newest articles; returns the number of articles stored."""
    console.print()
    _print_counts(console, runs)
    stored = database["articles"].count_documents({})
    if stored:
        _print_newest(console, database, stored)
        _print_queries(console)
    else:
        console.print("Nothing was stored; the log shows why.")
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
        console.print(f"\n{format_count(gone, 'old section')} of the portal not in the replica: recorded as gone.")
    if rejected:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(rejected.items()))
        console.print(f"Rejected pages are in the collection rejects: {reasons}.")


def _print_newest(console: Console, database: Database[dict[str, Any]], stored: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from crawler.parsing.date_forms import CST

    console.print(f"\n[bold]{format_count(stored, 'article')} stored; the newest (times are +08:00):[/bold]")
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True, min_width=16)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=18)
    table.add_column(no_wrap=True, overflow="ellipsis")
    fields = {"published_at": 1, "source": 1, "title": 1}
    for row in database["articles"].find({}, fields).sort("published_at", -1).limit(MAX_NEWEST):
        published = row["published_at"]
        when = f"{published.astimezone(CST):%Y-%m-%d %H:%M}" if published else ""
        table.add_row(when, Text(row["source"] or ""), Text(row["title"]))
    console.print(table)


def _print_queries(console: Console) -> None:
    # As the user called us, so that the lines work where no environment is activated.
    called = Path(sys.argv[0])
    python = called.with_name("python") if called.name == "scrapy" and called.parent.name else Path("python")
    scrapy = called if called.name == "scrapy" else Path("scrapy")
    console.print(f"\n[bold]Ask the database yourself[/bold]; its name is {DATABASE}:")
    find = f"MongoClient('$({scrapy} db uri)').{DATABASE}.articles.distinct('title', {{'source': '县市场监管局'}})"
    # Whole lines, whatever the width: they are to be copied.
    for line in (
        f"MONGO_DATABASE={DATABASE} {scrapy} search '食品抽检 不合格'",
        f"MONGO_DATABASE={DATABASE} {scrapy} stats --by site",
        f"MONGO_DATABASE={DATABASE} {scrapy} export 米粉 -o -",
        f"{scrapy} serve --database {DATABASE}   # a page to look at; needs pip install -e '.[web]'",
        f'{python} -c "from pymongo import MongoClient; print({find})"',
        f'mongosh "$({scrapy} db uri)" --eval "db.getSiblingDB(\'{DATABASE}\').runs.find()"',
    ):
        console.print(f"  {line}", soft_wrap=True, markup=False)
