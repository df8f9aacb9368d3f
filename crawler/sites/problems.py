"""What can be wrong with a registry file or with the name of a site: each is one sentence for the person at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.sites.site import Site


@dataclass(frozen=True)
class Problem:
    """One fault of a registry file. `place` is a column of a CSV file or a key of a TOML file; `line` counts from 1."""

    file: str
    line: int | None
    place: str | None
    what: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.place}: {self.what}" if self.place else f"{where}: {self.what}"


class RegistryError(Exception):
    """The registry's files are broken; `problems` has every fault, the message a line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SiteError(Exception):
    """A query names no site, or no single one."""


class UnknownSite(SiteError):
    """No site is called `query`; `nearest` are those with the most similar names, best first."""

    def __init__(self, query: str, nearest: Sequence[Site]) -> None:
        self.query, self.nearest = query, list(nearest)
        hint = ", ".join(describe(site) for site in nearest)
        super().__init__(
            f"no site is called {query!r}; did you mean {hint}?"
            if hint
            else f"no site is called {query!r}; `scrapy sites` lists all"
        )


class AmbiguousSite(SiteError):
    """Several sites, or a region and a site, are called `query`: `candidates`."""

    def __init__(self, query: str, candidates: Sequence[Site]) -> None:
        self.query, self.candidates = query, list(candidates)
        listed = ", ".join(describe(site) for site in candidates)
        regions = " (its first four digits mean the whole region)" if any(s.kind == "city" for s in candidates) else ""
        super().__init__(
            f"{query!r} is the name of {len(self.candidates)} places: {listed}; name one by its code{regions}"
        )


def describe(site: Site) -> str:
    """A site as a sentence names it: with the places it lies in, and its code."""
    above = (site.province, site.city)
    return "".join(name for name in above if name and name != site.name) + f"{site.name} ({site.code})"
