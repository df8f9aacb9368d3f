"""The filters as options of a command: the same for search, export and stats."""

from __future__ import annotations

import argparse

from crawler.query.filters import Filters

NAMES = ("since", "until", "region", "site", "place", "source", "section", "min_relevance", "originals")


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `filters_of` reads."""
    group = parser.add_argument_group("which articles")
    group.add_argument("--since", metavar="TIME", help="from this moment on: 2026-11-01, 7d, 昨天 (Beijing time)")
    group.add_argument("--until", metavar="TIME", help="up to this moment (a day: its end)")
    group.add_argument("--region", default=(), metavar="NAMES", help="published in this province, city or county")
    group.add_argument("--site", default=(), metavar="NAMES", help="published by these sites: 青田县, qingtian, cfsn")
    group.add_argument("--place", default=(), metavar="NAMES", help="the text names this province, city or county")
    group.add_argument("--source", default=(), metavar="WORDS", help="来源 contains one of these words")
    group.add_argument("--section", default=(), metavar="WORDS", help="栏目 contains one of these words")
    group.add_argument("--min-relevance", metavar="NUMBER", help="about food safety at least so much, 0 to 1")
    group.add_argument("--originals", action="store_true", help="no reprints")


def filters_of(opts: argparse.Namespace, text: str | None) -> Filters:
    """The filters that the options say, and the query `text`. Raises QueryError."""
    return Filters.read(text, **{name: getattr(opts, name) for name in NAMES})
