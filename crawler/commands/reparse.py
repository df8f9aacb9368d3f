"""`scrapy reparse ARCHIVE…`: today's rules over archived pages, without a request."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

_OUTCOMES = {
    "unchanged": "unchanged",
    "changed": "changed",
    "new": "new",
    "reprint": "reprints",
    "near_duplicate": "near-duplicates",
    "duplicate": "duplicates",
    "outdated": "older than what is stored",
}
_STORE = "crawler.pipelines.StorePipeline"


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "ARCHIVE… [--site SITE] [--dry-run]"

    def short_desc(self) -> str:
        return "Read archived pages again with today's rules, without a request"

    def long_desc(self) -> str:
        return (
            "Reads WARC files, or folders of them (a crawl with -s ARCHIVE_DIR=FOLDER writes them), runs today's "
            "parsing and cleaning over every article page, and stores what came out differently as a new revision. "
            "What was fetched again since then, with another text, stays. The same command again changes nothing. "
            "Exit status: 0 done, 1 the archive or the store can't be used, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", action="append", default=[], help="only pages of this site: name, code or pinyin")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, store nothing")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        if not opts.loglevel:
            # It greets before run(). A filter: levels are set anew when Scrapy begins to log.
            logging.getLogger("scrapy.utils.log").addFilter(lambda record: record.levelno >= logging.WARNING)
        if opts.dry_run:
            pipelines = dict(self.settings.getdict("ITEM_PIPELINES"))
            pipelines["crawler.pipelines.DryRunPipeline"] = pipelines.pop(_STORE)
            extensions = dict(self.settings.getdict("EXTENSIONS"))
            extensions["crawler.runs.extension.RunExtension"] = None
            self.settings.set("ITEM_PIPELINES", pipelines, "cmdline")
            self.settings.set("EXTENSIONS", extensions, "cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("name the archives to read: WARC files, or folders of them", print_help=False)
        try:
            import warcio  # noqa: F401
        except ImportError:
            raise UsageError("archives need warcio: pip install 'food-safety-crawler[archive]'", False) from None
        from crawler.errors import StoreError
        from crawler.middlewares.archive import ArchiveError, ArchiveReader
        from crawler.sites.registry import load
        from crawler.sites.site import RegistryError, SiteError
        from crawler.spiders.reparse import ReparseSpider
        from crawler.storage.store import check_store

        assert self.settings is not None
        assert self.crawler_process is not None
        try:
            ArchiveReader().open(args)
            for site in opts.site:
                load().find(site)
            check_store(self.settings["MONGO_URI"], self.settings["DATA_DIR"])
        except (ArchiveError, SiteError, RegistryError, StoreError) as error:
            print(f"scrapy reparse: {error}", file=sys.stderr)
            self.exitcode = 2 if isinstance(error, ArchiveError | SiteError) else 1
            return
        if not opts.loglevel:
            logging.getLogger("scrapy").setLevel(logging.WARNING)
        crawler = self.crawler_process.create_crawler(ReparseSpider)
        began = time.monotonic()
        self.crawler_process.crawl(crawler, archive=tuple(args), site=tuple(opts.site), dry_run=opts.dry_run)
        self.crawler_process.start()
        stats = crawler.stats.get_stats() if crawler.stats else {}
        self._tell(stats, opts.dry_run, time.monotonic() - began)

    def _tell(self, stats: dict[str, Any], dry: bool, seconds: float) -> None:
        counts = [(stats.get(f"articles/{key}", 0), name) for key, name in _OUTCOMES.items()]
        told = ", ".join(f"{count} {name}" for count, name in counts if count) or "no article"
        pages = stats.get("reparse/pages", 0)
        print(f"{'would be ' if dry else ''}{told}; {pages} pages, {pages / max(seconds, 0.001):.0f} a second")
        others = {key.removeprefix("reparse/"): count for key, count in stats.items() if key.startswith("reparse/")}
        others.pop("pages", None)
        if more := ", ".join(f"{key.rpartition('/')[2]} {count}" for key, count in sorted(others.items()) if count):
            print(f"gave nothing: {more}")
        if stats.get("reparse/unreadable") or stats.get("store/lost") or stats.get("finish_reason") != "finished":
            self.exitcode = 1
