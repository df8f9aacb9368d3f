"""`counties.csv` to sites: one row a government. Every fault of the file is found in one reading."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crawler.sites.problems import Problem
from crawler.sites.site import Section, Site

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
    """The names that the column may hold; None where that is not asked."""
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
        """The cells of a line, [] where it is none: no cell spans lines, so that a stray quote spoils its own alone."""
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
