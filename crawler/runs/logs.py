"""Logging: short lines for people, JSON lines for programs, and which libraries may log how much."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from itemadapter import ItemAdapter
from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from scrapy.settings import Settings
from scrapy.utils.log import configure_logging
from twisted.python.failure import Failure

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
