"""The registry as people read it: which sites a query and its options mean, and a site as a row, lines or JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from crawler.sites.names import also_called, short_name
from crawler.sites.registry import AmbiguousSite, Registry, SiteError, UnknownSite
from crawler.sites.site import Site

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
