"""The schedule file: which sites are crawled when. All its faults are reported together."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cronsim import CronSim, CronSimError
from pydantic import ValidationError

from crawler.errors import CrawlerError
from crawler.parsing.date_forms import CST
from crawler.sites.registry import Registry
from crawler.sites.site import Problem, Site, SiteError
from crawler.spiders.arguments import CrawlArguments, SiteArguments, explain

DEFAULT_SPREAD = timedelta(hours=1)
"""Over how long the starts of a cron entry are spread, if the file doesn't say."""
MIN_INTERVAL = timedelta(minutes=1)
_SPAN = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZES = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_ORIGIN = datetime(2000, 1, 1, tzinfo=CST)
_CHECKED = 100


@dataclass(frozen=True)
class Timing:
    """The times of an entry: those of `cron` (five fields, China Standard Time), or one each `every` since midnight of
    2000-01-01 there. Each site starts at its own point of the `spread` that follows such a time."""

    cron: str | None
    every: timedelta | None
    spread: timedelta

    def next_due(self, after: datetime, site: str) -> datetime:
        """The first time in UTC after `after` (aware) at which `site` is due. However many times were missed, they are
        made up for by one crawl."""
        phase = self.phase(site)
        return (next(self._times(after - phase)) + phase).astimezone(UTC)

    def phase(self, site: str) -> timedelta:
        """How long after each time of the entry `site` starts: always the same, whole seconds from 0 to `spread`,
        evenly distributed over the sites."""
        hashed = int.from_bytes(blake2b(site.encode(), digest_size=8).digest(), "big")
        return timedelta(seconds=hashed * self.spread.total_seconds() // 2**64)

    def is_plausible(self, due: datetime, now: datetime, site: str) -> bool:
        """Whether `due` is at most two times ahead of `now`. One further ahead was written while the clock was wrong,
        and would keep the site waiting."""
        return due <= self.next_due(self.next_due(now, site), site)

    def _times(self, after: datetime) -> Iterator[datetime]:
        if self.cron is not None:
            yield from CronSim(self.cron, after.astimezone(CST))
            return
        assert self.every is not None
        count = (after - _ORIGIN) // self.every + 1
        while True:
            yield _ORIGIN + count * self.every
            count += 1


def read_timing(cron: str | None, every: str | None, spread: str | None) -> Timing:
    """The timing that a schedule file describes: `cron` or `every` (`90m`, `6h`, `1d`), and `spread`, by default the
    whole of `every`, or for cron an hour or less if its times are closer. Raises ValueError with a sentence."""
    if (cron is None) == (every is None):
        raise ValueError('give either every = "6h" or cron = "30 6 * * *"')
    if every is not None:
        gap = read_span(every)
        if gap < MIN_INTERVAL:
            raise ValueError(f"every = {every!r} is less than a minute")
        usual = gap
    else:
        assert cron is not None
        gap = _shortest_gap(cron)
        usual = min(gap, DEFAULT_SPREAD)
        every = None
    wide = usual if spread is None else read_span(spread)
    if wide > gap:
        raise ValueError(f"spread = {spread!r} is longer than the time from one start to the next ({gap})")
    return Timing(cron, None if every is None else gap, wide)


def read_span(text: str) -> timedelta:
    """A length of time: `45s`, `20m`, `6h`, `1d`. Raises ValueError with a sentence."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a length of time; write 45s, 20m, 6h or 1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def write_span(span: timedelta) -> str:
    """What `read_span` reads: `1d`, `90m`."""
    seconds = int(span.total_seconds())
    unit, size = next((unit, size) for unit, size in _SIZES.items() if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _shortest_gap(cron: str) -> timedelta:
    if len(cron.split()) != 5:
        raise ValueError(f"cron = {cron!r} must have five fields: minute, hour, day, month, weekday")
    try:
        moments = CronSim(cron, _ORIGIN)
        times = [next(moments) for _ in range(_CHECKED)]
    except (CronSimError, StopIteration) as error:
        raise ValueError(
            f"cron = {cron!r} is not a valid cron expression: {str(error) or 'it never occurs'}"
        ) from error
    return min(later - earlier for earlier, later in itertools.pairwise(times))


DEFAULT_TIME_LIMIT = timedelta(hours=2)
_KEYS = ("site", "spider", "every", "cron", "spread", "time_limit", "arguments")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MODELS: dict[str, type[CrawlArguments]] = {"cfsn": CrawlArguments, "county": SiteArguments}


class ScheduleError(CrawlerError):
    """The schedule file can't be used; `problems` has every fault, the message has a line for each."""

    exit_status = 2

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
            self.fault(None, None, f"is not valid TOML: {error}")
            return
        for name, table in tables.items():
            if not isinstance(table, dict):
                self.fault(None, name, f"is outside of an entry; begin with a line [{name}-sites] or the like")
            elif not _NAME.fullmatch(name):
                self.fault(name, None, f"the name {name!r} may have letters a to z, digits, - and _ only")
            elif entry := self._entry(name, table):
                yield entry
        if not tables:
            self.fault(None, None, "has no entry; see crawler/deploy/schedule.toml for an example")

    def _entry(self, name: str, table: dict[str, Any]) -> Entry | None:
        before = len(self.problems)
        for key in table.keys() - set(_KEYS):
            self.fault(name, key, f"is not a key of an entry; known keys: {', '.join(_KEYS)}")
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
        limit = DEFAULT_TIME_LIMIT
        try:
            limit = read_span(texts["time_limit"]) if texts["time_limit"] else DEFAULT_TIME_LIMIT
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
            self.fault(name, "arguments", "site is a key of the entry itself, not of its arguments")
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
        text = path.read_text("utf-8-sig")
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
