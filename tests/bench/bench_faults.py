"""The table of faults and attacks tried, how often, and what was lost: `python -m tests.bench.bench_faults`.

Each fault is real, against the replica of the sites and the embedded store; nothing leaves the machine. Prints Markdown
as it goes; exit status 1 where something was lost. `--kills 3 --away 5` takes a fraction of the time of the whole.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.faults.attacks import attacks
from tests.bench.faults.credentials import credentials
from tests.bench.faults.ground import Failed, Tried
from tests.bench.faults.kills import kills
from tests.bench.faults.machine import machine
from tests.bench.faults.network import network
from tests.bench.faults.rebinding import rebinding
from tests.bench.faults.store import away

Scenario = tuple[str, Callable[[], list[Tried]]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="kills of each kind; default 30")
    parser.add_argument("--away", type=float, default=60.0, help="seconds for which the store is away; default 60")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only scenarios with this word in their name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        base = Path(folder)
        scenarios: list[Scenario] = [
            ("attacks", lambda: attacks(base)),
            ("rebinding", lambda: rebinding(base)),
            ("credentials", lambda: credentials(base)),
            ("network", lambda: network(base)),
            ("machine", lambda: machine(base)),
            ("store", lambda: away(base, options.away)),
            *(
                (f"kills {what}", lambda what=what: [kills(base, what, options.kills, options.seed)])  # type: ignore[misc]
                for what in ("crawler", "store", "both")
            ),
        ]
        print("| fault or attack | times | how it ended | lost |\n|---|--:|---|---|", flush=True)
        began, lost = time.monotonic(), 0
        for name, scenario in scenarios:
            if options.only in name:
                lost += _run(name, scenario)
    print(f"\n{time.monotonic() - began:.0f} s")
    return 1 if lost else 0


def _run(name: str, scenario: Callable[[], list[Tried]]) -> int:
    """Print the rows of a scenario; how many lost something."""
    try:
        rows = scenario()
    except Failed as failure:
        rows = [Tried(name, 1, "not as it must", [str(failure)])]
    for row in rows:
        print(f"| {row.what} | {row.times} | {row.outcome} | {'; '.join(row.lost) or 'nothing'} |", flush=True)
    return sum(bool(row.lost) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
