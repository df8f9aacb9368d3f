"""`scrapy sites`: the registry, listed, searched, shown and checked."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

KINDS = ("portal", "province", "city", "county", "other")
STATUSES = ("verified", "detected", "listed")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[QUERY] [options] | show SITE | check [FOLDER]"

    def short_desc(self) -> str:
        return "List, search, show and check the sites of the registry"

    def long_desc(self) -> str:
        return (
            "QUERY is a code, a name (青田, 青田县, 浙江), pinyin, a region's first digits, a platform or part of a "
            "name; without it every site is listed. show: all that is known of one site. check: read the registry's "
            "files, or those in FOLDER, and tell every fault with file, line and column; exit status 1 if there is one."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--province", help="only this province: 浙江, zhejiang, 330000")
        parser.add_argument("--platform", help="only sites known to use this platform: hanweb")
        parser.add_argument("--status", choices=STATUSES, help="only sites worth that much")
        parser.add_argument("--kind", choices=KINDS, help="only sites of this kind")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from crawler.sites.problems import RegistryError, SiteError

        try:
            self.exitcode = _check(args[1:]) if args[:1] == ["check"] else _show_or_list(args, opts)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough: `scrapy sites | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (SiteError, RegistryError) as error:
            print(f"scrapy sites: {error}", file=sys.stderr)
            self.exitcode = 1


def _show_or_list(args: list[str], opts: argparse.Namespace) -> int:
    from crawler.sites import listing, registry

    if args[:1] == ["show"]:
        if len(args) != 2:
            raise UsageError("name one site: scrapy sites show 青田县", print_help=False)
        site = registry.load().get(args[1])
        told = json.dumps(listing.as_json(site), ensure_ascii=False, indent=2) if opts.json else None
        print(told or "\n".join(listing.lines(site)))
        return 0
    if len(args) > 1:
        raise UsageError(f"one query at a time, not {' '.join(args)}; or show SITE, or check", print_help=False)
    sites = list(listing.chosen(registry.load(), args[0] if args else None, opts))
    if opts.json:
        print(json.dumps([listing.as_json(site) for site in sites], ensure_ascii=False, indent=2))
        return 0
    for site in sites:
        print(listing.row(site))
    counts = Counter(site.status for site in sites)
    told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    print(f"{len(sites)} {'site' if len(sites) == 1 else 'sites'}{': ' + told if told else ''}", file=sys.stderr)
    return 0 if sites else 1


def _check(args: list[str]) -> int:
    from crawler.platforms.detect import NAMES
    from crawler.sites import registry

    if len(args) > 1:
        raise UsageError("check takes one folder, or none for the registry in use", print_help=False)
    sites = registry.read(Path(args[0]) if args else registry.HERE, NAMES)
    kinds = Counter(site.kind for site in sites)
    sections = sum(len(site.sections) for site in sites)
    listed = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
    print(f"The registry is sound: {len(sites)} sites ({listed}) with {sections} sections.")
    return 0
