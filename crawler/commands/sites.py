"""`scrapy sites`: list, search, show and check the sites of the registry."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from crawler import cli
from crawler.output import add_format_option, format_count, print_rows, to_json

if TYPE_CHECKING:
    from crawler.sites.registry import Registry
    from crawler.sites.site import Site

KINDS = ("portal", "province", "city", "county", "other")
STATUSES = ("verified", "detected", "listed")
MAX_SECTIONS_SHOWN = 20
COLUMNS = ("code", "name", "region", "platform", "status")


class Command(cli.Command):
    group = "sites"
    examples = (
        "scrapy sites 青田",
        "scrapy sites --province 浙江 --platform hanweb",
        "scrapy sites show qingtian",
        "scrapy sites check",
    )

    def syntax(self) -> str:
        return "[QUERY] [options] | show SITE | check [FOLDER]"

    def short_desc(self) -> str:
        return "List, search, show and check the sites of the registry"

    def long_desc(self) -> str:
        return (
            "QUERY is a code, a name (青田, 青田县, 浙江), pinyin, the first digits of a region's code, or part of a "
            "name or home page; without it all sites are listed. show: everything known about one site. check: "
            "validate the registry files, or those in FOLDER, and list every error with file:line:column. Exit "
            "status: 0 done, 1 nothing found or the registry has errors, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--province", help="only this province: 浙江, zhejiang, 330000")
        parser.add_argument("--platform", help="only sites that use this platform: hanweb")
        parser.add_argument("--status", choices=STATUSES, help="only sites with this status")
        parser.add_argument("--kind", choices=KINDS, help="only sites of this kind")
        add_format_option(parser)
        parser.add_argument("--json", dest="format", action="store_const", const="json", help="same as --format json")

    def execute(self, args: list[str], opts: argparse.Namespace) -> int | None:
        action, names = (args[0], args[1:]) if args[:1] in (["show"], ["check"]) else (None, args)
        if action == "show":
            return _show(names, opts.format)
        if action == "check":
            return _check(names)
        if len(names) > 1:
            raise UsageError(f"one query at a time, not {' '.join(names)}; or show SITE, or check", print_help=False)
        return _list(names[0] if names else None, opts)


def _show(names: list[str], form: str) -> int:
    from crawler.sites.registry import load

    if len(names) != 1:
        raise UsageError("name one site: scrapy sites show 青田县", print_help=False)
    site = load().get(names[0])
    if form == "table":
        print("\n".join(describe_lines(site)))
    elif form == "json":
        print(to_json(as_json(site), indent=2))
    else:
        print_rows([_row(site)], form, COLUMNS)
    return 0


def _list(query: str | None, opts: argparse.Namespace) -> int:
    from crawler.sites.registry import load

    sites = list(select_sites(load(), query, opts))
    print_rows(map(_row, sites), opts.format, COLUMNS)
    counts = Counter(site.status for site in sites)
    by_status = ", ".join(f"{counts[status]:,} {status}" for status in STATUSES if counts[status])
    print(f"{format_count(len(sites), 'site')}{': ' if by_status else ''}{by_status}", file=sys.stderr)
    return 0 if sites else 1


def _check(folders: list[str]) -> int:
    from crawler.platforms.detect import NAMES
    from crawler.sites import registry

    if len(folders) > 1:
        raise UsageError("check takes one folder, or none for the registry in use", print_help=False)
    sites = registry.read(Path(folders[0]) if folders else registry.HERE, NAMES)
    kinds = Counter(site.kind for site in sites)
    sections = sum(len(site.sections) for site in sites)
    listed = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
    print(f"The registry is valid: {len(sites)} sites ({listed}) with {format_count(sections, 'section')}.")
    return 0


def select_sites(sites: Registry, query: str | None, opts: argparse.Namespace) -> Iterator[Site]:
    """The sites that match `query` (None: all) and `opts.province`, `platform`, `status` and `kind`.

    Raises SiteError for a province or platform that no site has, and for a query that matches no site.
    """
    from crawler.sites.site import SiteError

    province = sites.get(opts.province) if opts.province else None
    if province and province.kind != "province":
        raise SiteError(f"{province.name} is not a province")
    if opts.platform and opts.platform not in (known := sorted({site.platform for site in sites if site.platform})):
        raise SiteError(f"no site of the registry uses a platform {opts.platform!r}; they use {', '.join(known)}")
    for site in _match(sites, query) if query else sites:
        filters = (opts.platform, site.platform), (opts.status, site.status), (opts.kind, site.kind)
        in_province = province is None or site.province == province.name
        if in_province and all(asked in (None, value) for asked, value in filters):
            yield site


def _match(sites: Registry, query: str) -> Iterable[Site]:
    """The sites that `query` names exactly, else those with the query in their code, names or home page."""
    from crawler.sites.site import AmbiguousSite, SiteError, UnknownSite

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


def describe_lines(site: Site) -> Iterator[str]:
    """Everything known about a site, one line per fact."""
    from crawler.sites.names import also_called

    for label, value in (
        ("code", site.code),
        ("name", site.name),
        ("kind", site.kind),
        ("province", site.province),
        ("city", site.city),
        ("pinyin", site.pinyin),
        ("aliases", "、".join(also_called(site))),
        ("home page", site.homepage or "unknown"),
        ("platform", site.platform or "unknown: detected page by page"),
        ("layouts", "、".join(layout.name for layout in site.layouts)),
        ("access", site.access),
        ("status", site.status),
        ("edited", site.edited),
    ):
        if value:
            yield f"{label:<10} {value}"
    yield f"{'sections':<10} {len(site.sections)}"
    for section in site.sections[:MAX_SECTIONS_SHOWN]:
        yield f"  {section.name}{' (optional)' if section.optional else ''}  {section.url}"
    if len(site.sections) > MAX_SECTIONS_SHOWN:
        yield f"  and {len(site.sections) - MAX_SECTIONS_SHOWN} more; --json prints all"


def as_json(site: Site) -> dict[str, Any]:
    """A site as JSON: its facts, names and sections."""
    from crawler.sites.names import also_called

    known = {key: getattr(site, key) for key in ("code", "name", "kind", "short", "pinyin", "province", "city")}
    known |= {key: getattr(site, key) for key in ("homepage", "platform", "access", "status", "edited", "domains")}
    return {**known, "aliases": also_called(site), "sections": [asdict(section) for section in site.sections]}


def _row(site: Site) -> dict[str, Any]:
    """A site as a row to print: that of `as_json`, with the short names of the region it lies in."""
    from crawler.sites.names import short_name

    places = [short_name(place) for place in (site.province, site.city) if place and place != site.name]
    return {**as_json(site), "region": " ".join(places)}
