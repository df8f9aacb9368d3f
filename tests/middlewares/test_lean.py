"""What spares a crawl work must leave it its function."""

from __future__ import annotations

import gc

import pytest
from scrapy.utils.test import get_crawler

from crawler.middlewares.performance import set_gc_threshold
from crawler.middlewares.scrapy_fixes import FastStats


@pytest.fixture
def threshold():
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_the_collector_runs_as_rarely_as_the_setting_says(threshold: tuple[int, int, int]) -> None:
    set_gc_threshold(get_crawler(settings_dict={"GC_THRESHOLD": 12_345}).settings)
    assert gc.get_threshold() == (12_345, *threshold[1:])


def test_lean_stats_count_as_those_of_scrapy_do() -> None:
    stats = FastStats(get_crawler())
    stats.inc_value("pages")
    stats.inc_value("pages", 2)
    stats.max_value("depth", 3)
    stats.max_value("depth", 1)
    assert stats.get_stats() == {"pages": 3, "depth": 3}
