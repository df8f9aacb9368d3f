"""The registry: every site that can be crawled, by code, name, pinyin, region, platform, address and 来源."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

from crawler.sites.files import RowReader, TableReader, bare_host
from crawler.sites.names import Names, lies_in
from crawler.sites.site import AmbiguousSite, Problem, RegistryError, Site, SiteError, UnknownSite, describe

# What one row of `counties.csv` can't show: whether its parents exist, and whether another site has its address.


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


__all__ = ["AmbiguousSite", "Problem", "Registry", "RegistryError", "SiteError", "UnknownSite", "load", "read"]

HERE = Path(__file__).parent


class Registry:
    """All sites, in the order of their files. Look-ups are built when first asked for."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self.sites: tuple[Site, ...] = tuple(sites)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    def __len__(self) -> int:
        return len(self.sites)

    def find(self, query: str) -> list[Site]:
        """The sites that one term means: a code, a name whole (青田县, 浙江省: that government's own site) or short
        (青田; of a province or a city all sites of the region), either in pinyin, an alias, the first two or four
        digits of a code (the region), a platform, or `all` governments. Places may stand before a name: 南京鼓楼区;
        青田县政府 and whatever else `by_source` reads does as well.
        Only sites with a home page. Raises UnknownSite, AmbiguousSite, and SiteError if no home page is known."""
        term = query.strip().lower()
        if many := self._many(term):
            return many
        site, is_short = self._one(query)
        return self.region(site) if is_short else [self._with_homepage(site)]

    def get(self, query: str) -> Site:
        """The one site with that code or name, its home page known or not; a short name means the government itself.
        Raises UnknownSite and AmbiguousSite."""
        return self._one(query)[0]

    def _one(self, query: str) -> tuple[Site, bool]:
        term = query.strip().lower()
        found, is_short = ([self._codes[term]], False) if term in self._codes else self._names.sites_called(term)
        if not found and (site := self._names.by_source(term)):
            return site, False
        if not found:
            raise UnknownSite(query, self.nearest(term))
        if len(found) > 1:
            raise AmbiguousSite(query, found)
        return found[0], is_short

    def region(self, place: Site) -> list[Site]:
        """The sites of a province or a city, its own first; of any other place its site alone."""
        if place.kind not in {"province", "city"}:
            return [self._with_homepage(place)]
        sites = [site for site in self.sites if site.homepage and lies_in(site, place)]
        return sites or [self._with_homepage(place)]

    def _with_homepage(self, site: Site) -> Site:
        if not site.homepage:
            raise SiteError(f"no web site is known of {describe(site)}; its row in counties.csv has no homepage")
        return site

    def nearest(self, term: str, limit: int = 5) -> list[Site]:
        """The sites with the names most similar to `term`, in characters or by sound, best first."""
        from pypinyin import lazy_pinyin
        from rapidfuzz import process
        from rapidfuzz.distance import JaroWinkler

        names = {**self._names.short, **self._names.whole}
        scores: dict[Site, float] = {}
        for query in dict.fromkeys((term, "".join(lazy_pinyin(term)))):
            similar = process.extract(query, names.keys(), scorer=JaroWinkler.similarity, limit=20, score_cutoff=0.8)
            for name, score, _ in similar:
                for site in names[name]:
                    scores[site] = max(score, scores.get(site, 0))
        enough = max(scores.values(), default=0.0) - 0.05
        return sorted((site for site in scores if scores[site] >= enough), key=lambda site: -scores[site])[:limit]

    def by_url(self, url: str) -> Site | None:
        """The site that publishes at `url`: by its host or the nearest domain above it, and where several sites share
        a host, by the path; None if nobody is known."""
        host, path = bare_host(url), _path(url)
        while "." in host:
            if owners := self._hosts.get(host):
                fitting = owners if len(owners) == 1 else [owner for owner in owners if path.startswith(owner[0])]
                return max(fitting, key=lambda owner: len(owner[0]))[1] if fitting else None
            host = host.partition(".")[2]
        return None

    def by_source(self, text: str) -> Site | None:
        """The site whose government a 来源 names (青田县政府, 来源：青田县人民政府网, 青田发布); None for departments,
        newspapers and names that several places share."""
        return self._names.by_source(text)

    def _many(self, term: str) -> list[Site]:
        if term == "all":
            return [site for site in self.sites if site.homepage and site.kind != "portal"]
        if re.fullmatch(r"\d{2}|\d{4}", term):
            return [site for site in self.sites if site.homepage and (site.gb_code or "").startswith(term)]
        return self._platforms.get(term, [])

    @cached_property
    def _codes(self) -> dict[str, Site]:
        return {site.code: site for site in self.sites}

    @cached_property
    def _names(self) -> Names:
        return Names.of(self.sites)

    @cached_property
    def _platforms(self) -> dict[str, list[Site]]:
        platforms: dict[str, list[Site]] = defaultdict(list)
        for site in self.sites:
            if site.platform and site.homepage:
                platforms[site.platform].append(site)
        return dict(platforms)

    @cached_property
    def _hosts(self) -> dict[str, list[tuple[str, Site]]]:
        """Sites by host, each with the path it owns there; the host of a list page only where it is nobody's home."""
        homes: dict[str, list[tuple[str, Site]]] = defaultdict(list)
        for site in self.sites:
            if site.homepage:
                homes[bare_host(site.homepage)].append((own_path(site.homepage), site))
        others: dict[str, list[tuple[str, Site]]] = defaultdict(list)
        for site in self.sites:
            for domain in site.domains:
                if domain not in homes:
                    others[domain].append(("/", site))
        return {**homes, **{domain: owners for domain, owners in others.items() if len(owners) == 1}}


def own_path(homepage: str) -> str:
    """The path a home page owns on its host: `/qt/` of `http://host/qt/index.html`."""
    path = _path(homepage)
    folder, _, file = path.rpartition("/")
    return f"{folder}/" if "." in file or not file else f"{path}/"


def _path(url: str) -> str:
    return re.sub(r"^\w+://[^/?#]*|[?#].*$", "", url) or "/"


@cache
def load() -> Registry:
    """The registry of this installation; raises RegistryError with every fault of its files."""
    return read(HERE)


def read(folder: Path, platforms: Collection[str] | None = None) -> Registry:
    """The registry in `folder`: `counties.csv`, `portal.toml`, `overrides/*.toml`. Raises RegistryError; a platform
    that is not among `platforms` is a fault where these are given."""
    reader = RowReader(folder / "counties.csv", platforms)
    sites = {site.code: site for site in reader.sites()}
    if reader.problems and not sites:  # nothing to hold the other files against
        raise RegistryError(reader.problems)
    problems = [*reader.problems, *check(sites.values(), reader)]
    for path in (folder / "portal.toml", *sorted((folder / "overrides").glob("*.toml"))):
        tables = TableReader(path, platforms)
        sites.update({site.code: site for site in tables.sites(sites, broken=reader.lines.keys() - sites.keys())})
        problems += tables.problems
    if problems:
        raise RegistryError(problems)
    return Registry(sites.values())
