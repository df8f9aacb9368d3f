"""One row of `counties.csv` written or completed: sorted in, as the generator writes it, all else as it is."""

from __future__ import annotations

import csv
import fcntl
import io
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.parsing.page import Page
from crawler.parsing.urls import canonical_url
from crawler.sites.files import COLUMNS, RowReader, bare_host, domains_of
from crawler.sites.names import place_pinyin, short_name
from crawler.sites.registry import Registry, check
from crawler.sites.site import RegistryError, Section, Site, SiteError, UnknownSite, describe

Row = dict[str, str]


def format_row(row: Mapping[str, str]) -> str:
    """A row as the file has it, with its line end."""
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerow(row)
    return text.getvalue()


def parse_rows(text: str) -> dict[str, Row]:
    """The rows of a file's text by their codes."""
    return {row["code"]: dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))}


def insert_row(text: str, row: Mapping[str, str]) -> str:
    """`text` with `row` in the place of the row with its code, else before the first row with a greater code; words
    come behind the digits of governments."""
    lines = text.splitlines(keepends=True)
    codes = [line.partition(",")[0] for line in lines[1:]]
    if row["code"] in codes:
        at = codes.index(row["code"]) + 1
        return "".join([*lines[:at], format_row(row), *lines[at + 1 :]])
    at = 1 + sum(1 for code in codes if code < row["code"] or not row["code"][0].isdigit())
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines[:at], format_row(row), *lines[at:]])


def write_row(path: Path, row: Mapping[str, str]) -> int:
    """Write `row` into the file at `path` and return its line. The file is replaced whole or not at all, and two
    writers follow each other. Raises RegistryError if the file with the row has faults, OSError if it can't be
    written."""
    with lock_folder(path):
        return write_registry(path, insert_row(path.read_text("utf-8"), row)).lines[row["code"]]


def write_registry(path: Path, text: str) -> RowReader:
    """Replace the file at `path` by `text` and return what was read of it; the caller holds `lock_folder`. Raises
    RegistryError if it has faults, OSError if it can't be written; then the file stays as it was."""
    reader = check_text(text, path.name)
    write_atomically(path, text.encode())
    return reader


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody, whenever the machine stops, finds half of it. Raises OSError."""
    with (
        ExitStack() as unless_whole,
        tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part,
    ):
        unless_whole.callback(os.unlink, part.name)
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
        os.chmod(part.name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(part.name, path)
        unless_whole.pop_all()


def check_text(text: str, name: str) -> RowReader:
    """What is read of `text`, the content of a file called `name`. Raises RegistryError if it has faults."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        copy.write_text(text, "utf-8", newline="")
        reader = RowReader(copy)
        problems = [*check(list(reader.sites()), reader), *reader.problems]
    if problems:
        raise RegistryError(problems)
    return reader


@contextmanager
def lock_folder(path: Path) -> Iterator[None]:
    """Hold the folder of `path`: the file itself is replaced."""
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# Which row of the registry a new address belongs to, and what that row then says.

_SHAPE = re.compile(r"[1-9]\d{5}|[a-z][a-z0-9-]*")


def match_url(url: str, code: str | None, name: str | None, registry: Registry) -> Site | None:
    """The site that a person means to publish at `url`: that of `code` or of the whole `name`, else the one the
    registry has at this address; a site of its own for a code that is new, with `name`. None if only the page can
    tell. Raises SiteError in a sentence that says what to do."""
    if code is not None and not _SHAPE.fullmatch(code):
        raise SiteError(f"--code {code!r} must be the six digits of GB/T 2260, or a word of a to z for other sites")
    owner = registry.by_url(url)
    if owner is not None and owner.kind == "portal":
        raise SiteError(f"{owner.name} is not a row of counties.csv: its sections stand in portal.toml")
    if code is None and name is not None:
        return replace(registry.get(name), homepage=url)
    if code is None:
        return owner
    if owner is not None and owner.code != code and bare_host(owner.homepage) == bare_host(url):
        raise SiteError(f"{url} is the site of {describe(owner)} already; leave --code out to complete its row")
    try:
        return _with_homepage(registry.get(code), url)
    except UnknownSite:
        if name is None:
            raise SiteError(f"no row of the registry has the code {code}: give --name as well, the full name") from None
    return _new_site(url, code, name, registry)


def match_page(page: Page, registry: Registry) -> Site | None:
    """The site whose home page `page` is by its own marks: the code in SiteIDCode, or the name in SiteName."""
    stated = page.meta.get("siteidcode", "")[:6]
    if stated.isdigit() and len(stated) == 6:
        try:
            return _with_homepage(registry.get(stated), page.url)
        except SiteError:
            return None
    named = registry.by_source(page.meta.get("sitename", ""))
    return _with_homepage(named, page.url) if named else None


@dataclass(frozen=True)
class SiteVisit:
    """What a visit saw of a site: its day (2026-11-27), the home page's address as `asked` for and as it answered, the
    sections found, the addresses of lists that are `gone`, and the platform, None where unknown."""

    day: str
    asked: str
    homepage: str
    sections: Sequence[Section]
    gone: Sequence[str] = ()
    platform: str | None = None


def complete_row(site: Site, present: Mapping[str, str] | None, seen: SiteVisit) -> Row:
    """The row of `site` as it is to be: `present` completed, or a new one. Its lists are those it has but for those
    that are gone, and then those found; where that changes anything, the row is `edited` on the day of the visit."""
    row = dict(present) if present else _new_row(site)
    lost = {canonical_url(url) for url in seen.gone}
    listed = [entry for entry in row["lists"].split(";") if entry]
    kept = [entry for entry in listed if canonical_url(entry.partition("=")[2]) not in lost]
    known = {canonical_url(entry.partition("=")[2]) for entry in kept}
    added = [f"{_section_name(one.name)}={one.url}" for one in seen.sections if canonical_url(one.url) not in known]
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


def _with_homepage(site: Site, url: str) -> Site:
    """`site` with its home page at `url`."""
    if bare_host(site.homepage) == bare_host(url):
        return site
    return replace(site, homepage=url, domains=(*site.domains, *domains_of([url])))


def _new_site(url: str, code: str, name: str, registry: Registry) -> Site:
    """A site that has no row yet. Raises SiteError if the places above it have none."""
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


def _new_row(site: Site) -> Row:
    row = dict.fromkeys(COLUMNS, "")
    row |= {"code": site.code, "kind": site.kind, "name": site.name, "short": site.short, "pinyin": site.pinyin}
    row |= {"province": site.province or "", "city": (site.city or "") if site.kind == "county" else ""}
    return row | {"homepage": site.homepage, "status": "listed"}


def _section_name(name: str) -> str:
    return re.sub(r"[\s=;,]", "", name) or "要闻"
