"""`/metrics` in the text format of Prometheus: crawls, verdicts, the age of each site, queue, spool and store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from pymongo.database import Database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DAYS = 1


class StoreCollector(Collector):
    """Reads the database at each scrape; nothing is kept between two of them."""

    def __init__(self, database: Database[dict[str, Any]], data: Path) -> None:
        self.database = database
        self.data = data

    def collect(self) -> Iterator[Metric]:
        """The metrics now. Raises PyMongoError."""
        now = datetime.now(UTC)
        articles = GaugeMetricFamily("food_safety_articles", "Stored articles")
        articles.add_metric([], self.database["articles"].estimated_document_count())
        yield articles
        yield from self._sites(now)
        yield from self._runs(now)
        due = GaugeMetricFamily("food_safety_queue_due", "Scheduled site crawls whose time has come")
        due.add_metric([], self.database["due"].count_documents({"due_at": {"$lte": now}}))
        yield due
        spool = GaugeMetricFamily("food_safety_spool_bytes", "Bytes that wait on disk for the database")
        spool.add_metric([], sum(path.stat().st_size for path in self.data.glob("spool/*") if path.is_file()))
        yield spool

    def _sites(self, now: datetime) -> Iterator[Metric]:
        verdicts: Counter[str] = Counter()
        age = GaugeMetricFamily(
            "food_safety_site_lag_seconds", "Seconds since the last crawl of a site", labels=["site"]
        )
        for row in self.database["sites"].find({}, {"verdict": 1, "run_at": 1}):
            verdicts[row.get("verdict") or "ok"] += 1
            if row.get("run_at"):
                age.add_metric([row["_id"]], (now - row["run_at"]).total_seconds())
        sites = GaugeMetricFamily("food_safety_sites", "Sites ever crawled, by their verdict", labels=["verdict"])
        for verdict in ("ok", "degraded", "broken", "blocked"):
            sites.add_metric([verdict], verdicts[verdict])
        yield sites
        yield age

    def _runs(self, now: datetime) -> Iterator[Metric]:
        rows = self.database["runs"].find(
            {"started_at": {"$gte": now - timedelta(days=DAYS)}}, {"parent": 1, "verdict": 1, "finished_at": 1}
        )
        states = Counter(
            row.get("verdict") or ("unfinished" if row.get("finished_at") is None else "interrupted")
            for row in rows
            if row.get("parent") is None
        )
        runs = GaugeMetricFamily("food_safety_crawls_day", "Crawls begun in the last 24 hours", labels=["verdict"])
        for verdict in ("ok", "degraded", "broken", "blocked", "interrupted", "unfinished"):
            runs.add_metric([verdict], states[verdict])
        yield runs


def write_metrics(database: Database[dict[str, Any]], data: Path) -> bytes:
    """The text that Prometheus scrapes. Raises PyMongoError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StoreCollector(database, data))
    return generate_latest(registry)
