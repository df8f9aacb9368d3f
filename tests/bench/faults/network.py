"""Hosts that fail in every way a host can, each between sound articles of the same site."""

from __future__ import annotations

import socket
from pathlib import Path

from crawler.parsing.urls import article_id, canonical_url
from tests.bench.faults.ground import SITE, Tried, ground, must
from tests.bench.faults.hostile import (
    BODY,
    HOST,
    LIST,
    Answer,
    Hostile,
    article,
    closes_midway,
    hangs,
    listing,
    page,
    resets,
    sends,
    trickles,
)

FAULTS: dict[str, Answer] = {
    "host that hangs": hangs,
    "host that trickles a byte a second": trickles,
    "host that closes midway": closes_midway,
    "connection reset": resets,
    "answers 503": sends(b"busy", 503),
}


def network(base: Path) -> list[Tried]:
    """All of them, three times each."""
    rows = [_row(base, name, fault) for name, fault in FAULTS.items()]
    return [*rows, _unreachable(base, "DNS failure", "http://no-such-host.invalid/a.html"), _refused(base)]


def _row(base: Path, name: str, fault: Answer) -> Tried:
    with ground(base, name) as here, Hostile() as hostile:
        sound, bad = [article(n) for n in range(10)], [article(100 + n) for n in range(3)]
        hostile.answers |= {path: sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n, path in enumerate(sound)}
        hostile.answers |= dict.fromkeys(bad, fault)
        hostile.answers[LIST] = sends(listing([*sound[:5], *bad, *sound[5:]]))
        patience = {
            "DOWNLOAD_TIMEOUT": 3,
            "RETRY_TIMES": 1,
            "CIRCUIT_BREAKER_TIMEOUTS": 1000,
            "CIRCUIT_BREAKER_ERRORS": 1000,
        }
        first = here.finish(*SITE, proxy=hostile.address, DOWNLOAD_DELAY=0, **patience)
        must("Traceback" not in first.stderr, f"{name}: a traceback: {first.stderr[-800:]}")
        must(here.stored() == _ids(sound), f"{name}: not the sound articles are stored: {first.stderr[-500:]}")
        must(set(bad) <= set(hostile.asked), f"{name}: a bad page was not asked for")
        with here.articles() as articles:
            rejected = {row["url"]: row["reason"] for row in articles.database["rejects"].find({})}
        must(set(rejected) == {f"http://{HOST}{path}" for path in bad}, f"{name}: rejected {rejected}")
        # The host is well again: what failed is asked for by the next crawl, not in a week.
        hostile.answers |= {path: sends(page(f"补发第{n}号", f"补{n}{BODY}")) for n, path in enumerate(bad)}
        here.finish(*SITE, proxy=hostile.address, DOWNLOAD_DELAY=0, **patience)
        lost = _ids([*sound, *bad]) - here.stored()
        outcome = f"{', '.join(sorted(set(rejected.values())))}; the others stored; fetched by the next crawl"
        return Tried(name, len(bad), outcome, [f"{len(lost)} articles"] if lost else [])


def _ids(paths: list[str]) -> set[str]:
    return {article_id(canonical_url(f"http://{HOST}{path}")) for path in paths}


def _unreachable(base: Path, name: str, url: str, **settings: object) -> Tried:
    with ground(base, name) as here:
        result = here.finish("page", "-a", f"url={url}", proxy=None, RETRY_TIMES=1, **settings)
        must(result.returncode == 1, f"{name}: exit status {result.returncode}")
        must("Traceback" not in result.stderr, f"{name}: a traceback: {result.stderr[-800:]}")
        with here.articles() as articles:
            reasons = [row["reason"] for row in articles.database["rejects"].find({})]
        return Tried(name, 1, f"{', '.join(reasons)}; exit status 1, one sentence")


def _refused(base: Path) -> Tried:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    address = f"127.0.0.1:{port}"
    return _unreachable(base, "connection refused", f"http://{address}/a.html", GUARD_ALLOWED=address)
