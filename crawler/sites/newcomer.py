"""Which row of the registry a new address belongs to, and what that row then says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.parsing.page import Page
from crawler.parsing.urls import canonical_url
from crawler.sites.edit import Row
from crawler.sites.names import short_name
from crawler.sites.pinyin import place_pinyin
from crawler.sites.problems import SiteError, UnknownSite, describe
from crawler.sites.registry import Registry
from crawler.sites.rows import COLUMNS, bare_host, domains_of
from crawler.sites.site import Section, Site

_SHAPE = re.compile(r"[1-9]\d{5}|[a-z][a-z0-9-]*")


def expected(url: str, code: str | None, name: str | None, registry: Registry) -> Site | None:
    """The site that a person means to publish at `url`: that of `code` or of the whole `name`, else the one the
    registry has at this address; a site of its own for a code that is new, with `name`. None where only the page can
    tell. Raises SiteError in a sentence that says what to do."""
    if code is not None and not _SHAPE.fullmatch(code):
        raise SiteError(f"--code {code!r} must be the six digits of GB/T 2260, or a word of a to z for other sites")
    owner = registry.by_url(url)
    if owner is not None and owner.kind == "portal":
        raise SiteError(f"{owner.name} is no row of counties.csv: its sections stand in portal.toml")
    if code is None and name is not None:
        return replace(registry.get(name), homepage=url)
    if code is None:
        return owner
    if owner is not None and owner.code != code and bare_host(owner.homepage) == bare_host(url):
        raise SiteError(f"{url} is the site of {describe(owner)} already; leave --code out to complete its row")
    try:
        return _at(registry.get(code), url)
    except UnknownSite:
        if name is None:
            raise SiteError(f"no row of the registry has the code {code}: give --name as well, the full name") from None
    return _made(url, code, name, registry)


def recognised(page: Page, registry: Registry) -> Site | None:
    """The site whose home page `page` is by its own marks: the code in SiteIDCode, or the name in SiteName."""
    stated = page.meta.get("siteidcode", "")[:6]
    if stated.isdigit() and len(stated) == 6:
        try:
            return _at(registry.get(stated), page.url)
        except SiteError:
            return None
    named = registry.by_source(page.meta.get("sitename", ""))
    return _at(named, page.url) if named else None


@dataclass(frozen=True)
class Seen:
    """What a visit saw of a site: its day (2026-11-27), the home page's address as `asked` for and as it answered, the
    sections found, the addresses of lists that are `gone`, and the platform, None where unknown."""

    day: str
    asked: str
    homepage: str
    sections: Sequence[Section]
    gone: Sequence[str] = ()
    platform: str | None = None


def row_of(site: Site, present: Mapping[str, str] | None, seen: Seen) -> Row:
    """The row of `site` as it is to be: `present` completed, or a new one. Its lists are those it has but for those
    that are gone, and then those found; where that changes anything, the row is `edited` on the day of the visit."""
    row = dict(present) if present else _new(site)
    lost = {canonical_url(url) for url in seen.gone}
    listed = [entry for entry in row["lists"].split(";") if entry]
    kept = [entry for entry in listed if canonical_url(entry.partition("=")[2]) not in lost]
    known = {canonical_url(entry.partition("=")[2]) for entry in kept}
    added = [f"{_cell(one.name)}={one.url}" for one in seen.sections if canonical_url(one.url) not in known]
    row["lists"] = ";".join([*kept, *added])
    # Another host; or another scheme, where the one in the row was tried and did not answer.
    moved = bare_host(row["homepage"]) != bare_host(seen.homepage)
    tried = row["homepage"].partition(":")[0] == seen.asked.partition(":")[0] != seen.homepage.partition(":")[0]
    if not row["homepage"] or moved or tried:
        row["homepage"] = seen.homepage
    row["platform"] = seen.platform or row["platform"]
    if row["status"] != "verified":
        row["status"] = "detected" if row["platform"] else "listed"
    return row if row == present else row | {"edited": seen.day}


def _at(site: Site, url: str) -> Site:
    """`site` with its home page at `url`."""
    if bare_host(site.homepage) == bare_host(url):
        return site
    return replace(site, homepage=url, domains=(*site.domains, *domains_of([url])))


def _made(url: str, code: str, name: str, registry: Registry) -> Site:
    """A site that has no row yet. Raises SiteError where the places above it have none."""
    short = short_name(name)
    known = {site.code: site for site in registry}
    site = Site(code, name, "other", url, short=short, pinyin=place_pinyin(short), domains=domains_of([url]))
    if not code.isdigit():
        return site
    province, city = known.get(f"{code[:2]}0000"), known.get(f"{code[:4]}00")
    if province is None:
        raise SiteError(f"no province has a code that begins with {code[:2]}: is --code {code} right?")
    kind = "city" if code.endswith("00") else "county"
    above = city.name if city is not None and kind == "county" else None
    return replace(site, kind=kind, gb_code=code, province=province.name, city=name if kind == "city" else above)


def _new(site: Site) -> Row:
    row = dict.fromkeys(COLUMNS, "")
    row |= {"code": site.code, "kind": site.kind, "name": site.name, "short": site.short, "pinyin": site.pinyin}
    row |= {"province": site.province or "", "city": (site.city or "") if site.kind == "county" else ""}
    return row | {"homepage": site.homepage, "status": "listed"}


def _cell(name: str) -> str:
    return re.sub(r"[\s=;,]", "", name) or "要闻"
