"""Lists without an end, and lists that are too long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.bench.faults.ground import SITE, Tried, ground, must
from tests.bench.faults.hostile import HOST, LIST, Hostile, article, listing, sends

# Name, the address of page n, whether each page has new articles, the reason it ends for.
PAGERS: list[tuple[str, Callable[[int], str], bool, str]] = [
    ("endless pager: ever new articles (30 pages allowed)", lambda n: f"{LIST}?page={n}", True, "max_pages"),
    ("endless pager: the same articles under new addresses", lambda n: f"{LIST}?page={n}", False, "same_items"),
    ("endless calendar", lambda n: f"{LIST}?month={2026 + n // 12}-{n % 12 + 1:02}", True, "calendar"),
    ("address that grows with every page", lambda n: f"{LIST}?{'&'.join(['p=1'] * n)}", True, "growing_address"),
    ("site without an end (five seconds allowed)", lambda n: f"{LIST}?page={n}", True, "time"),
]
PATIENCE = {"DOWNLOAD_DELAY": 0, "MAX_LIST_PAGES": 30, "CIRCUIT_BREAKER_ERRORS": 9999}


def endless(base: Path) -> list[Tried]:
    """All of them."""
    return [*(_pager(base, *each) for each in PAGERS), _too_long(base)]


def _pager(base: Path, name: str, address: Callable[[int], str], fresh: bool, reason: str) -> Tried:
    with ground(base, f"endless {reason}") as here, Hostile() as hostile:
        for n in range(40):
            paths = [article(1000 * n + k) for k in range(6)]
            title = f"第{n}页检查" if fresh else "检查"
            hostile.answers[LIST if n == 0 else address(n)] = sends(listing(paths, address(n + 1), title))
        limits = {"MAX_SITE_SECONDS": 5, "DOWNLOAD_DELAY": 0.5} if reason == "time" else {}
        result = here.finish(*SITE, proxy=hostile.address, **{**PATIENCE, **limits})
        with here.articles() as articles:
            run = articles.database["runs"].find_one({"parent": None})
        counts = (run or {}).get("counts", {})
        must(counts.get(f"sections/{reason}") == 1, f"{name}: not noticed: {counts} {result.stderr[-300:]}")
        return Tried(name, 1, f"noticed as {reason} after {counts['lists/pages']} pages")


def _too_long(base: Path) -> Tried:
    """A list page of 3,000 links, and one of them longer than any address of a site."""
    with ground(base, "too long") as here, Hostile() as hostile:
        hostile.answers[LIST] = sends(listing([f"/{'x' * 5000}.html", *(article(n) for n in range(3000))]))
        here.finish(*SITE, proxy=hostile.address, **PATIENCE, **{"CLOSESPIDER_TIMEOUT": 20})
        with here.articles() as articles:
            run = articles.database["runs"].find_one({"parent": None})
        counts = (run or {}).get("counts", {})
        found = (counts.get("links/too_many"), counts.get("links/too_long"))
        must(found == (1001, 1), f"links of {HOST}: {counts}")
        return Tried("3,000 links on a list page, one of 5,000 letters", 1, "1,001 left out and counted")
