"""A crawl that is told to stop at a signal of its own: `python stop_at.py SIGNAL SITE SETTINGS` prints why it ended."""

from __future__ import annotations

import asyncio
import json
import sys

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings


def main(signal: str, site: str, settings: str) -> None:
    chosen = get_project_settings()
    chosen.setdict(json.loads(settings), priority="cmdline")
    process = AsyncCrawlerProcess(chosen)
    crawler = process.create_crawler("county")
    stops = []

    def stop() -> None:
        stops.append(asyncio.ensure_future(crawler.stop_async()))

    crawler.signals.connect(stop, signal=getattr(signals, signal))
    process.crawl(crawler, site=site)
    process.start()
    assert stops
    assert crawler.stats is not None
    print(crawler.stats.get_value("finish_reason"))


if __name__ == "__main__":
    main(*sys.argv[1:])
