"""Runs and the health of sites, read from the database for the commands that show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.runs.verdict import WORDS

if TYPE_CHECKING:
    from pymongo.database import Database

    from crawler.sites.site import Site

MAX_DAYS = 30
"""Days of a site that are shown."""


@dataclass(frozen=True)
class RunRow:
    """One run as it is shown. All times are aware."""

    id: str
    what: str
    """The spider, and the site of a run of one."""
    started_at: datetime
    finished_at: datetime | None
    state: str
    """Its verdict; `running`; `died` if it ended without a record; `interrupted` if it has no verdict."""
    reasons: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    requests: int = 0


@dataclass(frozen=True)
class HealthRow:
    """A site as it is shown. `days` holds (new articles, worst verdict or None) for each of the last MAX_DAYS days."""

    code: str
    name: str
    region: str
    verdict: str
    reasons: tuple[str, ...]
    since: datetime | None
    ok_at: datetime | None
    run_at: datetime | None
    newest_at: datetime | None
    page: str | None
    totals: dict[str, int]
    days: tuple[tuple[int, str | None], ...]

    @property
    def is_failing(self) -> bool:
        """Whether somebody should look at it."""
        return self.verdict != "ok"

    @property
    def new(self) -> int:
        """New articles of the last 30 days."""
        return sum(new for new, _ in self.days)


def read_runs(
    database: Database[dict[str, Any]],
    now: datetime,
    *,
    sites: Collection[str] | None = None,
    since: datetime | None = None,
    progress_seconds: float,
) -> list[RunRow]:
    """Whole crawls, newest first, or with `sites` the runs of these sites; only those started `since` then.
    `progress_seconds` is the setting RUN_PROGRESS_SECONDS. Raises PyMongoError."""
    fields = {"figures": 0, "sections": 0, "rules": 0, "fields": 0}
    if sites is None:
        found = database["runs"].find({"started_at": {"$gte": since}} if since else {}, fields)
        rows = [row for row in found if row.get("parent") is None]
    else:
        found = database["runs"].find({"site": {"$in": list(sites)}}, fields)
        rows = [row for row in found if since is None or row["started_at"] >= since]
    rows.sort(key=lambda row: row["started_at"], reverse=True)
    # A crawl of thousands of sites writes its own progress more often than that of its sites.
    open_ = {row["parent"] for row in rows if row.get("parent") and row.get("finished_at") is None}
    crawls = {row["_id"]: row for row in database["runs"].find({"_id": {"$in": list(open_)}}, fields)} if open_ else {}
    for row in rows:
        if crawl := crawls.get(row.get("parent")):
            row["progress_at"] = crawl.get("progress_at") or row.get("progress_at")
    return [_run_row(row, now, progress_seconds) for row in rows]


def _run_row(row: dict[str, Any], now: datetime, progress_seconds: float) -> RunRow:
    state = row.get("verdict") or "interrupted"
    if row.get("finished_at") is None:
        seen = row.get("progress_at") or row["started_at"]
        state = "running" if now - seen < timedelta(seconds=3 * progress_seconds + 60) else "died"
    counts = row.get("counts") or {}
    what = f"{row['spider']} {row['name']} {row['site']}" if row.get("site") else row["spider"]
    return RunRow(
        row["_id"],
        what,
        row["started_at"],
        row.get("finished_at"),
        state,
        tuple(row.get("reasons") or ()),
        counts,
        counts.get("downloader/request_count") or sum((row.get("statuses") or {}).values()),
    )


def read_health(
    database: Database[dict[str, Any]], registry: Iterable[Site], today: date, sites: Iterable[str] | None = None
) -> list[HealthRow]:
    """The sites that were ever crawled, or those of `sites` among them, the worst first. `registry` is only needed for
    their regions. Raises PyMongoError."""
    wanted = {} if sites is None else {"_id": {"$in": list(sites)}}
    places = {site.code: " ".join(filter(None, (site.province, site.city))) for site in registry}
    rows = [
        _health_row(row, places.get(row["_id"], ""), today) for row in database["sites"].find(wanted, {"recent": 0})
    ]
    return sorted(rows, key=lambda row: (-WORDS.index(row.verdict), row.code))


def _health_row(row: dict[str, Any], region: str, today: date) -> HealthRow:
    by_day = {day["day"]: (day["new"], day["verdict"]) for day in row.get("days", ())}
    days = [(today - timedelta(days=back)).isoformat() for back in reversed(range(MAX_DAYS))]
    times = {key: row.get(key) for key in ("since", "ok_at", "run_at", "newest_at")}
    return HealthRow(
        code=row["_id"],
        name=row.get("name") or row["_id"],
        region=region,
        verdict=row.get("verdict") or "ok",
        reasons=tuple(row.get("reasons") or ()),
        page=row.get("page"),
        totals=row.get("totals") or {},
        days=tuple(by_day.get(day, (0, None)) for day in days),
        **times,
    )
