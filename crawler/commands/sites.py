"""`scrapy sites`: the registry, listed, searched, shown and checked."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.sites.names import also_called, short_name
from crawler.sites.registry import AmbiguousSite, Registry, SiteError, UnknownSite
from crawler.sites.site import Site

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
        from crawler.sites.site import RegistryError, SiteError

        try:
            self.exitcode = _check(args[1:]) if args[:1] == ["check"] else _show_or_list(args, opts)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough: `scrapy sites | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (SiteError, RegistryError) as error:
            print(f"scrapy sites: {error}", file=sys.stderr)
            self.exitcode = 1


def _show_or_list(args: list[str], opts: argparse.Namespace) -> int:
    from crawler.sites import registry

    if args[:1] == ["show"]:
        if len(args) != 2:
            raise UsageError("name one site: scrapy sites show 青田县", print_help=False)
        site = registry.load().get(args[1])
        told = json.dumps(as_json(site), ensure_ascii=False, indent=2) if opts.json else None
        print(told or "\n".join(lines(site)))
        return 0
    if len(args) > 1:
        raise UsageError(f"one query at a time, not {' '.join(args)}; or show SITE, or check", print_help=False)
    sites = list(chosen(registry.load(), args[0] if args else None, opts))
    if opts.json:
        print(json.dumps([as_json(site) for site in sites], ensure_ascii=False, indent=2))
        return 0
    for site in sites:
        print(row(site))
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


# The registry as people read it: which sites a query and its options mean, and a site as a row, lines or JSON.

SECTIONS_SHOWN = 20


def chosen(sites: Registry, query: str | None, opts: argparse.Namespace) -> Iterator[Site]:
    """The sites that `query` (None: all) means and that fit `opts.province`, `platform`, `status` and `kind`. Raises
    SiteError for a province or platform that no site has, and UnknownSite."""
    province = sites.get(opts.province) if opts.province else None
    if province and province.kind != "province":
        raise SiteError(f"{province.name} is no province")
    if opts.platform and opts.platform not in (known := sorted({site.platform for site in sites if site.platform})):
        raise SiteError(f"no site of the registry uses a platform {opts.platform!r}; they use {', '.join(known)}")
    for site in _matching(sites, query) if query else sites:
        wanted = (opts.platform, site.platform), (opts.status, site.status), (opts.kind, site.kind)
        in_province = province is None or site.province == province.name
        if in_province and all(asked in (None, has) for asked, has in wanted):
            yield site


def _matching(sites: Registry, query: str) -> Iterable[Site]:
    """What the query means exactly, else every site with the query in its code, names or home page."""
    try:
        return sites.find(query)
    except AmbiguousSite as error:
        return error.candidates
    except UnknownSite:
        part = query.strip().lower()
        found = [s for s in sites if any(part in text for text in (s.code, s.name, s.pinyin, s.homepage, *s.aliases))]
        if not part or not found:
            raise
        return found
    except SiteError:
        return [sites.get(query)]


def row(site: Site) -> str:
    """One site on one line."""
    from rich.cells import set_cell_size

    where = " ".join(short_name(place) for place in (site.province, site.city) if place and place != site.name)
    cells = (site.code, 6), (site.name, 30), (where, 17), (site.platform or "-", 9), (site.status, 8)
    return "  ".join(set_cell_size(text, width) for text, width in cells).rstrip()


def lines(site: Site) -> Iterator[str]:
    """All that is known of a site, a line each."""
    for label, value in (
        ("code", site.code),
        ("name", site.name),
        ("kind", site.kind),
        ("province", site.province),
        ("city", site.city),
        ("pinyin", site.pinyin),
        ("aliases", "、".join(also_called(site))),
        ("home page", site.homepage or "not known"),
        ("platform", site.platform or "not known: detected page by page"),
        ("layouts", "、".join(layout.name for layout in site.layouts)),
        ("access", site.access),
        ("status", site.status),
        ("edited", site.edited),
    ):
        if value:
            yield f"{label:<10} {value}"
    yield f"{'sections':<10} {len(site.sections)}"
    for section in site.sections[:SECTIONS_SHOWN]:
        yield f"  {section.name}{' (optional)' if section.optional else ''}  {section.url}"
    if len(site.sections) > SECTIONS_SHOWN:
        yield f"  and {len(site.sections) - SECTIONS_SHOWN} more; --json prints all"


def as_json(site: Site) -> dict[str, Any]:
    """What `--json` prints of a site."""
    known = {key: getattr(site, key) for key in ("code", "name", "kind", "short", "pinyin", "province", "city")}
    known |= {key: getattr(site, key) for key in ("homepage", "platform", "access", "status", "edited", "domains")}
    return {**known, "aliases": also_called(site), "sections": [asdict(section) for section in site.sections]}
