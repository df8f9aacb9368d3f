"""Hosts that fail in every way a host can, each between sound articles of the same site."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.bench.faults.ground import SITE, Tried, ground, must
from tests.bench.faults.hostile import (
    BODY,
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
        patience = {"DOWNLOAD_TIMEOUT": 3, "RETRY_TIMES": 1, "GIVE_UP_SILENT": 1000, "GIVE_UP_ERRORS": 1000}
        first = here.finish(*SITE, REPLICA=hostile.address, DOWNLOAD_DELAY=0, **patience)
        must("Traceback" not in first.stderr, f"{name}: a traceback: {first.stderr[-800:]}")
        stored = len(here.stored())
        must(stored == len(sound), f"{name}: {stored} of {len(sound)} sound articles stored")
        # The host is well again: what failed is asked for by the next crawl, not in a week.
        hostile.answers |= {path: sends(page(f"补发第{n}号", f"补{n}{BODY}")) for n, path in enumerate(bad)}
        here.finish(*SITE, REPLICA=hostile.address, DOWNLOAD_DELAY=0, **patience)
        lost = len(sound) + len(bad) - len(here.stored())
        return Tried(name, 3, "the others stored; fetched by the next crawl", [f"{lost} articles"] if lost else [])


def _unreachable(base: Path, name: str, url: str, **settings: object) -> Tried:
    with ground(base, name) as here:
        result = here.finish("page", "-a", f"url={url}", REPLICA=None, RETRY_TIMES=1, **settings)
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
