"""`scrapy reparse ARCHIVE…`: read archived pages again with today's rules, without a request."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import time
from typing import Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import format_count

_OUTCOMES = {
    "unchanged": "unchanged",
    "changed": "changed",
    "new": "new",
    "reprint": "reprints",
    "near_duplicate": "near-duplicates",
    "duplicate": "duplicates",
    "outdated": "older than the stored version",
}
_STORE = "crawler.pipelines.StorePipeline"


class Command(cli.Command):
    requires_crawler_process = True
    group = "data"
    examples = ("scrapy reparse archive/ --dry-run", "scrapy reparse archive/2026-11.warc.gz --site qingtian")

    def syntax(self) -> str:
        return "ARCHIVE ... [--site SITE] [--dry-run]"

    def short_desc(self) -> str:
        return "Read archived pages again with today's rules, without requests"

    def long_desc(self) -> str:
        return (
            "Reads WARC files, or folders of them (a crawl with -s ARCHIVE_DIR=FOLDER writes them), runs today's "
            "parsing and cleaning over every article page, and stores each different result as a new revision. A "
            "version that was fetched later is kept. Running the command twice changes nothing more. Exit status: 0 "
            "done, 1 the archive or the database can't be used, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", action="append", default=[], help="only pages of this site: name, code or pinyin")
        parser.add_argument("--dry-run", action="store_true", help="show what would change, store nothing")

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("name the archives to read: WARC files, or folders of them", print_help=False)
        if importlib.util.find_spec("warcio") is None:
            raise UsageError("archives need warcio: pip install -e '.[archive]'", print_help=False)
        from crawler.middlewares.archive import ArchiveReader
        from crawler.sites.registry import load
        from crawler.sites.site import SiteError
        from crawler.storage.store import check_store

        assert self.settings is not None
        ArchiveReader().open(args)
        try:
            for site in opts.site:
                load().find(site)
        except SiteError as error:
            raise UsageError(str(error), print_help=False) from None
        check_store(self.settings["MONGO_URI"], self.settings["DATA_DIR"])
        if not opts.loglevel:
            # A filter, because Scrapy sets the levels again when it begins to log.
            logging.getLogger("scrapy.utils.log").addFilter(lambda record: record.levelno >= logging.WARNING)
        if opts.dry_run:
            pipelines = dict(self.settings.getdict("ITEM_PIPELINES"))
            pipelines["crawler.pipelines.DryRunPipeline"] = pipelines.pop(_STORE)
            extensions = dict(self.settings.getdict("EXTENSIONS"))
            extensions["crawler.runs.extension.RunExtension"] = None
            self.settings.set("ITEM_PIPELINES", pipelines, "cmdline")
            self.settings.set("EXTENSIONS", extensions, "cmdline")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.middlewares.performance import set_gc_threshold
        from crawler.spiders.reparse import ReparseSpider

        assert self.crawler_process is not None
        set_gc_threshold(self.crawler_process.settings)
        if not opts.loglevel:
            logging.getLogger("scrapy").setLevel(logging.WARNING)
        crawler = self.crawler_process.create_crawler(ReparseSpider)
        start = time.monotonic()
        self.crawler_process.crawl(crawler, archive=tuple(args), site=tuple(opts.site), dry_run=opts.dry_run)
        self.crawler_process.start()
        stats = crawler.stats.get_stats() if crawler.stats else {}
        _print_result(stats, dry_run=opts.dry_run, seconds=time.monotonic() - start)
        failed = stats.get("reparse/unreadable") or stats.get("store/lost") or stats.get("finish_reason") != "finished"
        return 1 if failed else 0


def _print_result(stats: dict[str, Any], *, dry_run: bool, seconds: float) -> None:
    counts = [(stats.get(f"articles/{key}", 0), name) for key, name in _OUTCOMES.items()]
    articles = ", ".join(f"{count} {name}" for count, name in counts if count) or "no article"
    pages = stats.get("reparse/pages", 0)
    speed = f"{pages / max(seconds, 0.001):.0f} per second"
    print(f"{'would be ' if dry_run else ''}{articles}; {format_count(pages, 'page')}, {speed}")
    others = {key.removeprefix("reparse/"): count for key, count in stats.items() if key.startswith("reparse/")}
    others.pop("pages", None)
    if more := ", ".join(f"{key.rpartition('/')[2]} {count}" for key, count in sorted(others.items()) if count):
        print(f"without an article: {more}")
