"""What a crawl prints while it runs: how far it is (a live line on a terminal, else a line in the log at intervals),
and the form of its log."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from itemadapter import ItemAdapter
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from scrapy.settings import BaseSettings, Settings
from scrapy.utils.log import configure_logging
from twisted.python.failure import Failure

from crawler.output import plain
from crawler.runs.site_stats import CrawlStats

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

logger = logging.getLogger(__name__)


# --- Logs: short lines for people, JSON lines for programs, which libraries may log how much ---

NOISY_LOGGERS = (
    "scrapy.addons",
    "scrapy.core.engine",
    "scrapy.crawler",
    "scrapy.extensions",
    "scrapy.middleware",
    "scrapy.utils.log",
)
"""What Scrapy logs at INFO for every crawl; a worker runs thousands of crawls."""


class ShortLogFormatter(LogFormatter):
    """Scrapy's log lines with the item's address in place of the whole item."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        """An item that passed all pipelines."""
        return self._brief(super().scraped(item, response, spider), item)

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """An item that a pipeline dropped: its reason names it."""
        result = super().dropped(item, exception, response, spider)
        return {**result, "msg": "Dropped: %(exception)s"}

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """An item whose processing raised."""
        return self._brief(super().item_error(item, exception, response, spider), item)

    @staticmethod
    def _brief(result: LogFormatterResult, item: Any) -> LogFormatterResult:
        return {**result, "args": {**result["args"], "item": ItemAdapter(item).get("url")}}  # type: ignore[dict-item]


class JsonFormatter(logging.Formatter):
    """A record as one JSON object on one line: `time` (UTC), `level`, `logger`, `message`; `spider`, `site` and `url`
    if the record has them (`extra=`), `error` with the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        spider = getattr(record, "spider", None)
        line |= {"spider": getattr(spider, "name", spider)} if spider else {}
        line |= {key: getattr(record, key) for key in ("site", "url") if getattr(record, key, None)}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def silence_pymongo() -> None:
    """Log nothing of PyMongo below INFO: at DEBUG it logs every command with its documents."""
    logging.getLogger("pymongo").setLevel(logging.INFO)


def use_json() -> None:
    """Make every handler of the root logger write JSON lines."""
    for handler in logging.root.handlers:
        handler.setFormatter(JsonFormatter())


def configure_worker_logging(settings: Settings) -> None:
    """Set up logging of a process that runs many crawls, without what Scrapy logs about itself in each of them."""
    configure_logging(settings)
    silence_pymongo()
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


LIVE_SECONDS = 0.5
RATE_SECONDS = 60.0
"""Over how much of the past the rate is taken."""

_COPIES = ("articles/duplicate", "articles/reprint", "articles/near_duplicate")


class Progress:
    """Tells how far the crawl is: pages, new, changed, duplicates, rejects, rate, queue and the site that answered
    last. On a terminal a live line, redrawn twice a second; else a line in the log every PROGRESS_SECONDS. Silent where
    the log is (LOG_LEVEL above INFO), and live only where the log goes to the terminal as text."""

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        self.crawler = crawler
        self.stats = crawler.stats
        self.live = _is_live(crawler.settings)
        self.seconds = LIVE_SECONDS if self.live else crawler.settings.getfloat("PROGRESS_SECONDS")
        self.history: deque[tuple[float, int]] = deque()
        self.telling: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Progress:
        progress = cls(crawler)
        crawler.signals.connect(progress.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(progress.spider_closed, signal=signals.spider_closed)
        return progress

    def spider_opened(self, spider: Spider) -> None:
        """Start the display."""
        # Here and not earlier: Scrapy sets up the log again after creating its extensions.
        if self.crawler.settings.getbool("LOG_JSON"):
            use_json()
        # Scrapy lets its handler sort out what is below LOG_LEVEL: two records a page, and one a command to the store.
        for name in (None, "scrapy"):
            logging.getLogger(name).setLevel(self.crawler.settings.get("LOG_LEVEL"))
        if self.seconds > 0:
            self.telling = asyncio.ensure_future(self._tell(spider.name))

    def spider_closed(self, spider: Spider) -> None:
        """Tell no more; the line disappears."""
        if self.telling:
            self.telling.cancel()
        _board.remove(self)

    async def _tell(self, name: str) -> None:
        while True:
            if self.live:
                _board.show(self, self.line(name, time.monotonic()))
            await asyncio.sleep(self.seconds)
            if not self.live:
                logger.info("%s", self.line(name, time.monotonic()))

    def line(self, name: str, now: float) -> str:
        """The line at `now` (monotonic seconds)."""
        pages = int(self.stats.get_value("downloader/response_count", 0))
        copies = sum(self.stats.get_value(key, 0) for key in _COPIES)
        parts = [f"{pages:,} pages"]
        for label, key in (("new", "articles/new"), ("changed", "articles/changed")):
            parts.append(f"{self.stats.get_value(key, 0):,} {label}")
        rejected = self.stats.get_value("rejects", 0) - self.stats.get_value("rejects/irrelevant", 0)
        parts += [f"{copies:,} duplicates", f"{rejected:,} rejected"]
        parts += [f"{self._rate(pages, now):.0f} pages/min", f"{self._queue():,} queued"]
        if accounts := self.crawler.get_extension(CrawlStats):
            begun = [account for account in accounts.by_site.values() if account.started_at]
            if len(begun) > 1:
                parts.append(f"{sum(account.ended_at is not None for account in begun)}/{len(begun)} sites")
            if accounts.current:
                parts.append(accounts.current)
        return plain(f"{name}: {', '.join(parts)}")

    def _rate(self, pages: int, now: float) -> float:
        """Pages a minute, lately."""
        self.history.append((now, pages))
        while len(self.history) > 2 and now - self.history[0][0] > RATE_SECONDS:
            self.history.popleft()
        then, before = self.history[0]
        return 60 * (pages - before) / (now - then) if now > then else 0.0

    def _queue(self) -> int:
        engine: Any = self.crawler.engine
        slot = engine._slot if engine else None
        return len(slot.scheduler) + len(slot.inprogress) if slot else 0


class _Board:
    """The live lines of all crawls of this process, below what is logged."""

    def __init__(self) -> None:
        self.lines: dict[Progress, str] = {}
        self.live: Live | None = None
        self.drawn = 0.0

    def show(self, progress: Progress, line: str) -> None:
        """Show `line` for a crawl from now on."""
        self.lines[progress] = line
        if self.live is None:
            self._start()
        elif time.monotonic() - self.drawn >= LIVE_SECONDS:
            self.drawn = time.monotonic()
            self.live.update(self._text(), refresh=True)

    def remove(self, progress: Progress) -> None:
        """A crawl has ended."""
        if self.lines.pop(progress, None) is not None and not self.lines and self.live:
            _hand_over(sys.stderr, _plain_stream(sys.stderr))
            self.live.stop()
            self.live = None

    def _start(self) -> None:
        from rich.console import Console
        from rich.live import Live

        before = sys.stderr
        self.live = Live(self._text(), console=Console(stderr=True), auto_refresh=False, transient=True)
        self.live.start(refresh=True)
        # rich stands in for sys.stderr now; the log has to go by it too, or it writes into the line.
        _hand_over(before, sys.stderr)

    def _text(self) -> Text:
        from rich.text import Text

        return Text("\n".join(self.lines.values()), no_wrap=True, overflow="ellipsis", style="dim")


_board = _Board()


def _hand_over(before: Any, after: Any) -> None:
    for handler in logging.root.handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is before:
            handler.setStream(after)


def _plain_stream(stream: Any) -> Any:
    return getattr(stream, "rich_proxied_file", stream)


def _is_live(settings: BaseSettings) -> bool:
    level = logging.getLevelName(settings.get("LOG_LEVEL"))
    told = isinstance(level, int) and level <= logging.INFO and settings.getbool("LOG_ENABLED")
    return told and sys.stderr.isatty() and not settings.get("LOG_FILE") and not settings.getbool("LOG_JSON")
