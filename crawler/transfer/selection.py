"""Which articles an export takes, from what a user writes to MongoDB's filter: words become values, never operators."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crawler.transfer.errors import TransferError

_MANY = re.compile(r"[,，、;；]")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options that `selection` reads."""
    parser.add_argument("--since", metavar="TIME", help="published since 2026-11-01, 7d, 昨天 (China Standard Time)")
    parser.add_argument("--until", metavar="TIME", help="published until; a bare day is meant whole")
    parser.add_argument("--site", metavar="SITES", help="published by these: name, code or pinyin of the registry")
    parser.add_argument("--region", metavar="PLACES", help="published by sites in these provinces, cities, counties")
    parser.add_argument("--source", metavar="WORDS", help="来源 contains one of these words")
    parser.add_argument("--section", metavar="WORDS", help="栏目 contains one of these words")
    parser.add_argument("--min-relevance", metavar="SCORE", help="at least so much about food safety, 0 to 1")
    parser.add_argument("--originals", action="store_true", help="no reprints")


def selection(options: argparse.Namespace, now: datetime) -> dict[str, Any]:
    """The filter on `articles` that `options` ask for; `now` is where spans of time count from. Raises
    TransferError for what can't be understood, SiteError and RegistryError for unknown sites."""
    query: dict[str, Any] = {}
    if published := _published(options, now):
        query["published_at"] = published
    if options.site or options.region:
        query["site.code"] = {"$in": _codes(options)}
    for field in ("source", "section"):
        if given := getattr(options, field):
            words = [re.escape(word) for word in _words(given, field)]
            query[field] = {"$regex": "|".join(words)}
    if options.min_relevance is not None:
        query["relevance.score"] = {"$gte": _score(options.min_relevance)}
    if options.originals:
        query["original"] = None
    return query


def _published(options: argparse.Namespace, now: datetime) -> dict[str, datetime]:
    from crawler.spiders.arguments import read_moment

    limits = {}
    try:
        if options.since is not None:
            limits["$gte"] = read_moment(options.since, now)
        if options.until is not None:
            limits["$lte"] = read_moment(options.until, now, end=True)
    except ValueError as error:
        raise TransferError(f"--since and --until take a time: {error}.") from error
    if len(limits) == 2 and limits["$gte"] > limits["$lte"]:
        raise TransferError("--since is later than --until: no article can be in between.")
    return limits


def _codes(options: argparse.Namespace) -> list[str]:
    from crawler.sites.registry import load

    registry = load()
    chosen: set[str] | None = None
    if options.site:
        chosen = {site.code for term in _words(options.site, "site") for site in registry.find(term)}
    if options.region:
        places = set(_words(options.region, "region"))
        within = {site.code for site in registry if places & {site.province, site.city, site.county}}
        if not within:
            raise TransferError(f"No site lies in {options.region}: write it as in the registry, 浙江省 or 丽水市.")
        chosen = within if chosen is None else chosen & within
    return sorted(chosen or ())


def _words(text: str, option: str) -> Iterable[str]:
    words = [word.strip() for word in _MANY.split(text) if word.strip()]
    if not words:
        raise TransferError(f"--{option} is empty: give a value or leave it out.")
    return words


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise TransferError(f"--min-relevance is a number from 0 to 1, not {text}.")
    return score
