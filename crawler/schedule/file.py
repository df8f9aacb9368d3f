"""The schedule file: which sites are crawled when. Every fault of it is told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crawler.schedule.timing import Timing, read_span, read_timing
from crawler.sites.problems import Problem, SiteError
from crawler.sites.registry import Registry
from crawler.sites.site import Site
from crawler.spiders.arguments import CrawlArguments, SiteArguments, explain

DEFAULT_LIMIT = timedelta(hours=2)
_KEYS = ("site", "spider", "every", "cron", "spread", "time_limit", "arguments")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MODELS: dict[str, type[CrawlArguments]] = {"cfsn": CrawlArguments, "county": SiteArguments}


class ScheduleError(Exception):
    """The schedule file can't be used; `problems` has every fault, the message a line for each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True)
class Entry:
    """One entry of the file: `sites` are crawled by `spider` with `arguments` (as `-a` gives them), each in a crawl of
    its own that takes at most `time_limit`."""

    name: str
    spider: str
    sites: tuple[Site, ...]
    arguments: dict[str, str]
    timing: Timing
    time_limit: timedelta

    def arguments_for(self, site: Site) -> dict[str, str]:
        """The spider arguments of one site's crawl."""
        return {**self.arguments, "site": site.code} if self.spider == "county" else dict(self.arguments)


@dataclass
class _Reader:
    file: str
    text: str
    registry: Registry
    problems: list[Problem] = field(default_factory=list)

    def entries(self) -> Iterator[Entry]:
        try:
            tables = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            self.fault(None, None, f"is no TOML: {error}")
            return
        for name, table in tables.items():
            if not isinstance(table, dict):
                self.fault(None, name, f"stands outside of an entry; begin with a line [{name}-sites] or the like")
            elif not _NAME.fullmatch(name):
                self.fault(name, None, f"the name {name!r} may have letters a to z, digits, - and _ only")
            elif entry := self._entry(name, table):
                yield entry
        if not tables:
            self.fault(None, None, "has no entry; see crawler/deploy/schedule.toml for an example")

    def _entry(self, name: str, table: dict[str, Any]) -> Entry | None:
        before = len(self.problems)
        for key in table.keys() - set(_KEYS):
            self.fault(name, key, f"is no key of an entry; known: {', '.join(_KEYS)}")
        texts = {key: self._text(name, table, key) for key in ("spider", "every", "cron", "spread", "time_limit")}
        spider = texts["spider"] or "county"
        if spider not in _MODELS:
            self.fault(name, "spider", f"{spider!r} can't be scheduled; name one of {', '.join(_MODELS)}")
            return None
        sites = self._sites(name, spider, table)
        arguments = self._arguments(name, spider, table)
        timing = None
        try:
            timing = read_timing(texts["cron"], texts["every"], texts["spread"])
        except ValueError as error:
            self.fault(name, None, str(error))
        limit = DEFAULT_LIMIT
        try:
            limit = read_span(texts["time_limit"]) if texts["time_limit"] else DEFAULT_LIMIT
        except ValueError as error:
            self.fault(name, "time_limit", str(error))
        if timing is None or len(self.problems) > before:
            return None
        return Entry(name, spider, sites, arguments, timing, limit)

    def _text(self, name: str, table: dict[str, Any], key: str) -> str | None:
        value = table.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            self.fault(name, key, f"{value!r} must be a text in quotes")
            return None
        return value

    def _sites(self, name: str, spider: str, table: dict[str, Any]) -> tuple[Site, ...]:
        terms = table.get("site", [] if spider == "county" else ["cfsn"])
        terms = [terms] if isinstance(terms, str) else terms
        if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms) or not terms:
            self.fault(
                name, "site", 'name a site, region or platform, several in a list: ["qingtian", "浙江"], or "all"'
            )
            return ()
        if spider != "county" and "site" in table:
            self.fault(name, "site", f"the spider {spider} knows its site; leave this out")
        found: dict[str, Site] = {}
        for term in terms:
            try:
                found.update({site.code: site for site in self.registry.find(term)})
            except SiteError as error:
                self.fault(name, "site", str(error))
        return tuple(found.values())

    def _arguments(self, name: str, spider: str, table: dict[str, Any]) -> dict[str, str]:
        given = table.get("arguments", {})
        if not isinstance(given, dict) or not all(isinstance(value, str | int) for value in given.values()):
            self.fault(name, "arguments", 'must be a table of texts: {since = "7d"}')
            return {}
        arguments = {key: ("1" if value is True else str(value)) for key, value in given.items() if value is not False}
        model = _MODELS[spider]
        if "site" in arguments:
            self.fault(name, "arguments", "site stands beside arguments, not in them")
            return {}
        try:
            model.model_validate({**arguments, **({"site": "0"} if spider == "county" else {})})
        except ValidationError as error:
            for line in explain(error, spider, model).splitlines():
                self.fault(name, "arguments", line)
        return arguments

    def fault(self, entry: str | None, key: str | None, what: str) -> None:
        place = ".".join(part for part in (entry, key) if part) or None
        self.problems.append(Problem(self.file, self._line(entry, key), place, what))

    def _line(self, entry: str | None, key: str | None) -> int | None:
        """The line of a key, or else of its entry's head."""
        head, inside = None, entry is None
        for number, line in enumerate(self.text.splitlines(), 1):
            if found := re.match(r"\s*\[\s*([^\].]+?)\s*[\].]", line):
                inside = entry is not None and found[1].strip("\"'") == entry
                head = head or (number if inside else None)
            if inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
                return number
        return head


def read_schedule(path: Path, registry: Registry) -> list[Entry]:
    """The entries of the schedule file at `path`. Raises ScheduleError with every fault."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise ScheduleError([Problem(str(path), None, None, f"can't be read: {why}")]) from error
    except UnicodeDecodeError as error:
        raise ScheduleError([Problem(str(path), None, None, "is not UTF-8; save it as UTF-8")]) from error
    reader = _Reader(str(path), text, registry)
    entries = list(reader.entries())
    if reader.problems:
        raise ScheduleError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return entries
