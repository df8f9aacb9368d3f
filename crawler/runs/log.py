"""Log lines short enough to read: an item is named by its address, never printed whole."""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter
from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class BriefLogFormatter(LogFormatter):
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
