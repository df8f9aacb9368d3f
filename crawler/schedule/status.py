"""What is planned, due, running and done: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from crawler.parsing.date_reading import CST
from crawler.schedule.file import Entry
from crawler.schedule.timing import write_span
from crawler.storage.holder import described

SHOWN = 20


def print_plan(entries: Sequence[Entry]) -> None:
    """What `entries` would run when, from now on: each entry, then the first starts."""
    now = datetime.now(UTC)
    starts = [(entry.timing.next_due(now, site.code), entry, site) for entry in entries for site in entry.sites]
    for entry in entries:
        every, spread = entry.timing.every, write_span(entry.timing.spread)
        often = f"every {write_span(every)}" if every else f"cron {entry.timing.cron}"
        options = "".join(f" {name}={value}" for name, value in entry.arguments.items())
        print(f"{entry.name}: {entry.spider}{options}, {len(entry.sites)} sites, {often}, spread {spread}")
    print(f"\n{len(starts)} crawls; the first:" if starts else "\nnothing to crawl")
    for due, entry, site in sorted(starts, key=lambda start: start[0])[:SHOWN]:
        print(f"  {_time(due)}  {entry.name}  {site.name}")


def print_status(database: Any, *, as_json: bool) -> None:
    """The state of all schedules in `database` (synchronous)."""
    rows = list(database["due"].find({}))
    holders = {row["_id"]: row for row in database["holders"].find({})}
    held = {row["site"]: row for row in database["leases"].find({"holder": {"$in": list(holders)}})}
    now = database.command("hello", codec_options=database.codec_options)["localTime"]
    state = [_state(row, held, holders, now) for row in sorted(rows, key=lambda row: (row["due_at"], row["_id"]))]
    if as_json:
        print(json.dumps({"at": now.isoformat(), "crawls": state}, ensure_ascii=False, indent=1))
        return
    running = [row for row in state if row["state"] == "running"]
    due = [row for row in state if row["state"] == "due"]
    print(f"{len(state)} sites planned, {len(due)} due, {len(running)} running, {len(holders)} processes")
    ended = [row for row in state if row["last"]]
    _section("running", running, lambda row: f"by {row['held_by']}")
    _section("due", due, lambda row: f"since {row['due_at'][:16].replace('T', ' ')}")
    latest = sorted(ended, key=lambda row: row["last"]["ended_at"], reverse=True)
    _section("ended last", latest, _ending)
    waiting = [row for row in state if row["state"] == "waiting"]
    _section("next", waiting, lambda row: row["due_at"][:16].replace("T", " "))


def _ending(row: dict[str, Any]) -> str:
    last = row["last"]
    return f"{last['ended_at'][:16].replace('T', ' ')} {last['verdict'] or 'no verdict'} ({last['outcome']})"


def _section(title: str, rows: Iterable[dict[str, Any]], told: Any) -> None:
    rows = list(rows)
    if not rows:
        return
    print(f"\n{title}:")
    for row in rows[:SHOWN]:
        print(f"  {row['entry']:<12} {row['site']:<8} {told(row)}")
    if len(rows) > SHOWN:
        print(f"  … and {len(rows) - SHOWN} more")


def _state(row: dict[str, Any], held: dict[str, Any], holders: dict[str, Any], now: datetime) -> dict[str, Any]:
    lease = held.get(row["site"])
    # Two entries may name the site; the one that is due is the one that runs.
    running = lease is not None and row["due_at"] <= now
    state = "running" if running else "due" if row["due_at"] <= now else "waiting"
    last = row["last"] and {key: _plain(value) for key, value in row["last"].items()}
    return {
        "schedule": row["schedule"],
        "entry": row["entry"],
        "site": row["site"],
        "state": state,
        "due_at": _plain(row["due_at"]),
        "attempts": row["attempts"],
        "held_by": described(holders[lease["holder"]]) if running and lease else None,
        "last": last,
    }


def _plain(value: Any) -> Any:
    return value.astimezone(CST).isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(CST):%Y-%m-%d %H:%M:%S}"
