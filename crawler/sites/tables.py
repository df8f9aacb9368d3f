"""`portal.toml` and `overrides/*.toml` to sites: whoever needs sections or selectors of their own."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crawler.parsing.rules import Rules
from crawler.sites.problems import Problem
from crawler.sites.rows import STATUSES, WEB_ADDRESS, domains_of
from crawler.sites.site import Layout, Section, Site

_TEXTS = ("name", "kind", "pinyin", "homepage", "platform", "access", "status")
_KEYS = {*_TEXTS, "aliases", "domains", "sections", "templates", "tables", "layouts"}
_KINDS = ("portal", "other")


@dataclass
class TableReader:
    """Reads one TOML file; `problems` has every fault found."""

    path: Path
    platforms: Collection[str] | None = None
    """The platforms that a site may name; None where that is not asked."""
    problems: list[Problem] = field(default_factory=list)

    def sites(self, rows: Mapping[str, Site], broken: Collection[str] = ()) -> Iterator[Site]:
        """The sites of the file: those of `rows` with what the file says about them, and new ones; what it says about
        rows that are `broken` is left out, since it can't be held against them."""
        try:
            tables = tomllib.loads(self.path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self._fault(None, f"cannot be read: {error}")
            return
        for code, table in tables.items():
            if not isinstance(table, dict):
                self._fault(code, f"stands outside of a site's table; begin with [{code}]")
            elif unknown := sorted(set(table) - _KEYS):
                self._fault(code, f"unknown key {', '.join(unknown)}; known: {', '.join(sorted(_KEYS))}")
            elif code not in broken and (site := self._site(code, table, rows.get(code))):
                yield site

    def _site(self, code: str, table: dict[str, Any], row: Site | None) -> Site | None:
        before = len(self.problems)
        sections, layouts = self._sections(code, table), self._layouts(code, table)
        changes = {key: table[key] for key in _TEXTS if key in table}
        for key, value in changes.items():
            if not isinstance(value, str):
                self._fault(f"{code}.{key}", f"{value!r} must be a text")
        self._check(code, table, row)
        if len(self.problems) > before:
            return None
        base = row or Site(code=code, name=changes["name"], kind=changes["kind"], homepage=changes["homepage"])
        sections = tuple({section.url: section for section in (*base.sections, *sections)}.values())
        domains = (*base.domains, *table.get("domains", ())) or domains_of([changes["homepage"]])
        return replace(
            base,
            **changes,
            aliases=(*base.aliases, *table.get("aliases", ())),
            sections=sections,
            layouts=layouts,
            domains=domains,
        )

    def _check(self, code: str, table: dict[str, Any], row: Site | None) -> None:
        if row is None:
            for key in ("name", "kind", "homepage"):
                if key not in table:
                    self._fault(f"{code}.{key}", f"is missing; no row of counties.csv has the code {code}")
        elif "kind" in table:
            self._fault(f"{code}.kind", "is the registry row's to say")
        platforms = {} if self.platforms is None else {"platform": sorted(self.platforms)}
        for key, allowed in {"kind": _KINDS, "status": STATUSES, **platforms}.items():
            if key in table and table[key] not in allowed:
                self._fault(f"{code}.{key}", f"{table[key]!r} must be one of {', '.join(allowed)}")
        if "homepage" in table and not WEB_ADDRESS.fullmatch(str(table["homepage"])):
            self._fault(f"{code}.homepage", f"{table['homepage']!r} must be a whole web address: http://host/path")
        for key in ("aliases", "domains"):
            if not isinstance(value := table.get(key, []), list) or not all(isinstance(name, str) for name in value):
                self._fault(f"{code}.{key}", f"{value!r} must be a list of texts")

    def _sections(self, code: str, table: dict[str, Any]) -> tuple[Section, ...]:
        found: list[Section] = []
        for index, entry in enumerate(table.get("sections", ())):
            self._add(found, f"{code}.sections[{index}]", entry)
        for index, template in enumerate(table.get("templates", ())):
            place = f"{code}.templates[{index}]"
            try:
                entries = list(_expand(template, table.get("tables", {})))
            except (KeyError, ValueError, AttributeError, TypeError) as error:
                self._fault(
                    place, f"can't be filled in ({error}); `from` names a table of [{code}.tables] for each field"
                )
                continue
            for entry in entries:
                self._add(found, place, entry)
        return tuple(found)

    def _add(self, found: list[Section], place: str, entry: Any) -> None:
        known = {"name": str, "url": str, "group": str, "optional": bool}
        if not isinstance(entry, dict) or not {"name", "url"} <= set(entry) <= set(known):
            self._fault(place, f"must have name and url, and may have group and optional; it is {entry!r}")
        elif wrong := [key for key, value in entry.items() if not isinstance(value, known[key])]:
            self._fault(f"{place}.{wrong[0]}", f"{entry[wrong[0]]!r} must be a {known[wrong[0]].__name__}")
        elif not WEB_ADDRESS.fullmatch(entry["url"]):
            self._fault(f"{place}.url", f"{entry['url']!r} must be a whole web address: http://host/path")
        else:
            found.append(Section(**entry))

    def _layouts(self, code: str, table: dict[str, Any]) -> tuple[Layout, ...]:
        found = []
        for index, entry in enumerate(table.get("layouts", ())):
            try:
                found.append(Layout(entry["name"], re.compile(entry["url"]), Rules.from_table(entry["rules"])))
            except KeyError as error:
                self._fault(f"{code}.layouts[{index}]", f"has no {error}; it needs name, url and rules")
            except (re.error, ValueError, TypeError) as error:
                self._fault(f"{code}.layouts[{index}]", str(error))
        return tuple(found)

    def _fault(self, place: str | None, what: str) -> None:
        self.problems.append(Problem(self.path.name, None, place, what))


def _expand(template: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The sections a template stands for: its `url` and `name` with every combination of the tables in `from`."""
    fields = {key: _values(tables[name]) for key, name in template["from"].items()}
    rest = {key: value for key, value in template.items() if key not in {"from", "url", "name"}}
    for combination in itertools.product(*fields.values()):
        values = {key: value for key, (value, _) in zip(fields, combination, strict=True)}
        names = {key: name for key, (_, name) in zip(fields, combination, strict=True)}
        yield {**rest, "url": template["url"].format_map(values), "name": template["name"].format_map(names)}


def _values(table: object) -> Sequence[tuple[str, str]]:
    """The values of a table with their names: `{4 = "区县新闻"}`, a list `[20, 30]`, or a range `"1..27"`."""
    if isinstance(table, dict):
        return [(str(value), str(name)) for value, name in table.items()]
    if isinstance(table, list):
        return [(str(value), str(value)) for value in table]
    first, _, last = str(table).partition("..")
    return [(str(value), str(value)) for value in range(int(first), int(last) + 1)]
