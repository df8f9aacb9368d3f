"""The provinces, cities and counties that a text names, by the registry.

A whole name (青田县) names the place, the short one of a county (青田) only with evidence: the province or city it lies
in stands before it, an authority behind it, or the publisher is of the same city. Of places that share a name (鼓楼区)
that one is meant which lies in the place before it, in the publisher's city, or in the only city or province the text
names; where that leaves several, none is. `place_words.toml` says which names are ordinary words too.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from crawler.sites.names import pick_region, spoken_name
from crawler.sites.registry import load
from crawler.sites.site import Site

# 海南区域, 天津市场, 周和平县长: the rank belongs to the next word.
_NEXT_WORD = {"区": "域划块间段位长", "市": "场民面容政井长", "县": "级长", "旗": "舰下帜"}
# What may stand before a name of two characters (和县, 范县), which else ends some other word (示范县).
_BEFORE = frozenset("在赴到从由自于往至来与、的对为向")


@dataclass(frozen=True)
class NamedPlaces:
    """The places a text names, in the order of their first mention, as the registry writes them; and the GB/T 2260
    codes of these places and of those above them, in order."""

    names: list[str]
    codes: list[str]


@dataclass
class _Mention:
    """One name in the text: which places it may mean and, once `settled`, does."""

    places: list[Site]
    start: int
    end: int
    whole: bool
    sure: bool = False
    """Whether the name alone is evidence enough that a place is meant."""
    settled: bool = False

    def settle(self, among: Callable[[Site], bool] = lambda _: True) -> None:
        """Take the only place that fits, where there is just one."""
        fitting = [place for place in self.places if among(place)]
        if len(fitting) == 1:
            self.places, self.settled = fitting, True


class PlaceFinder:
    """Finds the places of a registry in texts, all names in one walk."""

    def __init__(self, sites: Iterable[Site]) -> None:
        words = tomllib.loads((Path(__file__).parent / "place_words.toml").read_text("utf-8"))
        self._ordinary, self._ordinary_whole = frozenset(words["ordinary"]), frozenset(words["ordinary_whole"])
        self._institutions, self._longer = tuple(words["institutions"]), tuple(words["longer"])
        self._whole: dict[str, list[Site]] = defaultdict(list)
        self._short: dict[str, list[Site]] = defaultdict(list)
        self._codes: dict[tuple[str | None, ...], str] = {}
        for site in sites:
            if site.gb_code:
                self._codes[site.province, site.city, site.county] = site.gb_code
                for name in {site.name, spoken_name(site)} - {""}:
                    self._whole[name].append(site)
                if site.short != site.name and site.short not in self._ordinary:
                    self._short[site.short].append(site)
        self._patterns = [*dict.fromkeys([*self._whole, *self._short, *words["guards"]])]
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str, publisher: Mapping[str, Any] | None = None) -> NamedPlaces:
        """The places `text` names; `publisher` is the field `site` of its article."""
        mentions = self._mentions(text)
        _settle_chains(mentions)
        home = (publisher.get("province"), publisher.get("city")) if publisher else (None, None)
        for mention in mentions:
            if mention.settled:
                continue
            at_home = any(_region(place) == home for place in mention.places)
            if mention.sure or self._has_evidence(mention, text, at_home=at_home):
                mention.sure = True
                mention.settle()
        _settle_shared(mentions, home)
        found = {place: None for mention in mentions if mention.settled for place in mention.places}
        codes = {code for place in found for code in self._codes_of(place)}
        return NamedPlaces(list(dict.fromkeys(place.name for place in found)), sorted(codes))

    def _mentions(self, text: str) -> list[_Mention]:
        try:
            found = self._automaton.find_matches_as_indexes(text)
        except UnicodeEncodeError:
            # A lone surrogate is no text to the finder; "?" keeps the places of the rest.
            text = text.encode("utf-8", "replace").decode()
            found = self._automaton.find_matches_as_indexes(text)
        return [m for number, start, end in found if (m := self._mention(self._patterns[number], start, end, text))]

    def _mention(self, name: str, start: int, end: int, text: str) -> _Mention | None:
        if name in self._whole and text[end : end + 1] in _NEXT_WORD.get(name[-1], "") and end < len(text):
            name, end = name[:-1], end - 1
        if whole := self._whole.get(name):
            clear = len(name) > 2 and name not in self._ordinary_whole
            return _Mention(whole, start, end, whole=True, sure=clear)
        if name not in self._short or text.startswith(self._longer, end):
            return None
        places = pick_region(self._short[name])
        # Cities are known by their short names; those of counties are too many, and too many are words.
        return _Mention(places, start, end, whole=False, sure=len(places) == 1 and places[0].kind != "county")

    def _has_evidence(self, mention: _Mention, text: str, *, at_home: bool) -> bool:
        if mention.whole:
            before = text[max(mention.start - 1, 0) : mention.start]
            return at_home and (not before.isalpha() or before in _BEFORE)
        return at_home or text.startswith(self._institutions, mention.end)

    def _codes_of(self, place: Site) -> list[str]:
        levels = {
            (place.province, None, None),
            (place.province, place.city, None),
            (place.province, place.city, place.county),
        }
        return [self._codes[level] for level in levels if level in self._codes]


def _region(place: Site) -> tuple[str | None, str | None]:
    return place.province, place.city


def _lies_in(place: Site, above: Site) -> bool:
    if place is above or above.kind not in {"province", "city"}:
        return False
    return place.province == above.province and (above.kind == "province" or place.city == above.city)


def _settle_chains(mentions: list[_Mention]) -> None:
    """Names that stand together (浙江丽水青田) and lie in each other settle each other."""
    for above, below in pairwise(mentions):
        if above.end == below.start:
            pairs = [(a, b) for a in above.places for b in below.places if _lies_in(b, a)]
            if len({b.code for _, b in pairs}) == 1:
                above.places, below.places = [pairs[0][0]], [pairs[0][1]]
                above.settled = below.settled = True


def _settle_shared(mentions: list[_Mention], home: tuple[str | None, str | None]) -> None:
    """Names that several places share, by the publisher's city, the cities named, then likewise the provinces."""
    named = [place for mention in mentions if mention.settled for place in mention.places]
    cities = {_region(place) for place in named if place.city}
    provinces = {place.province for place in named}
    for mention in mentions:
        if mention.sure and not mention.settled:
            for fits in (
                lambda place: _region(place) == home,
                lambda place: _region(place) in cities,
                lambda place: place.province == home[0],
                lambda place: place.province in provinces,
            ):
                if any(map(fits, mention.places)):
                    mention.settle(fits)
                    break


@cache
def place_finder() -> PlaceFinder:
    """The finder of this installation's registry; built at the first call."""
    return PlaceFinder(load())


def find_places(title: str | None, body: str | None, publisher: Mapping[str, Any] | None) -> NamedPlaces:
    """The places an article names in title and body; `publisher` is its field `site`. Raises RegistryError."""
    return place_finder().find(f"{title or ''}\n{body or ''}", publisher)
