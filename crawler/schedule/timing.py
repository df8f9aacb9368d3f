"""When a site is due: pure functions of a schedule entry, the site and a time. No clock here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from cronsim import CronSim, CronSimError

from crawler.parsing.date_reading import CST

LONGEST_SPREAD = timedelta(hours=1)
"""How far the starts of a cron entry lie apart where the file doesn't say."""
_SHORTEST = timedelta(minutes=1)
_SPAN = re.compile(r"(\d{1,6})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZES = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_ORIGIN = datetime(2000, 1, 1, tzinfo=CST)
_CHECKED = 100


@dataclass(frozen=True)
class Timing:
    """The moments of an entry: those of `cron` (five fields, China Standard Time), or every `every` since midnight of
    2000-01-01 there. Each site comes at its own point of the `spread` that follows a moment."""

    cron: str | None
    every: timedelta | None
    spread: timedelta

    def next_due(self, after: datetime, site: str) -> datetime:
        """When `site` is due first later than `after` (aware). However many moments went by unused, the next one is
        one: missed crawls are made once. In UTC."""
        phase = self.phase(site)
        return (next(self._moments(after - phase)) + phase).astimezone(UTC)

    def phase(self, site: str) -> timedelta:
        """How long after each moment `site` starts: the same for ever, whole seconds from 0 to `spread`, evenly over
        sites."""
        hashed = int.from_bytes(blake2b(site.encode(), digest_size=8).digest(), "big")
        return timedelta(seconds=hashed * self.spread.total_seconds() // 2**64)

    def is_plausible(self, due: datetime, now: datetime, site: str) -> bool:
        """Whether `due` is at most two moments ahead of `now`. One further away was written while the clock was
        wrong, and would keep the site waiting."""
        return due <= self.next_due(self.next_due(now, site), site)

    def _moments(self, after: datetime) -> Iterator[datetime]:
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
    whole of `every`, or for cron an hour, less where its moments lie closer. Raises ValueError with a sentence."""
    if (cron is None) == (every is None):
        raise ValueError('give either every = "6h" or cron = "30 6 * * *"')
    if every is not None:
        gap = read_span(every)
        if gap < _SHORTEST:
            raise ValueError(f"every = {every!r} is less than a minute")
        usual = gap
    else:
        assert cron is not None
        gap = _shortest_gap(cron)
        usual = min(gap, LONGEST_SPREAD)
        every = None
    wide = usual if spread is None else read_span(spread)
    if wide > gap:
        raise ValueError(f"spread = {spread!r} is longer than the time from one start to the next ({gap})")
    return Timing(cron, None if every is None else gap, wide)


def read_span(text: str) -> timedelta:
    """A length of time: `45s`, `20m`, `6h`, `1d`. Raises ValueError with a sentence."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no length of time; write 45s, 20m, 6h or 1d")
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
        raise ValueError(f"cron = {cron!r} is no cron time: {str(error) or 'it never comes'}") from error
    return min(later - earlier for earlier, later in itertools.pairwise(times))
