"""The state of all schedules as it is shown: what is running, due, done and next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.output import format_count, format_time
from crawler.schedule.file import Entry, write_span
from crawler.storage.leases import describe, is_held

if TYPE_CHECKING:
    from pymongo.database import Database

MAX_SHOWN = 20
"""Lines of a section; the rest is counted."""


@dataclass(frozen=True)
class JobRow:
    """One job as it is shown. All times are aware. `state` is `running`, `due` or `waiting`; `last` describes the crawl
    before: `started_at`, `ended_at`, `outcome`, `verdict`, `run`."""

    schedule: str
    entry: str
    site: str
    state: str
    due_at: datetime
    attempts: int
    held_by: str | None
    last: Mapping[str, Any] | None


@dataclass(frozen=True)
class Status:
    """All jobs, the longest overdue first; how many `processes` crawl; `at` is the time of the database server."""

    at: datetime
    processes: int
    jobs: tuple[JobRow, ...]


def read_status(database: Database[dict[str, Any]]) -> Status:
    """The state of all schedules. Raises PyMongoError."""
    rows = sorted(database["due"].find({}), key=lambda row: (row["due_at"], row["_id"]))
    now = database.command("hello", codec_options=database.codec_options)["localTime"]
    leases = [row for row in database["leases"].find({"owner.id": {"$gt": ""}}) if is_held(row, now)]
    owners = {row["site"]: row["owner"] for row in leases}
    processes = len({owner["id"] for owner in owners.values()})
    return Status(now, processes, tuple(_read_job(row, owners.get(row["site"]), now) for row in rows))


def format_status(status: Status) -> str:
    """For people: a line that counts, then a section each for what is running, due, done and next."""
    running = [job for job in status.jobs if job.state == "running"]
    due = [job for job in status.jobs if job.state == "due"]
    done = sorted((job for job in status.jobs if job.last), key=_ended_at, reverse=True)
    waiting = [job for job in status.jobs if job.state == "waiting"]
    if not status.jobs:
        return "No schedule is planned: start one with scrapy schedule FILE."
    head = f"{format_count(len(status.jobs), 'site')} planned, {len(due)} due, {len(running)} running"
    lines = [f"{head}, {format_count(status.processes, 'process', 'processes')}"]
    lines += _section("Running", running, lambda job: f"by {job.held_by}")
    lines += _section("Due", due, lambda job: f"since {format_time(job.due_at)}")
    lines += _section("Ended last", done, _describe_end)
    lines += _section("Next", waiting, lambda job: format_time(job.due_at))
    return "\n".join(lines)


def format_plan(entries: Sequence[Entry], now: datetime) -> str:
    """What `entries` would run from `now` on: each entry, then the first starts."""
    starts = [(entry.timing.next_due(now, site.code), entry, site) for entry in entries for site in entry.sites]
    lines = []
    for entry in entries:
        every, spread = entry.timing.every, write_span(entry.timing.spread)
        interval = f"every {write_span(every)}" if every else f"cron {entry.timing.cron}"
        options = "".join(f" {name}={value}" for name, value in entry.arguments.items())
        sites = format_count(len(entry.sites), "site")
        lines.append(f"{entry.name}: {entry.spider}{options}, {sites}, {interval}, spread {spread}")
    lines.append(f"\n{format_count(len(starts), 'crawl')}; the first:" if starts else "\nNothing to crawl.")
    for due_at, entry, site in sorted(starts, key=lambda start: start[0])[:MAX_SHOWN]:
        lines.append(f"  {format_time(due_at, seconds=True)}  {entry.name}  {site.name}")
    return "\n".join(lines)


def _section(title: str, jobs: Sequence[JobRow], describe: Callable[[JobRow], str]) -> list[str]:
    if not jobs:
        return []
    lines = [f"  {job.entry:<12} {job.site:<8} {describe(job)}" for job in jobs[:MAX_SHOWN]]
    more = [f"  … and {len(jobs) - MAX_SHOWN} more"] if len(jobs) > MAX_SHOWN else []
    return [f"\n{title}:", *lines, *more]


def _describe_end(job: JobRow) -> str:
    assert job.last is not None
    return f"{format_time(job.last['ended_at'])} {job.last['verdict'] or 'no verdict'} ({job.last['outcome']})"


def _ended_at(job: JobRow) -> datetime:
    assert job.last is not None
    ended: datetime = job.last["ended_at"]
    return ended


def _read_job(row: Mapping[str, Any], owner: Mapping[str, Any] | None, now: datetime) -> JobRow:
    is_due = row["due_at"] <= now
    # Two entries may name the site; the one that is due is the one that runs.
    state = "running" if is_due and owner else "due" if is_due else "waiting"
    return JobRow(
        schedule=row["schedule"],
        entry=row["entry"],
        site=row["site"],
        state=state,
        due_at=row["due_at"],
        attempts=row["attempts"],
        held_by=describe(owner) if owner and state == "running" else None,
        last=row["last"],
    )
