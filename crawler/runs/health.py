"""Runs and the health of sites: read from the database for the commands that show them, and as one static HTML page."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import escape
from importlib.resources import files
from math import log2
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.output import format_time, plain
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


# --- The page: no script, nothing loaded from elsewhere, every text escaped ---

STYLE = """
:root{color-scheme:light dark;--text:#1b1f24;--dim:#59626d;--back:#fff;--line:#e3e6ea;--ok:#2b7a4b;--degraded:#9a6200;
--broken:#c0262d;--blocked:#6a3fb5}
@media(prefers-color-scheme:dark){:root{--text:#e6e8eb;--dim:#9aa3ad;--back:#15181c;--line:#2b3037;--ok:#5cc08a;
--degraded:#e0a93b;--broken:#ff7b7b;--blocked:#b79aff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:80rem;padding:1rem;background:var(--back);color:var(--text);
font:14px/1.45 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.35rem;margin:0}p{margin:.3rem 0;color:var(--dim)}
ul{list-style:none;margin:1rem 0;padding:0}
li{display:grid;grid-template-columns:12rem 8rem 1fr 260px 12rem;gap:.2rem 1rem;align-items:center;
padding:.45rem 0;border-top:1px solid var(--line)}
li>*{min-width:0;overflow-wrap:anywhere}
.name b{display:block;font-weight:600}small{color:var(--dim);font-size:.82rem}
.word{font-weight:600}.word+small{white-space:nowrap}
.spark{display:flex;gap:.6rem;align-items:end}.spark small{white-space:nowrap}
.ok{color:var(--ok)}.degraded{color:var(--degraded)}.broken{color:var(--broken)}
.blocked{color:var(--blocked)}
svg{display:block;width:180px;height:24px}path{fill:none;stroke:currentColor;stroke-width:4}
.base{stroke:var(--line);stroke-width:1}a{color:inherit}
.times{text-align:right;white-space:nowrap}.times small{display:block}
@media(max-width:760px){body{padding:.7rem}
li{grid-template-columns:1fr auto;padding:.6rem 0}.why{grid-column:1/-1}.why:empty{display:none}
.spark{grid-column:1;display:block}.times{grid-column:2}svg{width:150px}}
"""


def render(rows: Sequence[HealthRow], now: datetime) -> str:
    """The page of `rows`, in their order, written at `now`."""
    counts = Counter(row.verdict for row in rows)
    verdicts = ", ".join(f"{counts[word]} {word}" for word in reversed(WORDS) if counts[word]) or "none crawled yet"
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    values = {
        "digest": f"sha256-{digest}",
        "style": STYLE,
        "title": f"{len(rows)} sites",
        "summary": f"{verdicts}; {sum(row.new for row in rows):,} new articles in {MAX_DAYS} days",
        "written": format_time(now),
        "rows": "\n".join(map(_row, rows)),
    }
    template = files("crawler.runs").joinpath("health.html").read_text("utf-8")
    # Names of values stand between two @. The values themselves are not scanned for more of them.
    return "".join(values[part] if number % 2 else part for number, part in enumerate(template.split("@")))


def _row(row: HealthRow) -> str:
    region = f"<small>{_text(row.region)} {_text(row.code)}</small>"
    since = f"<small>since {format_time(row.since)[:10]}</small>" if row.since else ""
    why = _text("; ".join(row.reasons))
    if row.is_failing and (link := _link(row.page)):
        why += f' <a href="{link}" rel="noreferrer noopener">page</a>'
    times = (("run", row.run_at), ("newest", row.newest_at), ("ok", row.ok_at if row.is_failing else None))
    shown = "".join(f"<small>{label} {format_time(time)[:16]}</small>" for label, time in times if time)
    return (
        f'<li><span class="name"><b>{_text(row.name)}</b>{region}</span>'
        f'<span><span class="word {row.verdict}">{row.verdict}</span> {since}</span>'
        f'<span class="why">{why}</span>'
        f'<span class="spark">{_sparkline(row)}<small>{row.new:,} new</small></span>'
        f'<span class="times">{shown}</span></li>'
    )


def _sparkline(row: HealthRow) -> str:
    """A bar for each day, coloured by the worst verdict of the day."""
    paths: dict[str, list[str]] = {}
    for number, (new, verdict) in enumerate(row.days):
        if verdict in WORDS:
            height = 2 if not new else min(22, 4 + 3 * log2(new))
            paths.setdefault(str(verdict), []).append(f"M{6 * number + 3} 23v-{height:.0f}")
    drawn = "".join(f'<path class="{word}" d="{"".join(marks)}"/>' for word, marks in sorted(paths.items()))
    label = f"{row.new} new articles in {MAX_DAYS} days"
    base = '<path class="base" d="M0 23.5h180"/>'
    return f'<svg viewBox="0 0 180 24" role="img" aria-label="{label}">{base}{drawn}</svg>'


def _text(text: str) -> str:
    return escape(plain(text))


def _link(url: str | None) -> str | None:
    """A URL that is safe to follow, escaped for an attribute; None if it is not."""
    return escape(plain(url)) if url and urlsplit(url).scheme in {"http", "https"} else None
