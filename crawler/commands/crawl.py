"""`scrapy crawl`: Scrapy's own, with wrong arguments and an unreachable database reported before it starts."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import format_time, plain

if TYPE_CHECKING:
    from crawler.items import Article

NOISY_LOGGERS = ("scrapy.addons", "scrapy.crawler", "scrapy.middleware", "scrapy.utils.log", "scrapy.core.engine")
"""Loggers of Scrapy whose INFO messages (versions, middlewares, settings) are of no use to an operator."""


class Command(cli.Command, ScrapyCrawl):
    requires_crawler_process = True
    group = "crawl"
    examples = (
        "scrapy crawl cfsn -a since=7d",
        "scrapy crawl county -a site=qingtian -a limit=50",
        "scrapy crawl page -a url=http://www.qingtian.gov.cn/art/2026/11/5/art_1.html",
    )

    def syntax(self) -> str:
        return "SPIDER [-a NAME=VALUE ...] [options]"

    def short_desc(self) -> str:
        return "Crawl the portal, government sites, or one page"

    def long_desc(self) -> str:
        return (
            "Runs a spider: cfsn (the portal), county -a site=NAME (government sites), page -a url=URL (one article). "
            "All take since, until, limit, section and refresh. Exit status: 0 the run is ok or degraded; 1 it is "
            "broken or blocked, stored nothing useful, or was stopped early; 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        loudness = parser.add_mutually_exclusive_group()
        loudness.add_argument("-q", "--quiet", action="store_true", help="print warnings and errors only")
        loudness.add_argument("-v", "--verbose", action="store_true", help="log every page")

    def prepare(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.runs.progress import silence_pymongo
        from crawler.storage.store import check_store

        if fault := self._wrong_use(args, opts.spargs):
            raise UsageError(fault, print_help=False)
        assert self.settings is not None
        if any(path.endswith("StorePipeline") for path in self.settings.getdict("ITEM_PIPELINES")):
            check_store(self.settings["MONGO_URI"], self.settings["DATA_DIR"])
        if opts.quiet or opts.verbose:
            self.settings.set("LOG_LEVEL", "WARNING" if opts.quiet else "DEBUG", priority="cmdline")
        silence_pymongo()
        if not opts.loglevel and not opts.verbose:
            for name in NOISY_LOGGERS:
                # A filter, because Scrapy sets the levels again when it begins to log.
                logging.getLogger(name).addFilter(_is_warning)

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        from crawler.middlewares.performance import set_gc_threshold

        assert self.crawler_process is not None
        set_gc_threshold(self.crawler_process.settings)
        (name,) = args
        crawler = self._create_crawler(name)
        if name == "page":
            crawler.signals.connect(_print_article, signal=signals.item_scraped)
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        status = self._print_result(name, crawler.stats.get_stats() if crawler.stats else {}, quiet=opts.quiet)
        return 1 if self.crawler_process.bootstrap_failed else status

    def _wrong_use(self, args: list[str], arguments: dict[str, str]) -> str | None:
        """What is wrong with the command line, in one sentence, or None."""
        from pydantic import ValidationError
        from scrapy.spiderloader import get_spider_loader

        from crawler.sites.site import RegistryError, SiteError
        from crawler.spiders.arguments import explain

        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        if len(args) != 1 or args[0] not in loader.list():
            given = f"there is no spider {' '.join(args)!r}" if args else "no spider is named"
            return f"{given}; name one of {', '.join(sorted(loader.list()))}"
        spider: Any = loader.load(args[0])
        try:
            # The model alone first: an error from the spider's constructor would be logged as well.
            spider.params(**arguments)
            return spider(**arguments).nothing_to_do()
        except ValidationError as error:
            return explain(error, args[0], spider.params)
        except (SiteError, RegistryError) as error:
            return str(error)

    def _print_result(self, name: str, stats: dict[str, Any], *, quiet: bool) -> int:
        """Print the closing lines, what was done and the verdict if it is not ok; returns the exit status."""
        from crawler.runs.summary import LEVELS, find_failure, summarize

        assert self.settings is not None
        as_json = self.settings.getbool("LOG_JSON")
        verdict, reasons = stats.get("verdict", "broken"), stats.get("verdict/reasons", ())
        why = find_failure(stats, str(stats.get("finish_reason", "not started")))
        if not quiet:
            _print_line(f"{name}: {summarize(stats)}", logging.INFO, as_json=as_json)
        if why:
            _print_line(f"{name}: {why}", logging.ERROR, as_json=as_json)
        elif verdict != "ok":
            _print_line(f"{name}: {verdict}: {'; '.join(reasons)}", LEVELS[verdict], as_json=as_json)
        return 1 if why or verdict in {"broken", "blocked"} else 0


def _print_line(line: str, level: int, *, as_json: bool) -> None:
    if as_json:
        logging.getLogger(__name__).log(level, "%s", line)
    else:
        print(plain(line), file=sys.stderr)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _print_article(item: Any) -> None:
    from crawler.items import Article

    if isinstance(item, Article):
        print(_describe(item), file=sys.stderr)


def _describe(article: Article) -> str:
    """An article that was just scraped, for a reader."""
    when = format_time(article.published_at, missing="date unknown")
    if article.published_at and article.published_precision == "day":
        when = when[:10]
    labels = (("来源", article.source), ("作者", article.author), ("编辑", article.editor))
    credits = "  ".join(f"{label}：{plain(value)}" for label, value in labels if value)
    opening = (article.body or "").split("\n")[0]
    return "\n".join([f"\n{plain(article.title)}", f"{when}  {credits}".rstrip(), plain(opening[:200]), ""])
