"""`scrapy crawl`: Scrapy's own, with wrong arguments and an unreachable store told in one sentence before it starts."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from scrapy import signals
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.spiderloader import get_spider_loader

from crawler.runs.logs import silence_pymongo

if TYPE_CHECKING:
    from crawler.items import Article

# What Scrapy tells of its own parts at INFO (versions, middlewares, settings) helps nobody who wants news.
_TALKATIVE = ("scrapy.addons", "scrapy.crawler", "scrapy.middleware", "scrapy.utils.log", "scrapy.core.engine")


class Command(ScrapyCrawl):
    def long_desc(self) -> str:
        return (
            "Run a spider: cfsn (the portal), county -a site=NAME (government sites), page -a url=URL (one article). "
            "All take since, until, limit, section, refresh. Exit status: 0 the verdict is ok or degraded, 1 it is "
            "broken or blocked, or the crawl was useless or ended early, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        loudness = parser.add_mutually_exclusive_group()
        loudness.add_argument("-q", "--quiet", action="store_true", help="tell only what is wrong")
        loudness.add_argument("-v", "--verbose", action="store_true", help="tell every page")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        # Here and not in run(): before Scrapy has begun to log, so that the sentence stands alone.
        from crawler.cli import wrong_settings

        given = [pair for pair in opts.set if "=" in pair] + ([f"LOG_LEVEL={opts.loglevel}"] if opts.loglevel else [])
        if fault := wrong_settings(given):
            _refuse(fault)
        super().process_options(args, opts)
        if fault := self._wrong_use(args, opts.spargs):
            _refuse(fault)
        self._check_store()
        assert self.settings is not None
        if opts.quiet or opts.verbose:
            self.settings.set("LOG_LEVEL", "WARNING" if opts.quiet else "DEBUG", priority="cmdline")
        silence_pymongo()
        if not opts.loglevel and not opts.verbose:
            for source in _TALKATIVE:
                # A filter: levels are set anew when Scrapy begins to log.
                logging.getLogger(source).addFilter(_is_grave)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        (name,) = args
        crawler = self._create_crawler(name)
        if name == "page":
            crawler.signals.connect(_show, signal=signals.item_scraped)
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        self._tell(name, crawler.stats.get_stats() if crawler.stats else {}, quiet=opts.quiet)
        if self.crawler_process.bootstrap_failed:
            self.exitcode = 1

    def _wrong_use(self, args: list[str], arguments: dict[str, str]) -> str | None:
        """What is wrong with the command line, in a sentence, or None."""
        from pydantic import ValidationError

        from crawler.sites.site import RegistryError, SiteError
        from crawler.spiders.arguments import explain

        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        if len(args) != 1 or args[0] not in loader.list():
            given = f"there is no spider {' '.join(args)!r}" if args else "no spider is named"
            return f"{given}; name one of {', '.join(sorted(loader.list()))}"
        spider: Any = loader.load(args[0])
        try:
            # The model alone first: the spider's own refusal would be logged as well.
            spider.params(**arguments)
            return spider(**arguments).nothing_to_do()
        except ValidationError as error:
            return explain(error, args[0], spider.params)
        except (SiteError, RegistryError) as error:
            return str(error)

    def _check_store(self) -> None:
        from crawler.errors import StoreError
        from crawler.storage.store import check_store

        assert self.settings is not None
        if not any(path.endswith("StorePipeline") for path in self.settings.getdict("ITEM_PIPELINES")):
            return
        try:
            check_store(self.settings["MONGO_URI"], self.settings["DATA_DIR"])
        except StoreError as error:
            print(f"scrapy crawl: {error}", file=sys.stderr)
            sys.exit(1)

    def _tell(self, name: str, stats: dict[str, Any], *, quiet: bool) -> None:
        """The closing lines: what was done, then what the crawl was worth where that is not ok."""
        from crawler.runs.summary import LEVELS, find_failure, summarize

        assert self.settings is not None
        as_json = self.settings.getbool("LOG_JSON")
        verdict, reasons = stats.get("verdict", "broken"), stats.get("verdict/reasons", ())
        why = find_failure(stats, str(stats.get("finish_reason", "not started")))
        if not quiet:
            _say(f"{name}: {summarize(stats)}", logging.INFO, as_json=as_json)
        if why:
            _say(f"{name}: {why}", logging.ERROR, as_json=as_json)
        elif verdict != "ok":
            _say(f"{name}: {verdict}: {'; '.join(reasons)}", LEVELS[verdict], as_json=as_json)
        if why or verdict in {"broken", "blocked"}:
            self.exitcode = 1


def _say(sentence: str, level: int, *, as_json: bool) -> None:
    if as_json:
        logging.getLogger(__name__).log(level, "%s", sentence)
    else:
        from crawler.output import plain

        print(plain(sentence), file=sys.stderr)


def _is_grave(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _refuse(fault: str) -> NoReturn:
    print(f"scrapy crawl: {fault}", file=sys.stderr)
    sys.exit(2)


def _show(item: Any) -> None:
    from crawler.items import Article

    if isinstance(item, Article):
        print(_portrait(item), file=sys.stderr)


def _portrait(article: Article) -> str:
    """What a reader wants to see of an article that was just scraped."""
    from crawler.output import plain
    from crawler.parsing.date_forms import CST

    when = "date unknown"
    if article.published_at:
        pattern = "%Y-%m-%d %H:%M" if article.published_precision == "minute" else "%Y-%m-%d"
        when = article.published_at.astimezone(CST).strftime(pattern)
    labels = (("来源", article.source), ("作者", article.author), ("编辑", article.editor))
    credits = "  ".join(f"{label}：{plain(value)}" for label, value in labels if value)
    opening = (article.body or "").split("\n")[0]
    return "\n".join([f"\n{plain(article.title)}", f"{when}  {credits}".rstrip(), plain(opening[:200]), ""])
