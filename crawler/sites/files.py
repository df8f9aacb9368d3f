"""`counties.csv` to sites: one row a government. Every fault of the file is found in one reading."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crawler.parsing.rules import Rules
from crawler.sites.site import Layout, Problem, Section, Site

COLUMNS = (
    "code",
    "kind",
    "name",
    "short",
    "aliases",
    "pinyin",
    "province",
    "city",
    "homepage",
    "lists",
    "platform",
    "access",
    "status",
    "edited",
)
KINDS = ("province", "city", "county", "other")
STATUSES = ("verified", "detected", "listed")
WEB_ADDRESS = re.compile(r"https?://[^\s/?#;]+\.[^\s/?#;]+(?:[/?#][^\s;]*)?")
# One match instead of urlsplit: the registry asks for some 5,500 hosts when it loads.
_HOST = re.compile(r"https?://(?:[^/?#@]*@)?(?:(?:www|m|wap|3g)\.(?=[^./?#:]+\.[^./?#:]))?([^/?#:]+)", re.I)
_SHAPES = {
    "code": (re.compile(r"[1-9]\d{5}|[a-z][a-z0-9-]*"), "must be the six digits of GB/T 2260, or a word for others"),
    "kind": (re.compile("|".join(KINDS)), f"must be one of {', '.join(KINDS)}"),
    "name": (re.compile(r"\S+"), "must be a name without spaces"),
    "short": (re.compile(r"\S+"), "must be the name without its rank, or the name where that leaves one character"),
    "pinyin": (re.compile(r"[a-z]+"), "must be the short name in letters a to z, without tones and spaces"),
    "homepage": (re.compile(rf"(?:{WEB_ADDRESS.pattern})?"), "must be a whole web address: http://host/path"),
    "platform": (re.compile(r"[a-z0-9_-]*"), "must be the name of a platform, or empty"),
    "status": (re.compile("|".join(STATUSES)), f"must be one of {', '.join(STATUSES)}"),
    "edited": (re.compile(r"(?:20\d\d-[01]\d-[0-3]\d)?"), "must be the day a person wrote the row, or empty"),
}
# One match a row instead of one a cell; the cells of the row that fails are looked at one by one.
_LIST = rf"[^=;\n]*[^=;\s][^=;\n]*={WEB_ADDRESS.pattern}"
_SOUND = re.compile(
    "\n".join(
        {"lists": f"(?:{_LIST}(?:;{_LIST})*)?"}.get(c) or f"(?:{_SHAPES[c][0].pattern if c in _SHAPES else '.*'})"
        for c in COLUMNS
    )
)


@dataclass
class RowReader:
    """Reads one CSV file; `problems` grows while `sites` goes through the rows, and sound rows are yielded."""

    path: Path
    platforms: Collection[str] | None = None
    """The names that the column may hold; None if that is not asked."""
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    """The line of each code."""
    places: set[tuple[str, str]] = field(default_factory=set)
    """Province ("" of a province) and name of each row, of broken ones too: the parents that other rows may name."""

    def sites(self) -> Iterator[Site]:
        """The site of every sound row, in order."""
        try:
            content = self.path.read_bytes().removeprefix(codecs.BOM_UTF8)
        except OSError as error:
            self._fault(None, None, f"cannot be read: {error}")
            return
        lines = self._decoded(content.splitlines())
        if not self._heads(lines[0].split(",") if lines else []):
            return
        for number, line in enumerate(lines[1:], 2):
            if line and (cells := self._cells(line, number)) and (row := self._row(cells, number)):
                yield _site(row)

    def _decoded(self, lines: list[bytes]) -> list[str]:
        """The lines as text. Those that are no UTF-8 are one fault, and are read as the GBK they most likely are, so
        that their other faults are found as well."""
        texts, wrong = [], []
        for number, line in enumerate(lines, 1):
            try:
                texts.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                texts.append(line.decode("gb18030", "replace"))
                wrong.append(number)
        if wrong:
            more = f", and neither are {len(wrong) - 1} more lines" if len(wrong) > 1 else ""
            self._fault(wrong[0], None, f"is not UTF-8{more}; save the file as UTF-8")
        return texts

    def _cells(self, line: str, number: int) -> list[str]:
        """The cells of a line, [] if it is none: no cell spans lines, so that a stray quote spoils its own alone."""
        if '"' not in line:
            return line.split(",")
        try:
            return next(csv.reader([line], strict=True))
        except csv.Error as error:
            self._fault(number, None, f"has a quotation mark that opens or closes nothing: {error}")
            self._name_all(line.replace('"', "").split(","))
            return []

    def _name_all(self, cells: list[str]) -> None:
        """Count every cell of a row that is torn as a place, so that the rows below the one it names are not blamed."""
        self.places.update((above, name) for name in cells for above in ("", *cells))

    def _heads(self, heads: list[str]) -> bool:
        if tuple(heads) != COLUMNS:
            self._fault(1, None, f"the first line must be {','.join(COLUMNS)}")
        return tuple(heads) == COLUMNS

    def _row(self, cells: list[str], line: int) -> dict[str, str] | None:
        if len(cells) != len(COLUMNS):
            self._fault(line, None, f"has {len(cells)} cells instead of {len(COLUMNS)}")
            self._name_all(cells)
            return None
        row = dict(zip(COLUMNS, cells, strict=True))
        before = len(self.problems)
        self.places.add((row["province"], row["name"]))
        if (first := self.lines.setdefault(row["code"], line)) != line:
            self._fault(line, "code", f"{row['code']} stands in line {first} already")
            return None
        if row["platform"] and self.platforms is not None and row["platform"] not in self.platforms:
            self._fault(line, "platform", f"{row['platform']!r} is unknown; known: {', '.join(sorted(self.platforms))}")
            return None
        if _SOUND.fullmatch("\n".join(cells)):
            return row
        for column, (shape, rule) in _SHAPES.items():
            if not shape.fullmatch(row[column]):
                self._fault(line, column, f"{row[column]!r} {rule}" if row[column] else f"is empty; it {rule}")
        for entry in filter(None, row["lists"].split(";")):
            name, _, url = entry.partition("=")
            if not name.strip() or not WEB_ADDRESS.fullmatch(url):
                self._fault(line, "lists", f"{entry!r} must be name=http://host/path; several are parted by ;")
        return row if len(self.problems) == before else None

    def _fault(self, line: int | None, column: str | None, what: str) -> None:
        self.problems.append(Problem(self.path.name, line, column, what))


def _site(row: dict[str, str]) -> Site:
    lists = [entry.partition("=") for entry in row["lists"].split(";") if entry]
    sections = tuple(Section(name.strip(), url) for name, _, url in lists)
    kind, name = row["kind"], row["name"]
    return Site(
        code=row["code"],
        name=name,
        kind=kind,
        homepage=row["homepage"],
        short=row["short"],
        pinyin=row["pinyin"],
        province=row["province"] or (name if kind == "province" else None),
        city=row["city"] or (name if kind == "city" else None),
        county=name if kind == "county" else None,
        gb_code=row["code"] if row["code"].isdigit() else None,
        aliases=tuple(filter(None, row["aliases"].split(";"))),
        platform=row["platform"] or None,
        sections=sections,
        domains=domains_of([row["homepage"], *(section.url for section in sections)]),
        status=row["status"],
        access=row["access"] or None,
        edited=row["edited"] or None,
    )


def bare_host(url: str) -> str:
    """The host name of `url` in lower case, without `www.` and its mobile twins."""
    match = _HOST.match(url)
    return match[1].lower() if match else ""


def domains_of(urls: list[str]) -> tuple[str, ...]:
    """The host names of `urls`, each once."""
    return tuple(dict.fromkeys(host for url in urls if (host := bare_host(url))))


# `portal.toml` and `overrides/*.toml` to sites: whoever needs sections or selectors of their own.

_TEXTS = ("name", "kind", "pinyin", "homepage", "platform", "access", "status")
_KEYS = {*_TEXTS, "aliases", "domains", "sections", "templates", "tables", "layouts"}
_KINDS = ("portal", "other")


@dataclass
class TableReader:
    """Reads one TOML file; `problems` has every fault found."""

    path: Path
    platforms: Collection[str] | None = None
    """The platforms that a site may name; None if that is not asked."""
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
