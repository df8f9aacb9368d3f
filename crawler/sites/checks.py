"""What one row of `counties.csv` can't tell: whether its parents exist, and whether another site has its address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crawler.sites.problems import Problem
from crawler.sites.rows import RowReader
from crawler.sites.site import Site


def check(sites: Iterable[Site], reader: RowReader) -> Iterator[Problem]:
    """The faults between the rows that `reader` read."""
    homes: dict[str, Site] = {}
    for site in sites:
        for column, what in _faults(site, reader, homes):
            yield Problem(reader.path.name, reader.lines[site.code], column, what)


def _faults(site: Site, reader: RowReader, homes: dict[str, Site]) -> Iterator[tuple[str, str]]:
    if site.kind in {"city", "county"} and ("", site.province or "") not in reader.places:
        yield "province", f"{site.province!r} has no row of its own"
    elif site.kind == "county" and site.city and (site.province or "", site.city) not in reader.places:
        yield "city", f"{site.city!r} in {site.province} has no row of its own"
    if not site.homepage:
        return
    if (owner := homes.setdefault(_place(site.homepage), site)) is not site:
        line = reader.lines[owner.code]
        yield "homepage", f"{site.homepage} is the home page of {owner.name} ({owner.code}) in line {line} already"


def _place(homepage: str) -> str:
    return homepage.partition("//")[2].removeprefix("www.").rstrip("/").lower()
